"""JPEG's loss without its file: colour transform, chroma subsampling, block cosine transform, quantisation.

Batched torch on any device, because a batch of crops through a real codec would leave a GPU waiting.
Tables: ITU-T T.81 annex K, scaled by quality as the Independent JPEG Group's library does.
"""

from __future__ import annotations

import math

import torch
from torch import Generator, Tensor
from torch.nn import functional as F

from denoisectl_training.corruption.basic import chance, uniform

_LUMA = (
    16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55, 14, 13, 16, 24, 40, 57, 69, 56,
    14, 17, 22, 29, 51, 87, 80, 62, 18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113, 92,
    49, 64, 78, 87, 103, 121, 120, 101, 72, 92, 95, 98, 112, 100, 103, 99,
)  # fmt: skip
_CHROMA = (
    17, 18, 24, 47, 99, 99, 99, 99, 18, 21, 26, 66, 99, 99, 99, 99, 24, 26, 56, 99, 99, 99, 99, 99,
    47, 66, 99, 99, 99, 99, 99, 99, *[99] * 32,
)  # fmt: skip
_GRID = 16  # pixels: blocks of 8, of chroma at half resolution


def _cosine_basis() -> Tensor:
    """The orthonormal 8-point DCT-II matrix."""
    rows = [
        [math.sqrt((1 if k == 0 else 2) / 8) * math.cos(math.pi * (2 * n + 1) * k / 16) for n in range(8)]
        for k in range(8)
    ]
    return torch.tensor(rows)


def _table(base: tuple[int, ...], quality: Tensor) -> Tensor:
    """Quantisation steps for each image, `(B, 1, 1, 8, 1, 8)` in 8-bit levels; `quality` is `(B, 1, 1, 1)`."""
    scale = torch.where(quality < 50, 5000.0 / quality, 200.0 - 2.0 * quality)
    steps = torch.tensor(base, dtype=torch.float32, device=quality.device).view(1, 1, 1, 8, 8)
    scaled = torch.floor((steps * scale.reshape(-1, 1, 1, 1, 1) + 50.0) / 100.0).clamp(1.0, 255.0)
    return scaled.permute(0, 1, 3, 2, 4)[:, :, None].reshape(-1, 1, 1, 8, 1, 8)


def _quantise(planes: Tensor, table: Tensor) -> Tensor:
    """Round the block cosine coefficients of `(B, C, H, W)` in 8-bit levels; H and W multiples of 8."""
    batch, channels, height, width = planes.shape
    basis = _cosine_basis().to(planes.device)
    blocks = planes.reshape(batch, channels, height // 8, 8, width // 8, 8)
    spectrum = torch.einsum("uy,bchywx,vx->bchuwv", basis, blocks, basis)
    spectrum = torch.round(spectrum / table) * table
    return torch.einsum("uy,bchuwv,vx->bchywx", basis, spectrum, basis).reshape(planes.shape)


def jpeg(images: Tensor, quality: Tensor, subsample: bool) -> Tensor:
    """Pass `(B, 3, H, W)` sRGB in [0, 1] through JPEG's loss; the result is in [0, 1] in steps of 1 / 255.

    Args:
        images: H and W multiples of 16.
        quality: 1 to 100 for each image, `(B, 1, 1, 1)`.
        subsample: chroma at half resolution (4:2:0) or full (4:4:4), the same for the batch.
    """
    red, green, blue = torch.split((255.0 * images.clamp(0.0, 1.0)).round(), 1, dim=1)
    luma = 0.299 * red + 0.587 * green + 0.114 * blue
    chroma = torch.cat([(blue - luma) / 1.772, (red - luma) / 1.402], dim=1)
    luma, chroma = luma.round(), chroma.round()  # a codec's colour transform ends in integers
    luma = _quantise(luma - 128.0, _table(_LUMA, quality)) + 128.0
    if subsample:
        coarse = _quantise(F.avg_pool2d(chroma, 2), _table(_CHROMA, quality))
        chroma = F.interpolate(coarse, scale_factor=2.0, mode="bilinear", align_corners=False)
    else:
        chroma = _quantise(chroma, _table(_CHROMA, quality))
    blueness, redness = torch.split(chroma, 1, dim=1)
    red, blue = luma + 1.402 * redness, luma + 1.772 * blueness
    green = (luma - 0.299 * red - 0.114 * blue) / 0.587
    return torch.cat([red, green, blue], dim=1).round().clamp(0.0, 255.0) / 255.0


def saved(images: Tensor, generator: Generator) -> Tensor:
    """JPEG at quality 40 to 100, more often high, with 4:2:0 or 4:4:4.

    Half of the photos were cropped since, so that their blocks begin anywhere: a network that has only seen blocks
    begin at its corner hardly cleans such photos.
    """
    quality = uniform(images, generator, 0.0, 1.0).sqrt() * 60.0 + 40.0
    subsample = chance(images, generator, 0.5)
    top, left = _cut_off(images, generator) if chance(images, generator, 0.5) else (0, 0)
    height, width = images.shape[2:]
    whole = F.pad(images.clamp(0.0, 1.0), (left, -left % _GRID, top, -top % _GRID), mode="reflect")
    return jpeg(whole, quality, subsample)[:, :, top : top + height, left : left + width]


def _cut_off(images: Tensor, generator: Generator) -> tuple[int, int]:
    """Rows and columns of a block that lie outside, the same for the batch."""
    top, left = torch.randint(_GRID, (2,), generator=generator, device=images.device).tolist()
    return top, left
