"""The whole path by hand: train, stop, resume, export, run; each command in a process of its own."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import cv2
import pytest
import skimage.data

from tests.conftest import Cli

TINY = (
    "--set", "model.widths=[4,8]", "--set", "data.crop=32", "--set", "data.validation_photos=1",
    "--set", "training.batch=4", "--set", "training.log_every=16", "--set", "training.precision=float32",
)  # fmt: skip


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("photos")
    cv2.imwrite(str(folder / "astronaut.png"), skimage.data.astronaut()[:160, :160, ::-1])
    cv2.imwrite(str(folder / "coffee.png"), skimage.data.coffee()[:160, :160, ::-1])
    return folder


def test_train_export_and_run(cli: Cli, photos: Path, tmp_path: Path) -> None:
    trained = cli("train", photos, "--recipe", "small", *TINY, "--set", "training.images=64", cwd=tmp_path)
    assert trained.returncode == 0, trained.stderr
    assert trained.stdout == b""
    assert b"64 of 64 images seen" in trained.stderr
    exported = cli("export", "runs/book-small", "--out", "small.onnx", cwd=tmp_path)
    assert exported.returncode == 0, exported.stderr
    assert b"denoisectl run PHOTOS --model small.onnx" in exported.stderr
    card = cli("models", "small.onnx", "--json", cwd=tmp_path)
    assert json.loads(card.stdout)["images_seen"] == 64
    ran = cli("run", photos, "--model", "small.onnx", "--out", "clean", cwd=tmp_path)
    assert ran.returncode == 0, ran.stderr
    assert sorted(path.name for path in (tmp_path / "clean").glob("*.png")) == ["astronaut.png", "coffee.png"]
    again = cli("export", "runs/book-small", "--out", "small.onnx", cwd=tmp_path)
    assert again.returncode == 2 and b"--overwrite" in again.stderr


def test_a_terminated_run_is_checkpointed_and_resumes(
    cli_env: dict[str, str], photos: Path, tmp_path: Path
) -> None:
    log = tmp_path / "runs" / "book-small" / "log.jsonl"
    train = [sys.executable, "-m", "denoisectl", "train", str(photos)]

    def until_it_has_logged(*arguments: str) -> bytes:
        """Start, wait for a record more than there is, terminate; what it told."""
        before = log.stat().st_size if log.exists() else 0
        process = subprocess.Popen([*train, *arguments], cwd=tmp_path, env=cli_env, stderr=subprocess.PIPE)
        deadline = time.monotonic() + 120
        while not log.exists() or log.stat().st_size <= before:
            assert time.monotonic() < deadline and process.poll() is None
            time.sleep(0.05)
        process.send_signal(signal.SIGTERM)
        _, told = process.communicate(timeout=60)
        assert process.returncode == 143
        return told

    told = until_it_has_logged("--recipe", "small", *TINY, "--set", "training.images=1000000")
    assert b"--resume runs/book-small" in told
    seen = json.loads(log.read_text().splitlines()[-1])["images"]
    until_it_has_logged("--resume", "runs/book-small")
    records = [json.loads(line)["images"] for line in log.read_text().splitlines()]
    assert records[-1] > seen and len(records) == len(set(records))


@pytest.mark.parametrize(
    ("code", "arguments", "message"),
    [
        (2, ["train"], "no folder of photos given"),
        (2, ["train", "gone"], "gone: no such folder"),
        (1, ["train", "PHOTOS", "--set", "data.validation_photos=2"], "none left to train on"),
        (3, ["train", "PHOTOS", "--device", "cuda:7"], "--device cuda:7"),
        (2, ["train", "PHOTOS", "--device", "gpu"], "--device gpu: no such device; give auto"),
        (2, ["train", "PHOTOS", "--device", "meta"], "--device meta: no such device; give auto"),
        (
            1,
            ["train", "PHOTOS", "--set", "data.crop=100000000"],
            "not enough memory for a step of this training",
        ),
        (2, ["train", "PHOTOS", "--recipe", "skp"], "no recipe named 'skp'"),
        (2, ["train", "PHOTOS", "--set", "optimizer.lrr=1"], "did you mean optimizer.lr?"),
        (2, ["train", "PHOTOS", "--max-time", "soon"], "soon: expected a duration"),
        (2, ["train", "PHOTOS", "--resume", "gone"], "not the folder of a training run"),
        (2, ["train", "PHOTOS", "--resume", "gone", "--set", "training.batch=2"], "leave out --set"),
        (4, ["export", "gone", "--out", "x.onnx"], "no run, checkpoint or model there"),
        (2, ["export", "PHOTOS", "--out", "x.pt"], "ends in .onnx"),
        (4, ["export", "a.onnx", "--out", "x.onnx"], "no model file at a.onnx"),
        (2, ["export", "PHOTOS", "--out", "gone/x.onnx"], "the folder gone does not exist"),
        (2, ["export", "PHOTOS", "--out", "x.onnx", "--card", "gone.toml"], "gone.toml does not exist"),
    ],
)
def test_bad_requests_are_named_and_leave_nothing(
    cli: Cli, photos: Path, tmp_path: Path, code: int, arguments: list[str], message: str
) -> None:
    ended = cli(*(str(photos) if each == "PHOTOS" else each for each in arguments), cwd=tmp_path)
    assert ended.returncode == code
    assert message in ended.stderr.decode()
    assert b"Traceback" not in ended.stderr
    assert not list(tmp_path.iterdir())
