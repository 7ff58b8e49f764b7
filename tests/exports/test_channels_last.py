"""The layout of 8-bit files: the same integers, moved in rows of channels, and no detours in onnxruntime."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import skimage.data
import torch

from denoisectl_exports import int8
from denoisectl_exports.channels_last import with_channels_last
from denoisectl_exports.graph import network_of, to_onnx
from denoisectl_exports.int8 import measured_ranges, to_int8
from denoisectl_training.networks.model import build_model
from denoisectl_training.recipes import load_recipe


@pytest.fixture(scope="module")
def plain() -> onnx.ModelProto:
    """A toy U-net in 8 bits, as the quantiser leaves it."""
    torch.manual_seed(0)
    settings = load_recipe("photo").model.model_copy(update={"widths": (8, 16, 16)})
    model = build_model(settings).eval()
    torch.nn.init.normal_(model.network.tail[0].weight, std=0.01)
    proto = to_onnx(model)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(int8, "with_channels_last", lambda proto: proto)
        return to_int8(proto, measured_ranges(proto, [image(256, 256)]))


def image(height: int, width: int) -> np.ndarray:
    pixels = skimage.data.astronaut()[:height, :width].transpose(2, 0, 1)[None]
    return pixels.astype(np.float32) / 255.0


def optimised(proto: onnx.ModelProto, folder: Path) -> Counter[str]:
    """Which nodes onnxruntime runs."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4  # or it warns that this file is for this machine only
    options.optimized_model_filepath = str(folder / "optimised.onnx")
    onnxruntime.InferenceSession(proto.SerializeToString(), options, providers=["CPUExecutionProvider"])
    return Counter(node.op_type for node in onnx.load(folder / "optimised.onnx").graph.node)


@pytest.mark.parametrize("shape", [(64, 64), (120, 88), (8, 16)])
def test_results_are_equal_to_the_bit(plain: onnx.ModelProto, shape: tuple[int, int]) -> None:
    noisy = np.concatenate([image(*shape), 1.0 - image(*shape)])
    expected, found = network_of(plain)(noisy), network_of(with_channels_last(plain))(noisy)
    assert np.array_equal(found, expected) and not np.array_equal(found, noisy)


def test_onnxruntime_transposes_at_the_ends_and_where_levels_meet_only(
    plain: onnx.ModelProto, tmp_path: Path
) -> None:
    before = optimised(plain, tmp_path)
    after = optimised(with_channels_last(plain), tmp_path)
    assert (before["DepthToSpace"], after["DepthToSpace"]) == (3, 1)  # the last one is in float
    assert before["Transpose"] > after["Transpose"] == 4  # in, out, and two shuffles
    assert before["QLinearConv"] == after["QLinearConv"]


def test_the_file_is_a_valid_one_in_order(plain: onnx.ModelProto) -> None:
    onnx.checker.check_model(with_channels_last(plain), full_check=True)


def test_a_graph_without_8_bit_shuffles_is_left_as_it_is() -> None:
    settings = load_recipe("photo").model.model_copy(update={"widths": (8, 16, 16)})
    proto = to_onnx(build_model(settings).eval())
    assert with_channels_last(proto) == proto
