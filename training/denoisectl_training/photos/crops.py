"""Random crops and augmentation (section 17.4.4): photos to a batch, as a pure function of the generator.

A batch is a function of (photos, seed, step): a resumed run sees exactly the batches that an uninterrupted
one would have seen, without any generator's state in the checkpoint.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import torch
from torch import Generator, Tensor
from torch.nn import functional as F

from denoisectl_training.recipes import DataSettings


def step_generator(seed: int, step: int, device: torch.device | str = "cpu") -> Generator:
    """The generator of one training step: a function of the run's seed and the step alone."""
    mixed = hashlib.sha256(f"{seed}/{step}".encode()).digest()
    return torch.Generator(device).manual_seed(int.from_bytes(mixed[:7], "big"))


def crop_side(settings: DataSettings, images: int, total: int) -> int:
    """The side of the crops after `images` of a run's `total` images, in pixels."""
    if settings.last_crop is None or images < (1.0 - settings.last_share) * total:
        return settings.crop
    return settings.last_crop


def random_crops(
    photos: Sequence[Tensor],
    count: int,
    settings: DataSettings,
    generator: Generator,
    side: int | None = None,
) -> Tensor:
    """`(count, C, side, side)` float32 crops in [0, 1] of `(C, H, W)` uint8 photos, drawn by area and augmented.

    `side` is `settings.crop` if None.
    """
    areas = torch.tensor([photo.shape[1] * photo.shape[2] for photo in photos], dtype=torch.float64)
    chosen = torch.multinomial(areas, count, replacement=True, generator=generator).tolist()
    edge = settings.crop if side is None else side
    return torch.stack([_random_crop(photos[index], settings, edge, generator) for index in chosen])


def _random_crop(photo: Tensor, settings: DataSettings, side: int, generator: Generator) -> Tensor:
    # Draws that a setting does not use are made all the same or come last, so that adding a setting leaves
    # the batches of old recipes as they were.
    place = torch.rand(2, generator=generator).tolist()
    turns = int(torch.randint(0, 8, (1,), generator=generator).item()) % 4 if settings.turns else 0
    flip = bool(torch.rand((), generator=generator) < 0.5) and settings.flips
    scale = _draw(generator, *settings.scale)
    crop = _resized(_cut(photo, side, scale, place), side)
    crop = crop.rot90(turns, (1, 2))
    crop = crop.flip(2) if flip else crop
    if settings.brightness:
        crop = (crop * _draw(generator, 1.0 - settings.brightness, 1.0 + settings.brightness)).clamp(0.0, 1.0)
    return crop


def _draw(generator: Generator, low: float, high: float) -> float:
    if low == high:
        return low
    return low + (high - low) * torch.rand((), generator=generator).item()


def _cut(photo: Tensor, side: int, scale: float, place: Sequence[float]) -> Tensor:
    """The part of a photo that fills a crop once it is resized by `scale`; at most the largest square in it."""
    _, height, width = photo.shape
    edge = min(max(1, round(side / scale)), height, width)
    top, left = int(place[0] * (height - edge + 1)), int(place[1] * (width - edge + 1))
    return photo[:, top : top + edge, left : left + edge].float() / 255.0


def _resized(crop: Tensor, side: int) -> Tensor:
    if crop.shape[-1] == side:
        return crop
    return F.interpolate(crop[None], size=(side, side), mode="bilinear", antialias=True)[0].clamp(0.0, 1.0)
