"""Lets onnxruntime keep an 8-bit U-net's channels innermost, where its integer convolutions want them.

On processors onnxruntime runs 8-bit convolutions on (B, H, W, C) and transposes around all that knows only
(B, C, H, W): its pixel shuffle, which besides runs on one core, and the sums at full resolution. With
channels innermost a pixel shuffle moves whole rows of channels, which one transposition says. Integers are
moved, none is changed: results are equal to the bit.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import onnx
from onnx import helper, numpy_helper
from onnxruntime.quantization.onnx_model import ONNXModel

_TO_LAST, _TO_FIRST = (0, 2, 3, 1), (0, 3, 1, 2)
_BLOCK = 2  # of the U-net's pixel shuffles


def with_channels_last(proto: onnx.ModelProto) -> onnx.ModelProto:
    """A copy of the 8-bit graph of a U-net with its pixel shuffles and its first tensor so laid out."""
    copied = onnx.ModelProto()
    copied.CopyFrom(proto)
    graph = _Graph(copied.graph)
    shuffles = list(graph.shuffles())
    for shuffle in shuffles:
        _shuffle_rows(graph, shuffle)
    if shuffles:
        _enter(graph)
    ONNXModel(copied).topological_sort()
    return copied


class _Graph:
    """A graph, with who writes what and who reads it."""

    def __init__(self, proto: onnx.GraphProto) -> None:
        self.proto = proto
        self.tensors = {tensor.name: tensor for tensor in proto.initializer}
        self.writer = {name: node for node in proto.node for name in node.output}
        self.reader = {name: node for node in proto.node for name in node.input}

    def shuffles(self) -> Iterator[onnx.NodeProto]:
        """Pixel shuffles of 8-bit tensors."""
        for node in self.proto.node:
            if node.op_type == "DepthToSpace" and self.writer[node.input[0]].op_type == "DequantizeLinear":
                yield node

    def constant(self, name: str, values: list[int]) -> str:
        """A new initializer of int64."""
        self.proto.initializer.append(numpy_helper.from_array(np.array(values, np.int64), name))
        return name

    def reorder(self, name: str, order: list[int]) -> None:
        """Reorder the first axis of an initializer, if it has one of that length."""
        tensor = self.tensors[name]
        values = numpy_helper.to_array(tensor)
        if values.shape[:1] == (len(order),):
            tensor.CopyFrom(numpy_helper.from_array(np.ascontiguousarray(values[order]), name))

    def replace(self, old: list[onnx.NodeProto], new: list[onnx.NodeProto]) -> None:
        """Put nodes in the place of others; sorting comes at the end."""
        for node in old:
            self.proto.node.remove(node)
        self.proto.node.extend(new)


def _shuffle_rows(graph: _Graph, shuffle: onnx.NodeProto) -> None:
    """Say a pixel shuffle as a transposition of (B, H, W, 2 rows, 2 columns of C) to (B, H, 2 rows, W, 2C)."""
    dequantize = graph.writer[shuffle.input[0]]
    quantized = dequantize.input[0]
    again = graph.reader[shuffle.output[0]]  # rounds to the levels that there are already
    convolution = graph.writer[graph.writer[quantized].input[0]]
    channels = graph.tensors[graph.writer[convolution.input[1]].input[0]].dims[0] // _BLOCK**2
    _rows_outermost(graph, convolution, channels)
    beside = _skip(graph, again)  # has the shape that is to come
    name = shuffle.output[0]
    pairs = graph.constant(f"{name}_pairs", [0, 0, 0, _BLOCK, _BLOCK * channels])
    order = graph.constant(f"{name}_order", list(_TO_LAST))
    new = [
        _node("Shape", [beside], f"{name}_shape"),
        _node("Gather", [f"{name}_shape", order], f"{name}_shape_last"),
        _node("Transpose", [quantized], f"{name}_last", perm=_TO_LAST),
        _node("Reshape", [f"{name}_last", pairs], f"{name}_columns"),
        _node("Transpose", [f"{name}_columns"], f"{name}_rows", perm=(0, 1, 3, 2, 4)),
        _node("Reshape", [f"{name}_rows", f"{name}_shape_last"], f"{name}_shuffled"),
        _node("Transpose", [f"{name}_shuffled"], again.output[0], perm=_TO_FIRST),
    ]
    graph.replace([dequantize, shuffle, again], new)


def _rows_outermost(graph: _Graph, convolution: onnx.NodeProto, channels: int) -> None:
    """Let a convolution write row, column, channel where it wrote channel, row, column."""
    order = np.arange(channels * _BLOCK**2).reshape(channels, _BLOCK, _BLOCK).transpose(1, 2, 0).ravel()
    for dequantized in convolution.input[1:]:
        for name in graph.writer[dequantized].input:
            graph.reorder(name, order.tolist())


def _skip(graph: _Graph, quantize: onnx.NodeProto) -> str:
    """The 8-bit tensor that is added to what `quantize` writes."""
    dequantized = graph.reader[quantize.output[0]].output[0]
    total = graph.reader[dequantized]
    other = next(name for name in total.input if name != dequantized)
    written: str = graph.writer[other].input[0]
    return written


def _enter(graph: _Graph) -> None:
    """Bring the first 8-bit tensor into the layout, and keep it there.

    A transposition there and one back would cancel out, and sums of that tensor stay as they were; they do
    not across a reshape, even one to the same shape.
    """
    first = next(node for node in graph.proto.node if node.op_type == "QuantizeLinear")
    convolution = graph.writer[first.input[0]]
    channels = graph.tensors[convolution.input[1]].dims[0]
    name = first.output[0]
    rounded = _node("QuantizeLinear", list(first.input), f"{name}_first")
    kept = graph.constant(f"{name}_kept", [0, 0, 0, channels])
    new = [
        rounded,
        _node("Transpose", [rounded.output[0]], f"{name}_last", perm=_TO_LAST),
        _node("Reshape", [f"{name}_last", kept], f"{name}_there"),
        _node("Transpose", [f"{name}_there"], name, perm=_TO_FIRST),
    ]
    graph.replace([first], new)


def _node(kind: str, inputs: list[str], output: str, perm: tuple[int, ...] | None = None) -> onnx.NodeProto:
    return helper.make_node(kind, inputs, [output], name=f"{output}_node", perm=perm)
