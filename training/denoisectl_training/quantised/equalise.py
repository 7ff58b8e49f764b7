"""Makes a U-net's channels equally large, without changing what it computes, so that 8 bits serve them all.

An 8-bit tensor has one scale for all its channels: the loudest sets it, and a quiet channel is left with a
few steps. Where nothing but convolutions (and ReLU, which lets a positive factor through) touches a channel,
it can be multiplied by any positive number by those that write it and divided again by those that read it.
Two kinds of channels are of that sort: those inside a residual block, and the stream of a level, which its
blocks, its neighbours and its skip connection share (Nagel et al., "Data-Free Quantization Through Weight
Equalization and Bias Correction", 2019, did the first; the stream is free because no activation lies on it).
"""

from __future__ import annotations

import copy
from collections.abc import Iterable
from contextlib import ExitStack

import torch
from torch import Tensor, nn

from denoisectl_training.autoencoders import UNet
from denoisectl_training.blocks import ResidualBlock, as_conv, first_conv
from denoisectl_training.model import DenoisingAutoencoder

__all__ = ["equalised"]

_SHARE = 0.5  # of the unevenness that is moved into the weights, which have a scale for each output channel
_FINEST_SHARE = 1.0  # on the stream that the last convolution reads, whose weights are not rounded
_MOST = 16.0
_LOUD = 0.999  # of a channel's values in one image; the very largest would be chance

Ranges = dict[nn.Module, Tensor]


def equalised(model: DenoisingAutoencoder, images: Iterable[Tensor]) -> DenoisingAutoencoder:
    """A copy that computes the same with evener channels; the model itself if it is no U-net.

    Args:
        model: in eval mode.
        images: noisy photos, (B, 3, H, W) in [0, 1], that tell how loud each channel is.
    """
    if not isinstance(model.network, UNet):
        return model
    copied = copy.deepcopy(model)
    network = copied.network
    assert isinstance(network, UNet)
    loudness = _loudness(copied, network, images)
    with torch.no_grad():
        for block in _blocks(network):
            first, second = _convolutions(block)
            factor = _factors(loudness[first], _SHARE)
            _scale_outputs(first, factor)
            _scale_inputs(second, 1.0 / factor)
        for level in range(len(network.down_blocks)):
            _equalise_stream(network, level, loudness)
    return copied


def _blocks(network: UNet) -> list[ResidualBlock]:
    return [module for module in network.modules() if isinstance(module, ResidualBlock)]


def _convolutions(block: ResidualBlock) -> tuple[nn.Conv2d, nn.Conv2d]:
    first, second = block.body[0], block.body[2]
    assert isinstance(first, nn.Conv2d) and isinstance(second, nn.Conv2d)
    return first, second


def _equalise_stream(network: UNet, level: int, loudness: Ranges) -> None:
    """Scale the stream of one level where it is written, and undo it wherever it is read."""
    blocks = network.level_blocks(level)
    share = _FINEST_SHARE if level == 0 else _SHARE
    factor = _factors(torch.stack([loudness[block] for block in blocks]).amax(dim=0), share)
    bottom = len(network.down_blocks) - 1
    _scale_outputs(as_conv(network.head if level == 0 else network.down[level - 1]), factor)
    _scale_inputs(first_conv(network.tail if level == 0 else network.up[level - 1]), 1.0 / factor)
    for block in blocks:
        first, second = _convolutions(block)
        _scale_inputs(first, 1.0 / factor)
        _scale_outputs(second, factor)
    if level < bottom:
        _scale_inputs(as_conv(network.down[level]), 1.0 / factor)
        # A pixel shuffle makes one channel of four, which lie side by side.
        _scale_outputs(first_conv(network.up[level]), factor.repeat_interleave(4))


def _scale_outputs(conv: nn.Conv2d, factor: Tensor) -> None:
    conv.weight *= factor.view(-1, 1, 1, 1)
    assert conv.bias is not None
    conv.bias *= factor


def _scale_inputs(conv: nn.Conv2d, factor: Tensor) -> None:
    conv.weight *= factor.view(1, -1, 1, 1)


def _factors(loudness: Tensor, share: float) -> Tensor:
    """What brings each channel nearer to the mean of all."""
    loudness = loudness.clamp(min=1e-6)
    mean = loudness.log().mean().exp()
    return (mean / loudness).pow(share).clamp(1.0 / _MOST, _MOST)


def _loudness(model: DenoisingAutoencoder, network: UNet, images: Iterable[Tensor]) -> Ranges:
    """The loudest values of each channel: within the blocks, by first convolution, and on the stream, by block."""
    found: Ranges = {}

    def note(module: nn.Module, values: Tensor) -> None:
        flat = values.transpose(0, 1).flatten(1)  # (C, B x h x w)
        loud = flat.kthvalue(max(1, int(_LOUD * flat.shape[1])), dim=1).values
        found[module] = torch.maximum(found.get(module, loud), loud)

    with ExitStack() as stack, torch.inference_mode():
        for block in _blocks(network):
            first, _ = _convolutions(block)
            hooks = (
                first.register_forward_hook(lambda module, _, output: note(module, output.relu())),
                block.register_forward_hook(
                    lambda module, inputs, output: note(module, torch.maximum(inputs[0].abs(), output.abs()))
                ),
            )
            for hook in hooks:
                stack.callback(hook.remove)
        for image in images:
            model(image)
    return {module: values.clone() for module, values in found.items()}
