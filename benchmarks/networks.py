"""Networks of other people in their published shapes, with random weights: speed does not depend on those.

FFDNet (Zhang et al., 2018), colour: 12 convolutions of 96 features at half resolution, on the photo and three
noise maps; 213 k multiply-adds a pixel. CDnCNN-B (Zhang et al., 2017): 20 convolutions of 64 features at full
resolution; 667 k.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper


def ffdnet_like() -> bytes:
    """`image` (batch, 3, height, width) with even sides, and its noise maps made inside, to the same shape."""
    before = [
        helper.make_node("SpaceToDepth", ["image"], ["folded"], blocksize=2),
        helper.make_node("Slice", ["folded", "zero", "three", "one"], ["map"]),
        helper.make_node("Concat", ["folded", "map"], ["x0"], axis=1),
    ]
    numbers = [
        numpy_helper.from_array(np.array([n]), name) for n, name in ((0, "zero"), (3, "three"), (1, "one"))
    ]
    nodes, weights = _convolutions([15, *[96] * 11, 12])
    after = [helper.make_node("DepthToSpace", ["y"], ["denoised"], blocksize=2)]
    return _model([*before, *nodes, *after], [*numbers, *weights])


def dncnn_like() -> bytes:
    """`image` (batch, 3, height, width) to the same shape."""
    nodes, weights = _convolutions([3, *[64] * 19, 3])
    before = [helper.make_node("Identity", ["image"], ["x0"])]
    return _model([*before, *nodes, helper.make_node("Sub", ["image", "y"], ["denoised"])], weights)


def _convolutions(features: list[int]) -> tuple[list[onnx.NodeProto], list[onnx.TensorProto]]:
    """3 x 3 convolutions from `x0` to `y`, ReLU between."""
    generator = np.random.default_rng(0)
    nodes, weights, last = [], [], len(features) - 2
    for place, (before, after) in enumerate(pairwise(features)):
        kernel = generator.normal(0, (2 / (9 * before)) ** 0.5, (after, before, 3, 3)).astype(np.float32)
        weights.append(numpy_helper.from_array(kernel, f"w{place}"))
        weights.append(numpy_helper.from_array(np.zeros(after, np.float32), f"b{place}"))
        out = "y" if place == last else f"c{place}"
        inputs = [f"x{place}", f"w{place}", f"b{place}"]
        nodes.append(helper.make_node("Conv", inputs, [out], pads=[1, 1, 1, 1]))
        if place != last:
            nodes.append(helper.make_node("Relu", [out], [f"x{place + 1}"]))
    return nodes, weights


def _model(nodes: list[onnx.NodeProto], weights: list[onnx.TensorProto]) -> bytes:
    shape: list[str | int | None] = ["batch", 3, "height", "width"]
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name in ("image", "denoised")]
    graph = helper.make_graph(nodes, "peer", ends[:1], ends[1:], weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    onnx.checker.check_model(model)
    data: bytes = model.SerializeToString()
    return data
