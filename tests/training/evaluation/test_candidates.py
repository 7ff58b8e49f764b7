"""Who is measured, and by what name."""

from pathlib import Path

import numpy as np
import pytest
import torch

from denoisectl.errors import ModelError, UsageError
from denoisectl_exports.write import export_run
from denoisectl_training.evaluation import candidates
from denoisectl_training.evaluation.candidates import baselines, open_models
from denoisectl_training.weights.trained import load_trained

NOISY = np.random.default_rng(0).random((50, 65, 3), np.float32)


def test_baselines_keep_the_shape_and_the_input_is_itself() -> None:
    given, median, smooth = (candidate.denoise(NOISY) for candidate in baselines())
    assert given is NOISY
    assert median.shape == smooth.shape == NOISY.shape
    assert median.std() < NOISY.std() and smooth.std() < NOISY.std()


def test_a_checkpoint_runs_at_any_size(untrained: Path) -> None:
    (candidate,) = open_models([str(untrained)], device="cpu")
    assert candidate.name == "untrained"
    clean = candidate.denoise(NOISY)
    assert clean.shape == NOISY.shape and clean.dtype == np.float32
    assert clean.min() >= 0.0 and clean.max() <= 1.0


def test_a_large_image_goes_through_a_checkpoint_in_tiles_that_change_nothing(
    untrained: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    noisy = np.random.default_rng(1).random((300, 410, 3), np.float32)
    (whole,) = open_models([str(untrained)], device="cpu")
    halo, shapes = load_trained(untrained).model.halo, list[tuple[int, int]]()
    monkeypatch.setattr(candidates, "_TILE_PIXELS", (4 * halo) ** 2)
    cut = candidates.cut
    monkeypatch.setattr(candidates, "cut", lambda *asked: shapes.append(cut(*asked).shape) or cut(*asked))
    (tiled,) = open_models([str(untrained)], device="cpu")
    np.testing.assert_allclose(tiled.denoise(noisy), whole.denoise(noisy), atol=1e-5)
    assert np.prod(shapes[0]) <= (4 * halo) ** 2 < 300 * 410


def test_a_checkpoint_and_its_export_give_the_same_up_to_the_edges(untrained: Path, tmp_path: Path) -> None:
    export_run(untrained, tmp_path / "exported.onnx")
    models = open_models([str(untrained), str(tmp_path / "exported.onnx")], device="cpu")
    one, other = (candidate.denoise(NOISY) for candidate in models)
    np.testing.assert_allclose(one, other, atol=1e-4)


def test_a_self_ensemble_is_for_model_files(untrained: Path, tmp_path: Path) -> None:
    with pytest.raises(
        UsageError, match=r"--self-ensemble is for model files: run `denoisectl export \S+\.pt"
    ):
        open_models([str(untrained)], device="cpu", self_ensemble=4)
    export_run(untrained, tmp_path / "exported.onnx")
    (candidate,) = open_models([str(tmp_path / "exported.onnx")], device="cpu", self_ensemble=8)
    assert candidate.self_ensemble == 8
    square = NOISY[:48, :48]
    turned = np.ascontiguousarray(np.rot90(square))
    np.testing.assert_allclose(candidate.denoise(turned), np.rot90(candidate.denoise(square)), atol=1e-5)


def test_a_checkpoint_takes_the_threads_that_are_asked_for(untrained: Path) -> None:
    before = torch.get_num_threads()
    try:
        open_models([str(untrained)], device="cpu", threads=3)
        assert torch.get_num_threads() == 3
    finally:
        torch.set_num_threads(before)


def test_models_of_one_name_are_told_apart(untrained: Path, tmp_path: Path) -> None:
    other = tmp_path / untrained.name
    other.write_bytes(untrained.read_bytes())
    names = [candidate.name for candidate in open_models([str(untrained), str(other)], device="cpu")]
    assert names == [str(untrained), str(other)]


def test_two_candidates_of_one_name_are_refused(untrained: Path) -> None:
    with pytest.raises(UsageError, match=r"--model \S+untrained\.pt and --model \S+untrained\.pt would both"):
        open_models([str(untrained), str(untrained)], device="cpu")
    with pytest.raises(UsageError, match="--model runs/input and the baseline input would both"):
        open_models(["runs/input"], device="cpu")


def test_an_unknown_model_is_named() -> None:
    with pytest.raises(ModelError, match="no shipped model is called"):
        open_models(["nothing"])
