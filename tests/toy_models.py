"""Small model files with cards, built node by node, for tests that need a network but no trained one.

Each network is random with a fixed seed and keeps its output near its input, so that 8-bit results are
photos and not saturated noise.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from denoisectl.model_file.card import CARD_KEY, ModelCard

CARD = ModelCard(
    name="toy",
    version="1",
    summary="A toy.",
    architecture="toy",
    colour="rgb",
    multiple_of=1,
    halo=0,
    effective_halo=None,
    tileable=True,
    precision="float32",
    fp16_safe=False,
    fp16_error=None,
    parameters=0,
    macs_per_pixel=0.0,
    images_seen=0,
)


class _Graph:
    """Collects nodes and weights; every method returns the name of its output."""

    def __init__(self, seed: int = 0) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.weights: list[onnx.TensorProto] = []
        self._rng = np.random.default_rng(seed)

    def node(self, kind: str, *inputs: str, **attributes: object) -> str:
        name = f"x{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [name], **attributes))
        return name

    def weight(self, array: np.ndarray) -> str:
        name = f"w{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(array, name))
        return name

    def conv(self, x: str, channels_in: int, channels_out: int, gain: float = 1.0) -> str:
        scale = gain / np.sqrt(9 * channels_in)
        kernel = self._rng.normal(0, scale, (channels_out, channels_in, 3, 3)).astype(np.float32)
        bias = self._rng.normal(0, 0.1, channels_out).astype(np.float32)  # zero padding must show
        return self.node("Conv", x, self.weight(kernel), self.weight(bias), pads=[1, 1, 1, 1])

    def pointwise(self, x: str, kind: str, *shape: int) -> str:
        kernel = self._rng.normal(0, 0.4, shape).astype(np.float32)
        return self.node(kind, x, self.weight(kernel), strides=list(shape[2:]), kernel_shape=list(shape[2:]))

    def save(self, path: Path, output: str, card: ModelCard | None) -> Path:
        self.nodes.append(helper.make_node("Identity", [output], ["denoised"]))
        shape = ["batch", 3, "height", "width"]
        graph = helper.make_graph(
            self.nodes,
            "toy",
            [helper.make_tensor_value_info("image", TensorProto.FLOAT, shape)],
            [helper.make_tensor_value_info("denoised", TensorProto.FLOAT, shape)],
            self.weights,
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
        if card is not None:
            helper.set_model_props(model, {CARD_KEY: card.to_json(), "other": "kept"})
        onnx.checker.check_model(model)
        path.write_bytes(model.SerializeToString())
        return path


def identity(path: Path, card: ModelCard | None = CARD) -> Path:
    """Gives back what it gets."""
    return _Graph().save(path, "image", card)


def conv_stack(path: Path, layers: int = 4) -> Path:
    """`layers` 3 x 3 convolutions at full size: halo = layers, no grid."""
    graph = _Graph()
    x = graph.conv("image", 3, 8)
    for _ in range(layers - 2):
        x = graph.conv(graph.node("Relu", x), 8, 8)
    x = graph.conv(graph.node("Relu", x), 8, 3, gain=0.5)
    return graph.save(path, graph.node("Add", "image", x), replace(CARD, name="stack", halo=layers))


def unet(path: Path) -> Path:
    """Two levels down and up by strided convolutions, with skips: grid 4."""
    graph = _Graph(1)
    full = graph.node("Relu", graph.conv("image", 3, 8))
    half = graph.node("Relu", graph.conv(graph.pointwise(full, "Conv", 8, 8, 2, 2), 8, 8))
    quarter = graph.node("Relu", graph.conv(graph.pointwise(half, "Conv", 8, 8, 2, 2), 8, 8))
    half = graph.node("Add", half, graph.pointwise(quarter, "ConvTranspose", 8, 8, 2, 2))
    half = graph.node("Relu", graph.conv(half, 8, 8))
    full = graph.node("Add", full, graph.pointwise(half, "ConvTranspose", 8, 8, 2, 2))
    x = graph.conv(full, 8, 3, gain=0.5)
    return graph.save(path, graph.node("Add", "image", x), replace(CARD, name="unet", multiple_of=4, halo=13))


def unshuffled(path: Path) -> Path:
    """Works on 2 x 2 blocks and uses a bilinear enlargement: grid 4."""
    graph = _Graph(2)
    blocks = graph.node("SpaceToDepth", "image", blocksize=2)
    top = graph.node("Relu", graph.conv(blocks, 12, 12))
    low = graph.conv(graph.node("MaxPool", top, kernel_shape=[2, 2], strides=[2, 2]), 12, 12)
    scales = graph.weight(np.array([1, 1, 2, 2], np.float32))
    low = graph.node("Resize", low, "", scales, mode="linear")
    x = graph.conv(graph.node("Add", top, low), 12, 12, gain=0.5)
    x = graph.node("DepthToSpace", x, blocksize=2, mode="CRD")
    card = replace(CARD, name="unshuffled", multiple_of=4, halo=13)
    return graph.save(path, graph.node("Add", "image", x), card)


def resized(path: Path, scale: float) -> Path:
    """Gives an output `scale` times as large as its input, under a card that is as it should be."""
    graph = _Graph()
    scales = graph.weight(np.array([1, 1, scale, scale], np.float32))
    return graph.save(path, graph.node("Resize", "image", "", scales), replace(CARD, name="resized"))


def failing(path: Path, operator: str = "Log") -> Path:
    """NaN or infinity wherever the input is 0 or less."""
    graph = _Graph()
    return graph.save(path, graph.node(operator, "image"), replace(CARD, name="failing"))


ARCHITECTURES: Sequence = (conv_stack, unet, unshuffled)
