"""Parameters and multiply-adds of a graph, counted where it runs: shapes that no inference could tell are met there."""

from __future__ import annotations

import math

import numpy as np
import onnx
from onnx import TensorProto, helper

from denoisectl_exports.adopted.foreign import Array, Foreign, open_session

_WEIGHTS = {TensorProto.FLOAT, TensorProto.FLOAT16, TensorProto.INT8, TensorProto.UINT8}
_KINDS = ("Conv", "ConvTranspose", "MatMul", "Gemm")


def parameters(proto: onnx.ModelProto) -> int:
    """Values in the weights; integers of 64 bits are shapes and indices."""
    weights = (tensor for tensor in proto.graph.initializer if tensor.data_type in _WEIGHTS)
    return sum(math.prod(tensor.dims) for tensor in weights)


def multiply_adds(foreign: Foreign, array: Array) -> int:
    """Multiply-adds of the convolutions and matrix products for one input; those inside loops are left out."""
    counting = onnx.ModelProto()
    counting.CopyFrom(foreign.proto)
    counted = [node for node in foreign.proto.graph.node if node.op_type in _KINDS]
    wanted = [name for node in counted for name in (*node.input[:2], node.output[0])]
    names = {name: f"adopted shape {place}" for place, name in enumerate(dict.fromkeys(wanted))}
    for name, shape in names.items():
        counting.graph.node.append(helper.make_node("Shape", [name], [shape]))
        counting.graph.output.append(helper.make_tensor_value_info(shape, TensorProto.INT64, [None]))
    if not names:
        return 0
    found = open_session(counting).run(list(names.values()), {foreign.input: array})
    shapes = dict(zip(names, (tuple(map(int, np.atleast_1d(shape))) for shape in found), strict=True))
    return sum(_of(node, shapes) for node in counted)


def _of(node: onnx.NodeProto, shapes: dict[str, tuple[int, ...]]) -> int:
    """One for each weight that a value of the output sees; in a transposed convolution, a value of the input."""
    source, weights, result = shapes[node.input[0]], shapes[node.input[1]], shapes[node.output[0]]
    if node.op_type == "Conv":
        return math.prod(result) * math.prod(weights[1:])
    if node.op_type == "ConvTranspose":
        return math.prod(source) * math.prod(weights[1:])
    transposed = any(attribute.name == "transA" and attribute.i for attribute in node.attribute)
    return math.prod(result) * source[0 if transposed else -1]
