"""Which checkpoint of a run is taken to be used."""

from pathlib import Path

import torch

from denoisectl_training.checkpoint import save_checkpoint
from denoisectl_training.fit import Fit
from denoisectl_training.recipes import parse_recipe
from denoisectl_training.trained import load_weights

RECIPE = parse_recipe(
    {
        "name": "toy",
        "model": {"architecture": "small", "widths": [2, 4], "colour": "rgb"},
        "corruption": [{"kind": "gaussian"}],
    },
    origin="toy",
)


def write(path: Path, step: int) -> None:
    state = Fit.start(RECIPE, torch.device("cpu"), "float32").state()
    save_checkpoint(path, {**state, "step": step})


def test_a_run_is_taken_at_its_best(tmp_path: Path) -> None:
    write(tmp_path / "best.pt", 2)
    write(tmp_path / "last.pt", 3)
    assert load_weights(tmp_path)[2] == 2 * 16
    assert load_weights(tmp_path / "last.pt")[2] == 3 * 16


def test_a_run_that_held_nothing_out_is_taken_at_its_end(tmp_path: Path) -> None:
    write(tmp_path / "last.pt", 3)
    assert load_weights(tmp_path)[2] == 3 * 16
