"""Model files as other projects make them: small denoisers of known reach, grid and range."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

Shape = Sequence[str | int | None]
OPEN: Shape = ("n", 3, "h", "w")


class Graph:
    """Collects nodes and weights; every method returns the name of its output."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.weights: list[onnx.TensorProto] = []

    def node(self, kind: str, *inputs: str, outputs: int = 1, **attributes: object) -> str:
        names = [f"v{len(self.nodes)}.{place}" for place in range(outputs)]
        self.nodes.append(helper.make_node(kind, inputs, names, **attributes))
        return names[0]

    def constant(self, values: object, kind: type = np.float32) -> str:
        name = f"w{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(np.asarray(values, kind), name))
        return name

    def blur(self, x: str, channels: int = 3) -> str:
        """Mostly the pixel itself, a little of its eight neighbours."""
        kernel = np.full((channels, 1, 3, 3), 0.02)
        kernel[:, :, 1, 1] = 0.84
        return self.node("Conv", x, self.constant(kernel), pads=[1, 1, 1, 1], group=channels)

    def affine(self, x: str, gain: float, offset: float) -> str:
        return self.node("Add", self.node("Mul", x, self.constant(gain)), self.constant(offset))

    def clip(self, x: str, low: float, high: float) -> str:
        return self.node("Min", self.node("Max", x, self.constant(low)), self.constant(high))

    def sum(self, x: str, y: str, share: float) -> str:
        """`x`, and `y` to a share."""
        return self.node("Add", self.affine(x, 1 - share, 0), self.affine(y, share, 0))


Build = Callable[[Graph, str], str]


def write(
    path: Path,
    build: Build,
    *,
    name: str = "x",
    shape: Shape | None = OPEN,
    result: Shape | None = None,
    kind: int = TensorProto.FLOAT,
    opset: int = 17,
    ir: int = 8,
    more_inputs: Sequence[str] = (),
    more_outputs: Sequence[str] = (),
) -> Path:
    """A model file whose one input is `name`."""
    graph = Graph()
    output = build(graph, name)
    proto = helper.make_model(
        helper.make_graph(
            graph.nodes,
            "theirs",
            [helper.make_tensor_value_info(name, kind, shape)]
            + [helper.make_tensor_value_info(each, kind, [1]) for each in more_inputs],
            [helper.make_tensor_value_info(each, kind, result) for each in (output, *more_outputs)],
            graph.weights,
        ),
        opset_imports=[helper.make_opsetid("", opset)],
        ir_version=ir,
        producer_name="theirs",
    )
    helper.set_model_props(proto, {"theirs": "a note"})
    path.write_bytes(proto.SerializeToString())
    return path


def blurring(graph: Graph, x: str) -> str:
    """Halo 1, no grid."""
    return graph.blur(x)


def stack(layers: int) -> Build:
    """Halo `layers`, no grid."""

    def build(graph: Graph, x: str) -> str:
        for _ in range(layers):
            x = graph.node("Relu", graph.blur(x))
        return x

    return build


def on_bytes(graph: Graph, x: str) -> str:
    """Works on [0, 255]: what it adds would be everything in [0, 1]."""
    return graph.clip(graph.affine(graph.blur(x), 1.0, -2.5), 0, 255)


def around_zero(graph: Graph, x: str) -> str:
    """Works on [-1, 1]: the contrast that it adds is around 0."""
    return graph.clip(graph.affine(graph.blur(x), 1.1, 0), -1, 1)


def giving_noise(graph: Graph, x: str) -> str:
    """Gives what the blur takes away."""
    return graph.node("Sub", x, graph.blur(x))


def one_channel(graph: Graph, x: str) -> str:
    return graph.blur(x, 1)


def channels_last(graph: Graph, x: str) -> str:
    first = graph.node("Transpose", x, perm=[0, 3, 1, 2])
    return graph.node("Transpose", graph.blur(first), perm=[0, 2, 3, 1])


def halving(times: int) -> Build:
    """Down and up again by halves: a grid of 2 ** times that sizes tell."""

    def build(graph: Graph, x: str) -> str:
        low = x
        for _ in range(times):
            low = graph.node("AveragePool", low, kernel_shape=[2, 2], strides=[2, 2])
        scale = graph.constant([1, 1, 2**times, 2**times])
        return graph.sum(x, graph.node("Resize", low, "", scale, mode="nearest"), 0.2)

    return build


def blurred_halving(graph: Graph, x: str) -> str:
    """A grid of 4: the second pixel of a cell is felt in the last cell, and one pixel on: 6 in all."""
    return graph.blur(halving(2)(graph, graph.blur(graph.blur(x))))


def halving_any_size(graph: Graph, x: str) -> str:
    """Takes any size and works on a grid of 2 all the same."""
    low = graph.node("AveragePool", x, kernel_shape=[2, 2], strides=[2, 2], ceil_mode=1)
    size = graph.node("Shape", x)
    return graph.sum(x, graph.node("Resize", low, "", "", size, mode="nearest"), 0.2)


def of_the_mean(graph: Graph, x: str) -> str:
    """Looks at the whole image."""
    return graph.sum(x, graph.node("ReduceMean", x, axes=[2, 3]), 0.05)


def of_the_place(graph: Graph, x: str) -> str:
    """Brighter from column to column: no pixel sees another, and none may be moved."""
    place = graph.node("CumSum", graph.affine(x, 0, 5e-4), graph.constant(3, np.int64))
    return graph.node("Mul", x, graph.affine(place, 1, 1))


def mirroring(graph: Graph, x: str) -> str:
    """Mirrors two pixels at its borders, which have to be there."""
    padded = graph.node("Pad", x, graph.constant([0, 0, 2, 2, 0, 0, 2, 2], np.int64), mode="reflect")
    kernel = np.zeros((3, 1, 5, 5))
    kernel[:, :, 2, 2], kernel[:, :, 0, 0] = 0.9, 0.1
    return graph.node("Conv", padded, graph.constant(kernel), group=3)
