"""Weights stored in half: the file shrinks, the photo does not change, and what would change it is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

from denoisectl.errors import ExportError
from denoisectl.model_file.card_in_file import read_card
from denoisectl.model_file.shipped import find_model
from denoisectl_exports import half
from denoisectl_exports.graph import network_of
from denoisectl_exports.half import TOLERANCE, with_half_weights
from denoisectl_exports.write import export_run
from denoisectl_training.records.run_folder import RunFolder


def graph(scale: float) -> onnx.ModelProto:
    """One 3 x 3 convolution from 3 to 3 channels by way of 2500, with weights about `scale`."""
    rng = np.random.default_rng(0)
    first = rng.normal(0, scale, (2500, 3, 3, 3)).astype(np.float32)
    second = rng.normal(0, scale, (3, 2500, 3, 3)).astype(np.float32)
    shape = ["batch", 3, "height", "width"]
    return helper.make_model(
        helper.make_graph(
            [
                helper.make_node("Conv", ["image", "a"], ["x"], pads=[1, 1, 1, 1]),
                helper.make_node("Conv", ["x", "b"], ["denoised"], pads=[1, 1, 1, 1]),
            ],
            "two",
            [helper.make_tensor_value_info("image", TensorProto.FLOAT, shape)],
            [helper.make_tensor_value_info("denoised", TensorProto.FLOAT, shape)],
            [numpy_helper.from_array(first, "a"), numpy_helper.from_array(second, "b")],
        ),
        opset_imports=[helper.make_opsetid("", 18)],
        ir_version=10,
    )


IMAGE = np.random.default_rng(1).random((1, 3, 32, 32), np.float32)


def test_large_tensors_are_halved_and_compute_nearly_the_same() -> None:
    exact = graph(0.005)
    halved = with_half_weights(exact, [IMAGE])
    assert halved.ByteSize() < 0.55 * exact.ByteSize()
    difference = np.abs(network_of(halved)(IMAGE) - network_of(exact)(IMAGE)).max()
    assert 0 < difference <= TOLERANCE
    assert [tensor.data_type for tensor in exact.graph.initializer] == [
        TensorProto.FLOAT
    ] * 2  # a copy was made


def test_small_tensors_stay_exact() -> None:
    small = graph(0.005)
    for tensor, shape in zip(small.graph.initializer, ((64, 3, 3, 3), (3, 64, 3, 3)), strict=True):
        tensor.CopyFrom(numpy_helper.from_array(np.full(shape, 0.01, np.float32), tensor.name))
    assert with_half_weights(small, [IMAGE]) == small


def test_what_a_photo_could_show_is_refused() -> None:
    with pytest.raises(ExportError, match=r"--weights float16 moves a sample by .* levels, more than 0\.1"):
        with_half_weights(graph(10.0), [IMAGE, 0.0 * IMAGE])


def test_half_weights_without_a_photo_are_refused() -> None:
    with pytest.raises(ExportError, match="is measured on photos; name some with --photos"):
        with_half_weights(graph(0.005), [])


def test_onnxruntime_widens_the_weights_when_it_loads_them(tmp_path: Path) -> None:
    options = onnxruntime.SessionOptions()
    options.optimized_model_filepath = str(tmp_path / "loaded.onnx")
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    halved = with_half_weights(graph(0.005), [IMAGE])
    assert [node.op_type for node in halved.graph.node] == ["Cast", "Cast", "Conv", "Conv"]
    onnxruntime.InferenceSession(halved.SerializeToString(), options, providers=["CPUExecutionProvider"])
    assert [node.op_type for node in onnx.load(tmp_path / "loaded.onnx").graph.node] == ["Conv", "Conv"]


def test_a_run_is_exported_with_half_weights(
    run: RunFolder, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(half, "_SMALLEST", 100)  # the toy's largest tensors have 288 values
    card = export_run(run.path, out, weights="float16")
    assert any(node.op_type == "Cast" for node in onnx.load(out).graph.node)
    assert (read_card(out), card.precision) == (card, "float32")


@pytest.mark.parametrize("name", ["photo-best", "book-skip"])
def test_models_that_ship_in_half_hold_no_large_tensor_in_full(name: str) -> None:
    shipped = onnx.load(find_model(name))
    assert TensorProto.FLOAT16 in {tensor.data_type for tensor in shipped.graph.initializer}
    assert with_half_weights(shipped, [IMAGE]) == shipped, "nothing is left to halve"
    assert read_card(find_model(name)).precision == "float32"
