"""The adopted graph: `image` in, `denoised` out, and between scales and layouts the network as it was."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from denoisectl.errors import ExportError
from denoisectl_exports.adopted.foreign import Foreign
from denoisectl_exports.adopted.layout import FIRST, LAST, Layout
from denoisectl_exports.adopted.meaning import Meaning
from denoisectl_exports.graph import forget_traces

_NETWORK = "adopted."  # before all of its names: `image` may be one of them
_CLIP_BY_INPUTS = 11  # the opset from which on the bounds of a Clip are inputs
_INPUT, _OUTPUT = "image", "denoised"
_SHAPE: list[str | int | None] = ["batch", 3, "height", "width"]


def wrapped(foreign: Foreign, layout: Layout, meaning: Meaning) -> onnx.ModelProto:
    """The file as a model that keeps the contract, in the opset that it has.

    Raises:
        ExportError: what comes of it is not valid.
    """
    proto = onnx.ModelProto(ir_version=foreign.proto.ir_version)
    proto.opset_import.extend(foreign.proto.opset_import)
    proto.graph.name = "adopted"
    proto.graph.input.append(helper.make_tensor_value_info(_INPUT, TensorProto.FLOAT, _SHAPE))
    proto.graph.output.append(helper.make_tensor_value_info(_OUTPUT, TensorProto.FLOAT, _SHAPE))
    around = _Around(proto)
    seen = around.scaled(around.entering(_INPUT, layout), meaning)
    around.node("Identity", [seen], _NETWORK + foreign.input)
    _add_network(proto.graph, foreign.proto.graph)
    result = _NETWORK + foreign.output
    clean = around.node("Sub", [seen, result], "clean") if meaning.residual else result
    around.clip(around.leaving(around.unscaled(clean, meaning), layout))
    forget_traces(proto)
    try:
        onnx.checker.check_model(proto)
    except onnx.checker.ValidationError as error:
        raise ExportError(f"is not valid ONNX: {' '.join(str(error).split())}") from error
    return proto


class _Around:
    """Adds nodes to a graph; every method returns the name of its output."""

    def __init__(self, proto: onnx.ModelProto) -> None:
        self._graph = proto.graph
        self._opset = next(each.version for each in proto.opset_import if each.domain in ("", "ai.onnx"))

    def node(self, kind: str, inputs: list[str], output: str, **attributes: Any) -> str:
        self._graph.node.append(helper.make_node(kind, inputs, [output], **attributes))
        return output

    def constant(self, name: str, value: float | list[int]) -> str:
        array = np.array(value, np.int64 if isinstance(value, list) else np.float32)
        self._graph.initializer.append(numpy_helper.from_array(array, name))
        return name

    def entering(self, name: str, layout: Layout) -> str:
        """`(B, 3, h, w)` as the network takes it; a 0 in a new shape keeps what there is."""
        if layout.channels == 1:
            name = self.node("Reshape", [name, self.constant("one channel", [-1, 1, 0, 0])], "planes")
        return self.node("Transpose", [name], "channels last", perm=LAST) if layout.last else name

    def leaving(self, name: str, layout: Layout) -> str:
        """The way back."""
        if layout.last:
            name = self.node("Transpose", [name], "channels first", perm=FIRST)
        if layout.channels == 1:
            name = self.node("Reshape", [name, self.constant("three channels", [-1, 3, 0, 0])], "colours")
        return name

    def scaled(self, name: str, meaning: Meaning) -> str:
        """From [0, 1] to the network's range."""
        if meaning.scale != 1.0:
            name = self.node("Mul", [name, self.constant("scale", meaning.scale)], "scaled")
        if meaning.shift:
            name = self.node("Add", [name, self.constant("shift", meaning.shift)], "shifted")
        return name

    def unscaled(self, name: str, meaning: Meaning) -> str:
        """And back."""
        if meaning.shift:
            name = self.node("Sub", [name, self.constant("shift back", meaning.shift)], "unshifted")
        if meaning.scale != 1.0:
            name = self.node("Div", [name, self.constant("scale back", meaning.scale)], "unscaled")
        return name

    def clip(self, name: str) -> str:
        if self._opset < _CLIP_BY_INPUTS:
            return self.node("Clip", [name], _OUTPUT, min=0.0, max=1.0)
        bounds = [self.constant("black", 0.0), self.constant("white", 1.0)]
        return self.node("Clip", [name, *bounds], _OUTPUT)


def _add_network(graph: onnx.GraphProto, network: onnx.GraphProto) -> None:
    """Put a copy of the network's nodes and weights into a graph."""
    copied = onnx.GraphProto()
    copied.CopyFrom(network)
    _rename(copied)
    graph.node.extend(copied.node)
    graph.initializer.extend(copied.initializer)
    graph.sparse_initializer.extend(copied.sparse_initializer)


def _rename(graph: onnx.GraphProto) -> None:
    """Begin every name with `_NETWORK`, inside the branches and loops too, which see the names outside."""
    for value in (*graph.input, *graph.output, *graph.value_info, *graph.initializer):
        value.name = _NETWORK + value.name
    for sparse in graph.sparse_initializer:
        sparse.values.name = _NETWORK + sparse.values.name
    for node in graph.node:
        node.name = ""  # the other way to be told apart; nothing refers to it
        for names in (node.input, node.output):
            names[:] = [_NETWORK + name if name else "" for name in names]  # empty: an option left out
        for attribute in node.attribute:
            for inner in (*attribute.graphs, *([attribute.g] if attribute.HasField("g") else [])):
                _rename(inner)
