"""Where a denoiser in a camera does not dare, and leaves noise as it was."""

from __future__ import annotations

import torch
from torch import Generator, Tensor
from torch.nn import functional as F

from denoisectl_training.corruption.basic import uniform


def left_alone(noise: Tensor, clean: Tensor, generator: Generator) -> Tensor:
    """The share of its noise that each pixel keeps, `(B, 1, H, W)`: above 0 only where a denoiser does not dare.

    In some images that is nowhere, in others at edges and in texture, where single values stand out (coring, non-local
    means), or in the shadows. A network that has only seen noise which is alike everywhere takes such remains for
    detail.
    """
    mean = (clean + noise).mean(dim=1, keepdim=True)
    sigma = noise.std(dim=(1, 2, 3), keepdim=True).clamp(min=1e-6)
    spread = _around(mean.square()) - _around(mean).square()
    busy = 1.0 - 1.0 / (1.0 + spread.clamp(min=0.0) / (uniform(noise, generator, 1.0, 6.0) * sigma).square())
    loud = noise.abs().amax(dim=1, keepdim=True) / (uniform(noise, generator, 1.0, 4.0) * sigma)
    standing_out = F.max_pool2d(1.0 - 1.0 / (1.0 + loud**4), 3, 1, 1)
    brightness = clean.amax(dim=1, keepdim=True).clamp(0.0, 1.0).sqrt()
    dark = (1.0 - brightness) ** uniform(noise, generator, 0.5, 4.0)
    chosen = 5.0 * uniform(noise, generator, 0.0, 1.0)  # two fifths are left alone nowhere
    where = torch.where(chosen < 1.0, busy, torch.where(chosen < 2.0, standing_out, dark))
    return torch.where(chosen < 3.0, where * uniform(noise, generator, 0.3, 1.0), 0.0)


def _around(plane: Tensor) -> Tensor:
    """Mean of the 7 x 7 pixels around each; zeros beyond the border would make every border an edge."""
    return F.avg_pool2d(plane, 7, 1, 3, count_include_pad=False)
