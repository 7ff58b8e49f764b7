"""The four corruptions of section 18.4.4, and Poisson noise, as pure functions of (clean, generator).

Each takes `(B, 3, H, W)` float32 sRGB in [0, 1] on any device and a generator of that device, and returns a
corrupted copy; the parameters are drawn anew for each image of the batch. Nothing is clipped but where
said: rounding and clipping belong to the camera, or to the caller.
"""

from __future__ import annotations

import torch
from torch import Generator, Tensor
from torch.nn import functional as F


def uniform(clean: Tensor, generator: Generator, low: float, high: float) -> Tensor:
    """One number in [low, high) for each image, `(B, 1, 1, 1)`."""
    draw = torch.rand((len(clean), 1, 1, 1), generator=generator, device=clean.device)
    return low + (high - low) * draw


def chance(clean: Tensor, generator: Generator, probability: float) -> bool:
    """One throw for the whole batch."""
    return bool(torch.rand((), generator=generator, device=clean.device) < probability)


def _normal_like(clean: Tensor, generator: Generator) -> Tensor:
    return torch.randn(clean.shape, generator=generator, device=clean.device)


def gaussian(clean: Tensor, generator: Generator, sigma: float = 50.0, *, fixed: bool = False) -> Tensor:
    """Add Gaussian noise whose sigma is drawn from [0, `sigma`) 8-bit levels, or is `sigma` if `fixed`."""
    level = uniform(clean, generator, sigma if fixed else 0.0, sigma) / 255.0
    return clean + level * _normal_like(clean, generator)


def poisson(clean: Tensor, generator: Generator, noise: float = 0.1, *, fixed: bool = False) -> Tensor:
    """Replace each value by a Poisson count of mean `value * peak`, divided by `peak`.

    The peak count is drawn so that the noise at white, 1 / sqrt(peak), is uniform in [0.005, `noise`], or
    is `noise` if `fixed` or below that.
    """
    peak = uniform(clean, generator, noise if fixed else min(0.005, noise), noise).square().reciprocal()
    return torch.poisson(clean.clamp(min=0.0) * peak, generator=generator) / peak


def salt_and_pepper(clean: Tensor, generator: Generator, share: float = 0.05) -> Tensor:
    """Set a fixed `share` of the pixels, all channels together, to 0 or 1, half each."""
    draw = torch.rand((len(clean), 1, *clean.shape[2:]), generator=generator, device=clean.device)
    return torch.where(draw < share / 2, 0.0, torch.where(draw < share, 1.0, clean))


def gaussian_blur(images: Tensor, sigma: Tensor) -> Tensor:
    """Blur each image of `(B, C, H, W)` with its own Gaussian, `sigma` of shape `(B, 1, 1, 1)` in pixels."""
    batch, channels, height, width = images.shape
    radius = max(1, min(int(torch.ceil(3.0 * sigma.max())), height - 1, width - 1))
    offsets = torch.arange(-radius, radius + 1, dtype=torch.float32, device=images.device)
    kernel = torch.exp(-0.5 * (offsets / sigma.reshape(batch, 1).clamp(min=1e-3)).square())
    kernel = (kernel / kernel.sum(dim=1, keepdim=True)).repeat_interleave(channels, dim=0)
    stacked = F.pad(images, (radius,) * 4, mode="reflect").reshape(
        1, batch * channels, height + 2 * radius, -1
    )
    columns = F.conv2d(stacked, kernel[:, None, :, None], groups=batch * channels)
    return F.conv2d(columns, kernel[:, None, None, :], groups=batch * channels).reshape(images.shape)


def blur(clean: Tensor, generator: Generator, sigma: float = 3.0, *, fixed: bool = False) -> Tensor:
    """Blur with a Gaussian whose sigma is drawn from [0, `sigma`) pixels, or is `sigma` if `fixed`."""
    return gaussian_blur(clean, uniform(clean, generator, sigma if fixed else 0.0, sigma))


def knockout(
    clean: Tensor, generator: Generator, side: float = 9, share: float = 0.02, *, fixed: bool = False
) -> Tensor:
    """Set random blocks to zero: sides drawn from 1 to `side` pixels (or all `side`, if `fixed`).

    Blocks begin anywhere, beyond the borders too, with a probability chosen so that about `share` of the image
    is knocked out, whatever the sides.
    """
    largest, (height, width) = int(side), clean.shape[2:]
    hit = torch.zeros((len(clean), 1, height, width), device=clean.device)
    sides = [largest] if fixed else range(1, largest + 1)
    for each in sides:
        # Equal areas for all sides: the chance of a block falls with its area.
        probability = share / len(sides) / each**2
        places = len(clean), 1, height + each - 1, width + each - 1
        seeds = (torch.rand(places, generator=generator, device=clean.device) < probability).float()
        hit = torch.maximum(hit, F.max_pool2d(seeds, each, stride=1))
    return clean * (1.0 - hit)
