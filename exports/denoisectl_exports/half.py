"""Weights stored in half precision: half the file, and nothing that an 8-bit photo could show.

Only the storage is halved. A `Cast` before each tensor widens it again, which onnxruntime does once, when it
loads the file: what it then computes is float32 throughout, at the same speed.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from denoisectl.errors import ExportError
from denoisectl.pixels import Planes
from denoisectl_exports.graph import network_of
from denoisectl_training.weights.model_file import STORED_HALF

TOLERANCE = 0.1 / 255.0
"""Largest difference in any sample: a tenth of an 8-bit level."""

_SMALLEST = 1 << 16
"""Values of a tensor that is large; the finest level has few, and rounding them shows most (docs/decisions.md)."""


def with_half_weights(proto: onnx.ModelProto, images: Iterable[Planes]) -> onnx.ModelProto:
    """A copy of the graph whose large float32 tensors are stored as float16.

    Args:
        proto: a graph of `to_onnx` or `to_int8`.
        images: (1, 3, H, W) float32, 1.0 as white, on which the two are compared.

    Raises:
        ExportError: some sample moves by more than `TOLERANCE`.
    """
    halved = onnx.ModelProto()
    halved.CopyFrom(proto)
    casts = [_halve(tensor) for tensor in halved.graph.initializer if _is_large(tensor)]
    nodes = list(halved.graph.node)
    del halved.graph.node[:]
    halved.graph.node.extend([*casts, *nodes])
    onnx.checker.check_model(halved)
    before, after = network_of(proto), network_of(halved)
    moves = [float(np.abs(after(image) - before(image)).max()) for image in images]
    if not moves:
        raise ExportError("--weights float16 is measured on photos; name some with --photos")
    moved = float(np.max(moves))  # NaN, if there is any
    if not moved <= TOLERANCE:
        raise ExportError(
            f"--weights float16 moves a sample by {255 * moved:.2f} levels, more than {255 * TOLERANCE:g}; leave it out"
        )
    return halved


def _is_large(tensor: onnx.TensorProto) -> bool:
    return tensor.data_type == TensorProto.FLOAT and int(np.prod(tensor.dims)) >= _SMALLEST


def _halve(tensor: onnx.TensorProto) -> onnx.NodeProto:
    """Store `tensor` as float16 under another name; returns the node that gives it back under its own."""
    name = tensor.name
    values = numpy_helper.to_array(tensor).astype(np.float16)
    tensor.CopyFrom(numpy_helper.from_array(values, name + STORED_HALF))
    return helper.make_node("Cast", [name + STORED_HALF], [name], name=f"{name}_widen", to=TensorProto.FLOAT)
