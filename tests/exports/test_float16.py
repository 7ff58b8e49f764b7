"""Half precision between a network's ends: what is stored, what stays float32, and how far photos move."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto

from denoisectl import Denoiser
from denoisectl.errors import ExportError
from denoisectl_exports import write
from denoisectl_exports.float16 import SAFE, half_error, half_inside
from denoisectl_exports.write import export_run
from denoisectl_training.networks.model import build_model
from denoisectl_training.recipes import ModelSettings
from denoisectl_training.records.run_folder import RunFolder
from tests import toy_models

UNET = ModelSettings(
    architecture="unet", colour="rgb", output="residual", widths=(8, 16), encoder_blocks=(1, 1), decoder_blocks=(1,)
)  # fmt: skip


def test_a_file_in_half_precision_takes_and_gives_float32(run: RunFolder, out: Path) -> None:
    card = export_run(run.path, out, precision="float16")
    graph = onnx.load(out).graph
    assert {value.type.tensor_type.elem_type for value in (*graph.input, *graph.output)} == {
        TensorProto.FLOAT
    }
    kinds = [tensor.data_type for tensor in graph.initializer if len(tensor.dims) == 4]
    assert kinds.count(TensorProto.FLOAT16) > kinds.count(TensorProto.FLOAT) > 0
    assert (card.precision, card.fp16_safe) == ("float16", True)
    assert card.fp16_error is not None and 0 < card.fp16_error <= SAFE
    photo = np.random.default_rng(0).integers(0, 256, (64, 80, 3), np.uint8)
    export_run(run.path, exact := out.with_name("exact.onnx"))
    half, full = (Denoiser.open(path, "cpu", threads=1).image(photo) for path in (out, exact))
    assert np.abs(half.astype(int) - full).max() <= 1


def test_the_ends_of_a_unet_stay_in_float32() -> None:
    torch.manual_seed(0)
    model = build_model(UNET).eval()
    torch.nn.init.normal_(model.network.tail[0].weight, std=0.05)
    half = half_inside(model)
    types = {name: weight.dtype for name, weight in half.named_parameters()}
    wide = {name.split(".")[1] for name, kind in types.items() if kind == torch.float32}
    assert wide == {"head", "tail"}
    assert torch.equal(half.network.head.part.weight, model.network.head.weight), "not rounded on the way"
    assert torch.equal(half.network.tail.part[0].weight, model.network.tail[0].weight)
    assert (half.halo, half.multiple_of) == (model.halo, model.multiple_of)
    image = torch.rand(1, 3, 32, 48)
    with torch.inference_mode():
        found, expected = half(image), model(image)
    assert found.dtype == torch.float32
    assert 0 < (found - expected).abs().max() < SAFE
    assert next(model.parameters()).dtype == torch.float32, "the model itself is left alone"


def test_what_half_precision_cannot_hold_is_refused(tmp_path: Path) -> None:
    exact = onnx.load(toy_models.identity(tmp_path / "exact.onnx"))
    broken = onnx.load(toy_models.failing(tmp_path / "broken.onnx"))
    with pytest.raises(ExportError, match="leave --precision float16 out"):
        half_error(exact, broken, [np.zeros((1, 3, 8, 8), np.float32)])
    assert half_error(exact, exact, []) is None


def test_the_error_is_that_of_the_worst_photo(tmp_path: Path) -> None:
    exact = onnx.load(toy_models.identity(tmp_path / "exact.onnx"))
    other = onnx.load(toy_models.failing(tmp_path / "other.onnx", "Abs"))  # the same above 0
    bright, below = (np.full((1, 3, 8, 8), value, np.float32) for value in (0.5, -0.25))
    assert half_error(exact, other, [below, bright]) == 0.5


@pytest.mark.parametrize(("levels", "safe"), [(0.4, True), (0.6, False)])
def test_a_file_that_moves_a_photo_by_half_a_level_is_not_called_safe(
    levels: float, safe: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("to_float16", "to_onnx"):
        monkeypatch.setattr(write, name, lambda _: onnx.ModelProto())
    monkeypatch.setattr(write, "half_error", lambda *_: levels / 255)
    card = write._as_float16(build_model(UNET), toy_models.CARD, [])[1]
    assert card.fp16_safe is safe and card.fp16_error == levels / 255
