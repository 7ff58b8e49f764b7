"""Noise as it is found in developed photos, whatever the camera did inside: added to the finished picture.

A simulated camera has one maker's order of stages; phones stack frames, cut noise into bands and keep their recipes
to themselves. What they leave has few traits: grain of some coarseness, coloured blotches coarser than that, more of
both at some brightnesses than at others, and noise left alone in places. Each is drawn over all that photography has.
"""

from __future__ import annotations

import math

import torch
from torch import Generator, Tensor
from torch.nn import functional as F

from denoisectl_training.corruption.basic import chance, gaussian_blur, uniform
from denoisectl_training.corruption.frames import enlarged
from denoisectl_training.corruption.jpeg import saved
from denoisectl_training.corruption.left_alone import left_alone


def developed(clean: Tensor, generator: Generator, *, rescaled: bool = True) -> tuple[Tensor, Tensor]:
    """A photo with the noise that developed photos have, and the same without it.

    Args:
        clean: `(B, 3, H, W)` float32 sRGB in [0, 1]; H and W multiples of 16.
        generator: of the device that `clean` is on.
        rescaled: whether some frames show a part of the photo enlarged; if not, every pixel stays where it is.

    Returns:
        `(noisy, target)`, each like `clean`; the target is as soft as frames are at the size they are taken in.
    """
    target = enlarged(clean, generator) if rescaled and chance(clean, generator, 0.6) else clean
    if chance(clean, generator, 0.5):  # the lens
        target = gaussian_blur(target, uniform(clean, generator, 0.4, 1.0))
    noise = _grain(target, generator) + _blotches(target, generator)
    levels = _log_uniform(clean, generator, 0.7, 16.0)
    noise = levels / 255.0 * _by_brightness(target, generator) * noise
    sharp = levels / 255.0 * torch.randn(clean.shape, generator=generator, device=clean.device)
    noise = torch.lerp(noise, sharp, left_alone(sharp, target, generator))
    noisy = (target + noise).clamp(0.0, 1.0)
    return (saved(noisy, generator) if chance(clean, generator, 0.75) else noisy), target


def _grain(like: Tensor, generator: Generator) -> Tensor:
    """Brightness noise of unit power, `(B, 1, H, W)`: smoothed, with some sharp and some coarse in it."""
    # Drawn apart: one draw mirrored would meet itself in the middle of every crop, and be coarser there.
    first, second, third = _white(like, 3, generator).chunk(3, dim=1)
    smooth = _unit(gaussian_blur(first, uniform(like, generator, 0.4, 1.8)))
    coarse = _unit(gaussian_blur(second, uniform(like, generator, 1.5, 6.0)))
    some_sharp = uniform(like, generator, 0.0, 1.0).square()
    some_coarse = 0.6 * uniform(like, generator, 0.0, 1.0).square()
    return _unit(smooth + some_sharp * third + some_coarse * coarse)


def _blotches(like: Tensor, generator: Generator) -> Tensor:
    """Colour noise `(B, 3, H, W)` that leaves luma as it is, 0.15 to 1.5 times as strong as the grain."""
    first, second = _white(like, 4, generator).chunk(2, dim=1)
    smooth = _unit(gaussian_blur(first, _log_uniform(like, generator, 0.7, 5.0)))
    coarse = _unit(gaussian_blur(second, _log_uniform(like, generator, 2.0, 8.0)))
    blue, red = (smooth + uniform(like, generator, 0.0, 1.0) * coarse).chunk(2, dim=1)
    red = uniform(like, generator, 0.7, 1.4) * red
    green = -(0.299 * 1.402 * red + 0.114 * 1.772 * blue) / 0.587
    colours = torch.cat([1.402 * red, green, 1.772 * blue], dim=1)
    return _log_uniform(like, generator, 0.15, 1.5) * _unit(colours)


def _by_brightness(target: Tensor, generator: Generator) -> Tensor:
    """How strong noise is at each pixel's brightness, `(B, 1, H, W)`, 1 at most: shot noise, gamma and tone curve."""
    brightness = F.avg_pool2d(target.mean(dim=1, keepdim=True), 3, 1, 1, count_include_pad=False)
    rise, fall = uniform(target, generator, 0.0, 0.8), uniform(target, generator, 0.0, 1.0)
    peak = (1.04 * rise / (rise + fall) - 0.02).clamp(0.0, 1.0)

    def curve(at: Tensor) -> Tensor:
        return (at + 0.02) ** rise * (1.02 - at) ** fall

    return curve(brightness) / curve(peak)


def _white(like: Tensor, planes: int, generator: Generator) -> Tensor:
    return torch.randn((len(like), planes, *like.shape[2:]), generator=generator, device=like.device)


def _log_uniform(like: Tensor, generator: Generator, low: float, high: float) -> Tensor:
    return uniform(like, generator, math.log(low), math.log(high)).exp()


def _unit(field: Tensor) -> Tensor:
    """Scaled to a mean power of 1 over each image."""
    return field / field.square().mean(dim=(1, 2, 3), keepdim=True).sqrt().clamp(min=1e-6)
