"""Chooses the basis of each level's stream, without changing what a U-net computes, so that rounding shows least.

A stream can be multiplied by any invertible matrix where it is written and by the inverse where it is read. In the
network's own basis some channels are loud and matter little, others are quiet and matter much, and 8 bits
give all of them the same steps. In a balanced basis, how loud a direction is and how far the output follows
it are the same: with C the mean of x x' over the stream's pixels and S the mean of g g' over the gradients
of the output there, the M with M C M' = M^-T S M^-1. No other basis of this loudness has less of the
rounding arrive at the output (control theory balances a system's states so: Moore, "Principal Component
Analysis in Linear Systems", 1981). A rotation is left free; a random one makes the channels alike.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import ExitStack

import torch
from torch import Tensor, nn

from denoisectl_training.networks.autoencoders import UNet
from denoisectl_training.networks.model import DenoisingAutoencoder
from denoisectl_training.networks.streams import change_basis, writers

_SEED = 1
_SMALLEST = 1e-9  # of the largest eigenvalue: directions that no image takes

Gramians = tuple[Tensor, Tensor]
"""C and S of a stream, (channels, channels) float64."""


def balance(model: DenoisingAutoencoder, network: UNet, images: Iterable[Tensor]) -> None:
    """Change the weights of `network` in place, so that the streams of all levels are balanced.

    Args:
        model: in eval mode.
        network: that of `model`.
        images: noisy photos, (B, 3, H, W) in [0, 1], that tell what the streams carry.
    """
    gramians = _measured(model, network, images)
    generator = torch.Generator().manual_seed(_SEED)
    for level, (loudness, sensitivity) in enumerate(gramians):
        basis = balanced_basis(loudness, sensitivity)
        rotation = torch.linalg.qr(torch.randn(basis.shape, generator=generator, dtype=basis.dtype)).Q
        into = rotation @ basis
        change_basis(network, level, into, torch.linalg.inv(into))


def balanced_basis(loudness: Tensor, sensitivity: Tensor) -> Tensor:
    """The symmetric M that leaves the stream's mean square as it is, and with it the size of weights and their steps.

    Args:
        loudness: C, (channels, channels) float64, symmetric, no eigenvalue negative.
        sensitivity: S, of the same kind.
    """
    root, inverse = _power(loudness, 0.5), _power(loudness, -0.5)
    basis = _power(inverse @ _power(root @ sensitivity @ root, 0.5) @ inverse, 0.5)
    return basis * (loudness.trace() / (basis @ loudness @ basis).trace()).sqrt()


def _power(matrix: Tensor, exponent: float) -> Tensor:
    """Of a symmetric matrix without negative eigenvalues."""
    values, vectors = torch.linalg.eigh(matrix)
    values = values.clamp(min=max(_SMALLEST * values[-1].item(), torch.finfo(values.dtype).tiny))
    result: Tensor = (vectors * values.pow(exponent)) @ vectors.T
    return result


def _measured(model: DenoisingAutoencoder, network: UNet, images: Iterable[Tensor]) -> list[Gramians]:
    """Both matrices of every level; gradients are those of random weighings of the output."""
    levels = [_written(network, level) for level in range(len(network.down_blocks))]
    streams: dict[nn.Module, Tensor] = {}
    totals: dict[nn.Module, Gramians] = {}
    generator = torch.Generator().manual_seed(_SEED)

    def note(module: nn.Module, _: object, output: Tensor) -> None:
        streams[module] = output

    with ExitStack() as stack, torch.enable_grad():
        for writer in (writer for level in levels for writer in level):
            stack.callback(writer.register_forward_hook(note).remove)
        for image in images:
            output = model(image)
            weighing = torch.randn(output.shape, generator=generator)
            gradients = torch.autograd.grad(output, list(streams.values()), weighing)
            for (writer, values), gradient in zip(streams.items(), gradients, strict=True):
                found = _gram(values.detach()), _gram(gradient)
                totals[writer] = _sum((totals[writer], found)) if writer in totals else found
    return [_sum(totals[writer] for writer in level) for level in levels]


def _sum(gramians: Iterable[Gramians]) -> Gramians:
    loudness, sensitivity = zip(*gramians, strict=True)
    return torch.stack(loudness).sum(dim=0), torch.stack(sensitivity).sum(dim=0)


def _gram(values: Tensor) -> Tensor:
    """`(B, C, h, w)` to the mean of x x' over all pixels, `(C, C)`."""
    flat = values.transpose(0, 1).flatten(1)
    return (flat @ flat.T / flat.shape[1]).double()


def _written(network: UNet, level: int) -> list[nn.Module]:
    """The modules whose outputs are the stream of a level."""
    sums = [block.sum for block in network.level_blocks(level)]
    return [writers(network, level)[0], *sums, *network.merge[level : level + 1]]
