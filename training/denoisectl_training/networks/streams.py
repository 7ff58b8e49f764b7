"""The stream of a U-net's level: which convolutions write it and read it, and how to write it in another basis.

No activation lies on a stream: convolutions write it, sums add to it, convolutions read it. So it can be
multiplied by one matrix where it is written and by another where it is read.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from denoisectl_training.networks.autoencoders import UNet
from denoisectl_training.networks.blocks import as_conv, first_conv


def writers(network: UNet, level: int) -> list[nn.Conv2d]:
    """The convolutions that write a level's stream, but for the one whose output is pixel-shuffled; its entry first."""
    entry = network.head if level == 0 else network.down[level - 1]
    return [as_conv(entry), *(as_conv(block.body[2]) for block in network.level_blocks(level))]


def readers(network: UNet, level: int) -> list[nn.Conv2d]:
    """The convolutions that read a level's stream."""
    after = network.tail if level == 0 else network.up[level - 1]
    further = [as_conv(network.down[level])] if level < len(network.down) else []
    return [*(as_conv(block.body[0]) for block in network.level_blocks(level)), first_conv(after), *further]


@torch.no_grad()
def change_basis(network: UNet, level: int, into: Tensor, back: Tensor) -> None:
    """Write a level's stream multiplied by one matrix, and read it multiplied by the other.

    Args:
        network: changed in place.
        level: 0 is the finest.
        into: `(D, C)` float64, for the C channels that the stream has.
        back: `(C, D)` float64; what the network computes stays as it is where `back @ into` is the identity.
    """
    for conv in writers(network, level):
        _transform_outputs(conv, into)
    if level < len(network.up):
        # A pixel shuffle makes one channel of four, which lie side by side.
        _transform_outputs(
            first_conv(network.up[level]), torch.kron(into.contiguous(), torch.eye(4, dtype=into.dtype))
        )
    for conv in readers(network, level):
        weight = torch.einsum("oihw,ip->ophw", conv.weight.double(), back)
        set_weights(conv, weight, conv.bias)


def _transform_outputs(conv: nn.Conv2d, matrix: Tensor) -> None:
    assert conv.bias is not None
    weight = torch.einsum("po,oihw->pihw", matrix, conv.weight.double())
    set_weights(conv, weight, matrix @ conv.bias.double())


def set_weights(conv: nn.Conv2d, weight: Tensor, bias: Tensor | None) -> None:
    """Give a convolution `(O, I, h, w)` weights and an `(O,)` bias, of other widths than before if need be."""
    conv.weight = nn.Parameter(weight.float().contiguous())
    conv.bias = None if bias is None else nn.Parameter(bias.float().contiguous())
    conv.out_channels, conv.in_channels = weight.shape[:2]
