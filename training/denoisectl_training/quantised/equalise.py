"""Makes the channels within a U-net's blocks equally large, so that 8 bits serve them all.

An 8-bit tensor has one scale for all its channels: the loudest sets it, and a quiet channel is left with a
few steps. A channel between a block's two convolutions can be multiplied by any positive number by the
first, and divided again by the second; the ReLU between them lets a positive factor through (Nagel et al.,
"Data-Free Quantization Through Weight Equalization and Bias Correction", 2019).
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import ExitStack

import torch
from torch import Tensor, nn

from denoisectl_training.networks.autoencoders import UNet
from denoisectl_training.networks.blocks import ResidualBlock, as_conv
from denoisectl_training.networks.model import DenoisingAutoencoder

_SHARE = 0.5  # of the unevenness that is moved into the weights, which have a scale for each output channel
_MOST = 16.0
_LOUD = 0.999  # of a channel's values in one image; the very largest would be chance


def equalise(model: DenoisingAutoencoder, network: UNet, images: Iterable[Tensor]) -> None:
    """Change the weights of `network` in place, so that what it computes stays and its channels are evener.

    Args:
        model: in eval mode.
        network: that of `model`.
        images: noisy photos, (B, 3, H, W) in [0, 1], that tell how loud each channel is.
    """
    loudness = _loudness(model, network, images)
    with torch.no_grad():
        for block in _blocks(network):
            first, second = as_conv(block.body[0]), as_conv(block.body[2])
            factor = _factors(loudness[first])
            first.weight *= factor.view(-1, 1, 1, 1)
            assert first.bias is not None
            first.bias *= factor
            second.weight /= factor.view(1, -1, 1, 1)


def _blocks(network: UNet) -> list[ResidualBlock]:
    return [module for module in network.modules() if isinstance(module, ResidualBlock)]


def _factors(loudness: Tensor) -> Tensor:
    """What brings each channel nearer to the mean of all."""
    loudness = loudness.clamp(min=1e-6)
    mean = loudness.log().mean().exp()
    return (mean / loudness).pow(_SHARE).clamp(1.0 / _MOST, _MOST)


def _loudness(
    model: DenoisingAutoencoder, network: UNet, images: Iterable[Tensor]
) -> dict[nn.Module, Tensor]:
    """The loudest values of each channel that a block's first convolution writes."""
    found: dict[nn.Module, Tensor] = {}

    def note(module: nn.Module, _: object, output: Tensor) -> None:
        flat = output.relu().transpose(0, 1).flatten(1)  # (C, B x h x w)
        loud = flat.kthvalue(max(1, int(_LOUD * flat.shape[1])), dim=1).values
        found[module] = torch.maximum(found.get(module, loud), loud)

    with ExitStack() as stack, torch.inference_mode():
        for block in _blocks(network):
            stack.callback(block.body[0].register_forward_hook(note).remove)
        for image in images:
            model(image)
    return {module: values.clone() for module, values in found.items()}
