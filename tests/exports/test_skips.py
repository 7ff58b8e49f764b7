"""The convolution of ones that keeps skips in blocks: nothing changes but where onnxruntime reorders."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
import torch

from denoisectl_exports.graph import network_of, to_onnx
from denoisectl_exports.skips import with_blocked_skips
from denoisectl_training.networks.model import build_model
from denoisectl_training.recipes import ModelSettings

SETTINGS = ModelSettings(
    architecture="unet", colour="rgb", output="residual", widths=(8, 16, 16), encoder_blocks=(1, 1, 1),
    decoder_blocks=(1, 1),
)  # fmt: skip


@pytest.fixture(scope="module")
def plain() -> onnx.ModelProto:
    torch.manual_seed(0)
    model = build_model(SETTINGS).eval()
    torch.nn.init.normal_(model.network.tail[0].weight, std=0.05)
    return to_onnx(model)


def _convolutions(proto: onnx.ModelProto) -> int:
    return sum(node.op_type == "Conv" for node in proto.graph.node)


def test_skips_are_joined_by_a_convolution_that_changes_nothing(plain: onnx.ModelProto) -> None:
    blocked = with_blocked_skips(plain)
    onnx.checker.check_model(blocked, full_check=True)
    assert _convolutions(blocked) == _convolutions(plain) + 2, "one a skip, none where the photo is added"
    image = np.random.default_rng(0).random((2, 3, 64, 48), np.float32)
    before, after = (network_of(proto)(image) for proto in (plain, blocked))
    assert np.abs(before - image).max() > 0.01
    assert np.abs(after - before).max() < 1e-6


def test_a_graph_without_pixel_shuffles_stays_as_it_is(plain: onnx.ModelProto) -> None:
    other = onnx.ModelProto()
    other.CopyFrom(plain)
    for node in other.graph.node:
        node.op_type = "SpaceToDepth" if node.op_type == "DepthToSpace" else node.op_type
    assert with_blocked_skips(other) == other
