"""The scripts that make and describe the models that ship: means of weights, scores of a card."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import torch

from denoisectl.errors import ConfigError
from denoisectl_training.fit.state import TrainingState
from denoisectl_training.recipes import parse_recipe
from denoisectl_training.records.checkpoint import save_checkpoint
from denoisectl_training.weights.trained import load_weights
from tests.conftest import ROOT, benchmark


def _checkpoint(path: Path, seed: int, widths: tuple[int, ...] = (4, 8)) -> Path:
    """A network before its first step."""
    model = {"architecture": "small", "widths": list(widths), "colour": "rgb"}
    told = {"name": "toy", "model": model, "training": {"seed": seed}, "corruption": [{"kind": "clean"}]}
    recipe = parse_recipe(told, origin="toy")
    save_checkpoint(path, TrainingState.start(recipe, torch.device("cpu"), "float32").to_checkpoint())
    return path


def test_the_mean_of_three_networks_weighs_each_alike(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs, mean = [_checkpoint(tmp_path / f"{seed}.pt", seed) for seed in range(3)], tmp_path / "mean.pt"
    monkeypatch.setattr("sys.argv", ["mean_of_weights.py", *map(str, runs), "--out", str(mean)])
    benchmark("mean_of_weights").main()
    each = [load_weights(run).weights for run in runs]
    for name, found in load_weights(mean).weights.items():
        if found.is_floating_point():
            torch.testing.assert_close(found, (each[0][name] + each[1][name] + each[2][name]) / 3)
    assert any((each[0][name] != each[1][name]).any() for name in each[0]), "or a copy would pass"


def test_networks_of_other_shapes_have_no_mean(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    runs = [_checkpoint(tmp_path / "a.pt", 0), _checkpoint(tmp_path / "b.pt", 0, widths=(4, 16))]
    monkeypatch.setattr("sys.argv", ["mean_of_weights.py", *map(str, runs), "--out", str(tmp_path / "c.pt")])
    with pytest.raises(ConfigError, match=r"b\.pt"):
        benchmark("mean_of_weights").main()
    assert not (tmp_path / "c.pt").exists()


def test_scores_are_tables_of_a_card() -> None:
    script = benchmark("model_scores")
    measured = (("input", 20.444, 0.3), ("filter", 1.0, 1.0), ("model", 31.656, 0.87654))
    found = {
        "candidates": [
            {
                "kind": kind,
                "psnr": {"sigma 25": {"mean": psnr}, "mean": {"mean": 0.0}},
                "ssim": {"sigma 25": {"mean": ssim}, "mean": {"mean": 0.0}},
            }
            for kind, psnr, ssim in measured
        ]
    }
    measurement = next(each for each in script.MEASUREMENTS if "25" in each.options)
    text = "\n".join(script.scores(measurement, found, "photo"))
    command = "denoisectl eval kodak24 --model photo --protocol literature --sigma 25"
    common = {"set": "kodak24", "condition": "sigma 25", "command": command}
    assert tomllib.loads(text)["scores"] == [
        {**common, "metric": "psnr", "input": 20.44, "value": 31.66},
        {**common, "metric": "ssim", "input": 0.3, "value": 0.8765},
    ]


def test_experiments_begin_what_is_missing_and_go_on_with_what_was_stopped(
    tmp_path: Path, cli_env: dict[str, str]
) -> None:
    for name, last in (("stopped", 5), ("done", 8), ("diverged", 5)):
        record = {"images": last, "diverged": True} if name == "diverged" else {"images": last, "loss": 1.0}
        told = {"name": name, "training": {"images": 8}, "corruption": [{"kind": "clean"}]}
        (tmp_path / name).mkdir()
        (tmp_path / name / "run.json").write_text(json.dumps({"recipe": told, "data_digest": ""}))
        (tmp_path / name / "log.jsonl").write_text(json.dumps(record) + "\n")
        (tmp_path / name / "last.pt").touch()
    for command, does in (("denoisectl", "echo"), ("python", f"exec '{sys.executable}'")):
        (tmp_path / command).write_text(f'#!/bin/sh\n{does} "$@"\n')
        (tmp_path / command).chmod(0o755)
    path = {"PATH": os.pathsep.join([str(tmp_path), os.environ["PATH"]])}
    script = [
        "sh",
        ROOT / "benchmarks/experiments.sh",
        "photos",
        tmp_path,
        "new",
        "stopped",
        "done",
        "diverged",
    ]
    ended = subprocess.run(script, env=cli_env | path, capture_output=True, text=True, check=True)
    assert ended.stdout.splitlines() == [
        f"train photos --recipe new --runs {tmp_path} --device cpu",
        f"train photos --resume {tmp_path / 'stopped'}",
    ]
