"""Runs that are lost: they stop, say which setting is to blame, and keep what was good."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from denoisectl.errors import DeviceError, DivergedError
from denoisectl_training.recipes import Recipe
from denoisectl_training.records.checkpoint import load_checkpoint
from denoisectl_training.train import train
from tests.training.fit.test_loop import request, toy

UNBOUNDED: dict[str, object] = {
    "architecture": "small",
    "widths": [4, 8],
    "colour": "rgb",
    "output": "identity",
    "batch_norm": False,
}
"""A network that nothing keeps from blowing up."""


def exploding(**changes: object) -> Recipe:
    """A rate of a million from the fifth step on."""
    schedule = {"name": "steps", "rates": [1e-3, 1e6], "every": 16}
    return toy(optimizer={"name": "sgd"}, model=UNBOUNDED, schedule=schedule, **changes)


def test_divergence_stops_the_run_and_names_the_setting(photo_folder: Path, tmp_path: Path) -> None:
    recipe = toy(optimizer={"name": "sgd", "lr": 1e6}, model=UNBOUNDED)
    asked = request(photo_folder, tmp_path, recipe)
    with pytest.raises(DivergedError, match=r"diverged at image 8 .*with --lr 3e\+05, or with --lr auto"):
        train(asked)


def test_divergence_leaves_the_last_good_checkpoint_and_says_how_to_go_on(
    photo_folder: Path, tmp_path: Path
) -> None:
    asked = request(photo_folder, tmp_path, exploding())
    with pytest.raises(DivergedError, match=rf"its best was .*--from {asked.run.path} and --lr 3e\+05"):
        train(asked)
    assert load_checkpoint(asked.run.last)["step"] == 4
    assert json.loads(asked.run.log.read_text().splitlines()[-1]) == {"images": 24, "diverged": True}


def test_divergence_before_the_first_last_checkpoint_goes_on_from_the_best(
    photo_folder: Path, tmp_path: Path
) -> None:
    settings = exploding().training.model_copy(update={"checkpoint_every": 1_000})
    asked = request(photo_folder, tmp_path, exploding().model_copy(update={"training": settings}))
    with pytest.raises(DivergedError, match=rf"--from {asked.run.path} and --lr 3e\+05"):
        train(asked)
    assert asked.run.best.is_file() and not asked.run.last.is_file()


@pytest.mark.parametrize("held", [0, 1])
def test_weights_that_the_last_step_ruined_are_not_kept(
    photo_folder: Path, tmp_path: Path, held: int
) -> None:
    recipe = exploding(
        data={"crop": 32, "validation_photos": held},
        training={"images": 4, "batch": 4, "precision": "float32"},
    )
    ruinous = recipe.schedule.model_copy(update={"rates": (1e38,)})
    recipe = recipe.model_copy(update={"schedule": ruinous})
    asked = request(photo_folder, tmp_path, recipe)
    with pytest.raises(DivergedError, match=r"diverged at image 4 .*the rate is too large"):
        train(asked)
    assert asked.run.newest() is None
    assert "NaN" not in (asked.run.log.read_text() if asked.run.log.is_file() else "")


@pytest.mark.parametrize(
    "error",
    [
        torch.AcceleratorError("CUDA error: unspecified launch failure\nCompile with TORCH_USE_CUDA_DSA"),
        RuntimeError("cuDNN error: CUDNN_STATUS_EXECUTION_FAILED"),
    ],
)
def test_a_gpu_that_fails_says_how_to_go_on(photo_folder: Path, tmp_path: Path, error: Exception) -> None:
    asked = request(photo_folder, tmp_path)

    def fail(_: object) -> None:
        raise error

    with pytest.raises(
        DeviceError, match=rf"^the GPU failed \(\w+ error: \w.*\); .* --resume {asked.run.path}$"
    ):
        train(asked, report=fail)
    assert train(request(photo_folder, tmp_path, resume=asked.run.path)).images > 0


def test_a_gpu_that_fails_before_the_run_has_begun_has_nothing_to_resume(
    photo_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise torch.AcceleratorError("CUDA error: unspecified launch failure")

    monkeypatch.setattr("denoisectl_training.train.find_rate", fail)
    asked = replace(request(photo_folder, tmp_path), search_rate=True)
    with pytest.raises(DeviceError, match=r"when nvidia-smi lists it, start again$"):
        train(asked)
    assert not asked.run.path.exists()
