"""The size of a network: parameters and multiply-adds a pixel."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from denoisectl_training.networks.model import DenoisingAutoencoder
from denoisectl_training.networks.modes import evaluating


@dataclass(frozen=True, slots=True)
class Profile:
    """What a network costs."""

    parameters: int
    macs_per_pixel: float
    """Multiply-adds of all convolutions for one pixel of the image."""


def profile(model: DenoisingAutoencoder) -> Profile:
    """Count parameters, and multiply-adds by running one small image through the network's convolutions."""
    side = 8 * model.multiple_of
    total = 0

    def count(module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        nonlocal total
        assert isinstance(module, nn.Conv2d)
        total += module.weight.numel() * output.shape[2] * output.shape[3]

    handles = [
        module.register_forward_hook(count) for module in model.modules() if isinstance(module, nn.Conv2d)
    ]
    try:
        with evaluating(model), torch.no_grad():  # batch normalisation must not learn from the probe
            probe = torch.zeros(1, 3, side, side, device=next(model.parameters()).device)
            model.network(model.planes(probe))
    finally:
        for handle in handles:
            handle.remove()
    return Profile(sum(p.numel() for p in model.parameters()), total / side**2)
