"""Which checkpoint of a run is taken to be used."""

from pathlib import Path

import pytest
import torch

from denoisectl.errors import ModelError, TrainingError
from denoisectl_training.fit.state import TrainingState
from denoisectl_training.recipes import parse_recipe
from denoisectl_training.records.checkpoint import load_checkpoint, save_checkpoint
from denoisectl_training.records.run_folder import RunFolder
from denoisectl_training.weights.trained import load_weights

RECIPE = parse_recipe(
    {
        "name": "toy",
        "model": {"architecture": "small", "widths": [2, 4], "colour": "rgb"},
        "corruption": [{"kind": "gaussian"}],
    },
    origin="toy",
)


def write(path: Path, step: int) -> None:
    state = TrainingState.start(RECIPE, torch.device("cpu"), "float32").to_checkpoint()
    save_checkpoint(path, {**state, "step": step})


def test_a_run_is_taken_at_its_best(tmp_path: Path) -> None:
    write(tmp_path / "best.pt", 2)
    write(tmp_path / "last.pt", 3)
    assert load_weights(tmp_path).images_seen == 2 * 16
    assert load_weights(tmp_path / "last.pt").images_seen == 3 * 16


def test_images_of_the_runs_before_are_counted(tmp_path: Path) -> None:
    state = TrainingState.start(RECIPE, torch.device("cpu"), "float32", images_before=1_000).to_checkpoint()
    save_checkpoint(tmp_path / "last.pt", {**state, "step": 3})
    assert load_weights(tmp_path).images_seen == 1_000 + 3 * 16


def test_a_name_that_is_nothing_lists_the_shipped_models() -> None:
    with pytest.raises(ModelError, match=r"phto: no run, .* no shipped model's name \(photo, "):
        load_weights(Path("phto"))


def test_a_run_that_held_nothing_out_is_taken_at_its_end(tmp_path: Path) -> None:
    write(tmp_path / "last.pt", 3)
    assert load_weights(tmp_path).images_seen == 3 * 16


def test_a_damaged_checkpoint_is_told_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "last.pt").write_bytes(b"no checkpoint")
    with pytest.raises(TrainingError, match=r"last\.pt: not a denoisectl checkpoint, or damaged") as caught:
        load_checkpoint(tmp_path / "last.pt")
    assert "PyTorch" not in str(caught.value) and "Weights only" in str(caught.value.__cause__)


def test_bytes_that_upset_the_unpickler_are_a_damaged_checkpoint_too(tmp_path: Path) -> None:
    (tmp_path / "last.pt").write_bytes(b"bad\n")  # an IndexError inside torch
    with pytest.raises(TrainingError, match="or damaged"):
        load_checkpoint(tmp_path / "last.pt")


def test_a_damaged_run_json_is_named(tmp_path: Path) -> None:
    for text in ('{"recipe": {', "[]", "{}"):
        (tmp_path / "run.json").write_text(text)
        with pytest.raises(TrainingError, match=r"run\.json is damaged \(.*\); start a new run"):
            RunFolder(tmp_path).recipe()
