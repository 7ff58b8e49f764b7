"""A model file gives back the weights that went into it: going on from it is going on from its run."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from denoisectl.errors import TrainingError
from denoisectl.model_file.shipped import find_model
from denoisectl_exports.write import export_run
from denoisectl_training.fit.state import TrainingState
from denoisectl_training.recipes import load_recipe
from denoisectl_training.records.checkpoint import save_checkpoint
from denoisectl_training.records.run_folder import RunFolder
from denoisectl_training.weights.trained import load_weights
from tests import toy_models


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    """A U-net that changes what it sees, after 32 crops."""
    toy = ["model.widths=[8, 12, 16]", "training.ema=0"]
    state = TrainingState.start(load_recipe("photo", toy), torch.device("cpu"), "float32")
    for values in state.model.network.tail.parameters():
        torch.nn.init.normal_(values, std=0.02)
    state.step = 2
    save_checkpoint(tmp_path / "last.pt", state.to_checkpoint())
    return tmp_path / "last.pt"


def test_an_exported_run_has_the_same_weights_and_recipe(checkpoint: Path, out: Path) -> None:
    export_run(checkpoint, out)
    trained, found = load_weights(checkpoint), load_weights(out)
    assert found.recipe == trained.recipe and found.images_seen == trained.images_seen == 32
    assert found.weights.keys() == trained.weights.keys()
    assert all(torch.equal(found.weights[name], trained.weights[name]) for name in found.weights)


def test_so_has_one_stored_in_half_precision_but_for_its_rounding(
    checkpoint: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("denoisectl_exports.half.TOLERANCE", 1.0)
    monkeypatch.setattr("denoisectl_exports.half._SMALLEST", 1024)  # the toy is small
    export_run(checkpoint, out, weights="float16")
    trained, found = load_weights(checkpoint).weights, load_weights(out).weights
    assert all(torch.allclose(found[name], trained[name], rtol=1e-3, atol=1e-6) for name in trained)
    name = "network.down_blocks.2.0.body.0.weight"
    assert not torch.equal(found[name], trained[name])


def test_a_shipped_model_is_found_by_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    photo = load_weights(Path("photo"))
    assert photo.recipe.name == "photo" and photo.images_seen >= 720_000
    assert load_weights(find_model("photo")).weights.keys() == photo.weights.keys()
    monkeypatch.chdir(tmp_path)
    Path("photo").mkdir()  # what is there is meant
    with pytest.raises(TrainingError, match="no checkpoint there"):
        load_weights(Path("photo"))


def test_batch_normalisation_is_folded_and_told(run: RunFolder, out: Path) -> None:
    export_run(run.path, out)
    with pytest.raises(
        TrainingError, match=r"batch normalisation is folded .*; start from the run or checkpoint"
    ):
        load_weights(out)


def test_8_bit_integers_are_refused_and_their_twin_named() -> None:
    with pytest.raises(TrainingError, match=r"is in 8-bit integers; start from a model in float32: photo$"):
        load_weights(Path("photo-int8"))


@pytest.mark.parametrize("content", [b"", b"no model"])
def test_what_is_no_model_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.onnx").write_bytes(content)
    with pytest.raises(TrainingError, match=r"a\.onnx is not an ONNX model"):
        load_weights(tmp_path / "a.onnx")


def test_one_that_computes_in_half_precision_is_no_start(checkpoint: Path, out: Path) -> None:
    export_run(checkpoint, out, precision="float16")
    with pytest.raises(TrainingError, match="computes in float16, for GPUs; start from the float32 file"):
        load_weights(out)


def test_a_network_of_another_project_is_not_trained_on(tmp_path: Path) -> None:
    card = replace(toy_models.CARD, architecture="adopted")
    with pytest.raises(TrainingError, match=r"theirs\.onnx: was made by another project"):
        load_weights(toy_models.identity(tmp_path / "theirs.onnx", card))
