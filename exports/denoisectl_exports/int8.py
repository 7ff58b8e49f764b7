"""A float32 graph in 8-bit integers, for processors: static, calibrated on real photos, both ends in float.

Weights are signed, with a scale for each output channel, at which no processor clips a sum; activations are
unsigned, with a scale for each tensor. The first convolution sees the photo and the last one writes the
correction that is added to it: an 8-bit step there would be a step in the picture, and so would one in what the
last one reads, but for a sum of two tensors that are in 8 bits themselves. A network that was trained with
this rounding (`denoisectl_training.quantised`) brings its ranges; for others they are measured.
"""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from onnxruntime.quantization import CalibrationDataReader, CalibrationMethod, QuantType, create_calibrator
from onnxruntime.quantization.calibrate import TensorsData
from onnxruntime.quantization.qdq_quantizer import QDQQuantizer

from denoisectl.pixels import Planes
from denoisectl_exports.channels_last import with_channels_last
from denoisectl_training.quantised import Range, weight_steps

SIDE = 256
"""Photos are calibrated on in squares of this side: their histograms have to have one shape."""

_PERCENTILE = 99.98
"""Of a tensor's values; the rest is clipped. Measured: docs/speed.md."""
_TOGETHER = 4  # photos whose activations are held at once, about 70 MB each
_KINDS = ["Conv", "Relu", "Add", "Concat", "DepthToSpace", "Resize"]
_WEIGHTS = "network."  # the network's own; convolutions outside it smooth colour


def to_int8(proto: onnx.ModelProto, ranges: TensorsData) -> onnx.ModelProto:
    """Quantise a copy of the graph.

    Args:
        proto: a float32 graph of `to_onnx`.
        ranges: of `measured_ranges` or `learned_ranges`, for this graph.
    """
    with _quiet():
        quantizer = QDQQuantizer(
            _copy(proto),
            per_channel=True,
            reduce_range=False,
            weight_qType=QuantType.QInt8,
            activation_qType=QuantType.QUInt8,
            tensors_range=ranges,
            nodes_to_quantize=[node.name for node in _inner_nodes(proto.graph)],
            nodes_to_exclude=[],
            op_types_to_quantize=_KINDS,
            extra_options={"TensorQuantOverrides": _weight_steps(proto.graph)},
        )
        quantizer.quantize_model()
    quantised: onnx.ModelProto = quantizer.model.model
    return with_channels_last(quantised)


def _inner_nodes(graph: onnx.GraphProto) -> list[onnx.NodeProto]:
    """What lies between the first and the last convolution, but for what the last one reads, if it is no sum."""
    places = [place for place, node in enumerate(graph.node) if _is_network_convolution(node)]
    read_last = graph.node[places[-1]].input[0]
    inner = graph.node[places[0] + 1 : places[-1]]
    return [
        node
        for node in inner
        if node.op_type in _KINDS and (node.op_type == "Add" or read_last not in node.output)
    ]


def _weight_steps(graph: onnx.GraphProto) -> dict[str, list[dict[str, Any]]]:
    """The quantiser's own steps would let sums of two products be clipped on some processors."""
    tensors = {tensor.name: tensor for tensor in graph.initializer}
    steps = {}
    for name in (node.input[1] for node in _inner_nodes(graph) if node.op_type == "Conv"):
        weight = torch.from_numpy(numpy_helper.to_array(tensors[name]).copy())
        steps[name] = [
            {"axis": 0, "scale": step, "zero_point": np.int8(0)} for step in weight_steps(weight).numpy()
        ]
    return steps


def _is_network_convolution(node: onnx.NodeProto) -> bool:
    return node.op_type == "Conv" and node.input[1].startswith(_WEIGHTS)


def learned_ranges(proto: onnx.ModelProto, ranges: Sequence[Range]) -> TensorsData:
    """Give a network's own ranges to the tensors of its graph.

    Args:
        proto: the float32 graph of the network.
        ranges: of `ranges_in_order`: the first convolution, then every convolution and sum inside.
    """
    first = next(node for node in proto.graph.node if _is_network_convolution(node))
    inner = _inner_nodes(proto.graph)
    rounded = [first, *(node for node in inner if node.op_type in ("Conv", "Add"))]
    found = {node.output[0]: both for node, both in zip(rounded, ranges, strict=True)}
    for node in inner:
        if node.op_type in ("Relu", "DepthToSpace"):  # neither makes values that its input has no level for
            found[node.output[0]] = found[node.input[0]]
    data = {name: (np.float32(low), np.float32(high)) for name, (low, high) in found.items()}
    return TensorsData(CalibrationMethod.MinMax, data)


def measured_ranges(proto: onnx.ModelProto, images: Sequence[Planes]) -> TensorsData:
    """Measure the range of every tensor, a few photos at a time.

    Args:
        proto: a float32 graph of `to_onnx`.
        images: what the network will meet: (1, 3, H, W) float32, 1.0 as white, sides of at least `SIDE`.
    """
    with TemporaryDirectory() as folder, _quiet():
        source = Path(folder) / "float32.onnx"
        onnx.save(proto, source)
        calibrator = create_calibrator(
            source,
            _KINDS,
            augmented_model_path=str(Path(folder) / "calibrate.onnx"),
            calibrate_method=CalibrationMethod.Percentile,
            extra_options={"percentile": _PERCENTILE},
        )
        for start in range(0, len(images), _TOGETHER):
            calibrator.collect_data(_Reader(images[start : start + _TOGETHER]))
        return calibrator.compute_data()


class _Reader(CalibrationDataReader):  # type: ignore[misc]  # onnxruntime has no types
    """Hands squares of photos to the calibrator."""

    def __init__(self, images: Sequence[Planes]) -> None:
        self._images: Iterator[Planes] = iter(images)

    def get_next(self) -> dict[str, Planes] | None:
        """The next photo's middle, or None after the last."""
        image = next(self._images, None)
        return None if image is None else {"image": _middle(image)}


def _middle(image: Planes) -> Planes:
    top, left = ((size - SIDE) // 2 for size in image.shape[2:])
    return np.ascontiguousarray(image[:, :, top : top + SIDE, left : left + SIDE])


def _copy(proto: onnx.ModelProto) -> onnx.ModelProto:
    copy = onnx.ModelProto()
    copy.CopyFrom(proto)
    return copy


@contextmanager
def _quiet() -> Iterator[None]:
    """The quantiser prints to stdout, and advises by its root logger what was done before it is asked."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with redirect_stdout(io.StringIO()):
            yield
    finally:
        logging.disable(before)
