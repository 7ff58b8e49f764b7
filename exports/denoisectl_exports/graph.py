"""A trained network as an ONNX graph in memory, and the proof that the two agree."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
import onnx
import onnxruntime
import torch

from denoisectl.errors import ExportError
from denoisectl.pixels import Planes
from denoisectl.tiles.tiling import round_up
from denoisectl_training.networks.model import DenoisingAutoencoder

OPSET = 18
"""Newer opsets bring operators whose CUDA kernels came late or are missing, and silently run on the CPU."""

COMPARED_ON = ((1, 64, 64), (3, 40, 136), (2, 200, 72))
"""Batch, height and width of the images on which an exported graph is held to what it comes from."""

_INPUT, _OUTPUT = "image", "denoised"
_TOLERANCE = 1e-4  # a fortieth of an 8-bit level
_log = logging.getLogger("denoisectl")


def to_onnx(model: DenoisingAutoencoder, *, tolerance: float = _TOLERANCE) -> onnx.ModelProto:
    """Export `model` and check it against PyTorch at three sizes, within `tolerance` in [0, 1].

    The graph maps `image`, `(batch, 3, height, width)` float32 sRGB in [0, 1], to `denoised` of the same
    shape and range; height and width must divide by `model.multiple_of`.

    Raises:
        ExportError: the model is in train mode, or the graph disagrees with it.
    """
    if any(module.training for module in model.modules()):
        raise ExportError("the network is in train mode, where batch statistics change it; call eval() first")
    side = 16 * model.multiple_of
    example = torch.rand(2, 3, side, side + model.multiple_of)
    with _quiet_exporter():
        program = torch.onnx.export(
            model,
            (example,),
            dynamo=True,
            opset_version=OPSET,
            input_names=[_INPUT],
            output_names=[_OUTPUT],
            dynamic_shapes={"rgb": {0: "batch", 2: "height", 3: "width"}},
            external_data=False,
            verbose=False,
        )
    assert program is not None
    proto = program.model_proto
    _name_output_axes(proto)
    forget_traces(proto)
    check_against(model, proto, tolerance=tolerance)
    return proto


def check_against(
    model: DenoisingAutoencoder, proto: onnx.ModelProto, *, tolerance: float = _TOLERANCE
) -> None:
    """See that a graph is valid and computes what `model` does at three sizes, within `tolerance` in [0, 1].

    Raises:
        ExportError: it does not.
    """
    onnx.checker.check_model(proto, full_check=True)
    difference = largest_difference(model, proto)
    if not difference <= tolerance:
        raise ExportError(
            f"the exported graph differs from PyTorch by {difference:.2g}, more than {tolerance:g}; nothing written"
        )
    _log.info("onnxruntime agrees with PyTorch within %.2g at three sizes", difference)


def largest_difference(model: DenoisingAutoencoder, proto: onnx.ModelProto) -> float:
    """Largest absolute difference between PyTorch and onnxruntime over three batch sizes and shapes."""
    network = network_of(proto)
    generator, multiple = torch.Generator().manual_seed(0), model.multiple_of
    differences = []
    for batch, height, width in COMPARED_ON:
        shape = (batch, 3, round_up(height, multiple), round_up(width, multiple))
        image = torch.rand(shape, generator=generator)
        with torch.inference_mode():
            expected = model(image)
        found = torch.from_numpy(network(image.numpy()))
        differences.append((found - expected).abs().max().item())
    return float(np.max(differences))  # NaN, if there is any


def network_of(proto: onnx.ModelProto) -> Callable[[Planes], Planes]:
    """The file as a function from `(B, 3, h, w)` float32 to the same shape, on the processor."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(
        proto.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )

    def run(images: Planes) -> Planes:
        denoised: Planes = session.run([_OUTPUT], {_INPUT: images})[0]
        return denoised

    return run


def _name_output_axes(proto: onnx.ModelProto) -> None:
    """Call the output's axes what the input's are called: sizes divide, so they are equal."""
    shape = proto.graph.output[0].type.tensor_type.shape
    for axis, name in ((0, "batch"), (2, "height"), (3, "width")):
        shape.dim[axis].dim_param = name


def forget_traces(proto: onnx.ModelProto) -> None:
    """Drop what an exporter notes of where it ran: stack traces with the paths of somebody's machine."""
    graph = proto.graph
    for part in (graph, *graph.node, *graph.input, *graph.output, *graph.value_info, *graph.initializer):
        del part.metadata_props[:]
        part.doc_string = ""


@contextmanager
def _quiet_exporter() -> Iterator[None]:
    """Keep torch's exporter from speaking of torchvision and of its own deprecated internals."""
    logger = logging.getLogger("torch.onnx._internal.exporter._registration")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", category=FutureWarning, message=".*LeafSpec.*")
            yield
    finally:
        logger.setLevel(level)
