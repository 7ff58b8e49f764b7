"""A network that computes in half precision between its ends, for GPUs that are faster at it.

What is delicate stays float32: colour conversion, scales and the output map, which lie outside the network,
and the convolutions that see the photo and write its correction. Weights between them are stored as float16.
The network is exported in this form; graphs converted afterwards were invalid, or cast back and forth.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable

import numpy as np
import onnx
import torch
from torch import Tensor, nn

from denoisectl.errors import ExportError
from denoisectl.pixels import Planes
from denoisectl_exports.graph import network_of, to_onnx
from denoisectl_training.networks.autoencoders import UNet
from denoisectl_training.networks.model import DenoisingAutoencoder

SAFE = 0.5 / 255.0
"""Largest difference to float32 with which no rounded pixel moves by more than one 8-bit level."""

_LARGEST = 2.0 / 255.0  # between two programs that round each sum to half precision in an order of their own


def to_float16(model: DenoisingAutoencoder) -> onnx.ModelProto:
    """The graph of `half_inside(model)`: float32 in and out.

    Raises:
        ExportError: as for `to_onnx`.
    """
    return to_onnx(half_inside(model), tolerance=_LARGEST)


def half_inside(model: DenoisingAutoencoder) -> DenoisingAutoencoder:
    """A copy in eval mode whose network is in half precision, but for its first and last convolution."""
    copied = copy.deepcopy(model)
    network = copied.network  # its ends are taken out before: halved weights would stay halved
    if isinstance(network, UNet):
        head, tail = copy.deepcopy((network.head, network.tail))
        network.half()
        network.add_module("head", _InFloat(head, torch.float16))
        network.add_module("tail", _InFloat(tail, torch.float32))
    else:
        first, last = copy.deepcopy((network.encoder[0], network.head))
        network.half()
        network.encoder[0] = _InFloat(first, torch.float16)
        network.add_module("head", _InFloat(last, torch.float32))
    return copied.eval()


def half_error(exact: onnx.ModelProto, half: onnx.ModelProto, images: Iterable[Planes]) -> float | None:
    """Largest difference in [0, 1] between two graphs over images (1, 3, H, W); None without images.

    Raises:
        ExportError: half precision does not hold the network's values.
    """
    one, other = network_of(exact), network_of(half)
    found = [_difference(one, other, image) for image in images]
    if not all(map(np.isfinite, found)):
        raise ExportError("half precision gives NaN or infinity on a photo; leave --precision float16 out")
    return max(found, default=None)


def _difference(one: Callable[[Planes], Planes], other: Callable[[Planes], Planes], image: Planes) -> float:
    return float(np.abs(one(image) - other(image)).max())


class _InFloat(nn.Module):
    """A part that computes in float32, whatever it is given, and hands on another type."""

    def __init__(self, part: nn.Module, gives: torch.dtype) -> None:
        super().__init__()
        self.part = part
        self.gives = gives

    def forward(self, x: Tensor) -> Tensor:
        """Compute wide, hand on as told."""
        y: Tensor = self.part(x.float()).to(self.gives)
        return y
