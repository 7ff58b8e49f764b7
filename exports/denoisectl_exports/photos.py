"""Real photos to measure an exported file on: the user's, or those that come with scikit-image."""

from __future__ import annotations

import logging
import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor

from denoisectl.pixels import Planes
from denoisectl_training.corruption import corrupt_one_kind
from denoisectl_training.photos.crops import step_generator
from denoisectl_training.photos.finding import find_photos
from denoisectl_training.photos.photo_set import load_photos
from denoisectl_training.recipes import DataSettings, Recipe


class Pair(NamedTuple):
    """What goes into a network, and the clean photo: `(1, 3, H, W)` float32, 1.0 as white."""

    noisy: Planes
    target: Planes
    corrupted: bool
    """False where the input is the clean photo itself."""


_MOST = 24
_SIDE = 512
_MAX_SIDE = 1024  # as in training: reducing a large photo averages its own noise away
_SKIMAGE = ("astronaut.png", "chelsea.png", "coffee.png", "motorcycle_left.png", "rocket.jpg")
_log = logging.getLogger("denoisectl")


def reference_photos(
    folder: Path | None, *, at_least: int = 32, multiple_of: int = 1, side: int = 0
) -> list[Tensor]:
    """Up to 24 photos, spread over the folder: the middle of each, `(3, H, W)` uint8.

    Without a folder those of scikit-image are taken, and none where it is not installed.

    Args:
        folder: any folder of clean photos.
        at_least: smaller photos are mirrored up to this.
        multiple_of: the sides are multiples of this, and of 32, as the corruptions want them.
        side: the sides are at most 512 pixels, or this if it is more, rounded up to such a multiple.

    Raises:
        UsageError: the folder does not exist or holds no photos.
        TrainingError: none of its photos can be read.
    """
    paths = _skimage_photos() if folder is None else find_photos([folder])
    if not paths:
        return []
    spread = paths[:: -(-len(paths) // _MOST)]
    grid = math.lcm(32, multiple_of)
    settings = DataSettings(crop=max(grid, at_least), max_side=_MAX_SIDE, validation_photos=0)
    found = load_photos(spread, settings, seed=0)
    _log.info("measuring on %d photos of %s", len(found.training), folder or "scikit-image")
    largest = -(-max(_SIDE, side) // grid) * grid
    return [_middle(photo, grid, largest) for photo in found.training]


def _skimage_photos() -> list[Path]:
    try:
        import skimage.data
    except ImportError:
        return []
    folder = Path(skimage.data.__file__).parent
    return [folder / name for name in _SKIMAGE if (folder / name).is_file()]


def _middle(photo: Tensor, grid: int, largest: int) -> Tensor:
    """The middle of `(3, H, W)`, its sides multiples of `grid`, `largest` at most."""
    height, width = (max(min(largest, size) // grid, 1) * grid for size in photo.shape[1:])
    top, left = (photo.shape[1] - height) // 2, (photo.shape[2] - width) // 2
    return photo[:, top : top + height, left : left + width]


def as_the_model_meets_them(photos: Sequence[Tensor], recipe: Recipe) -> Iterator[Pair]:
    """Each photo twice, as it is and corrupted.

    The kinds of the recipe's corruption take turns, so that all are met.
    """
    kinds = [entry for entry in recipe.corruption if entry.kind != "clean"]
    for index, photo in enumerate(photos):
        clean = photo[None].float() / 255.0
        yield Pair(clean.numpy(), clean.numpy(), corrupted=False)
        if kinds:
            with torch.inference_mode():
                noisy, target = corrupt_one_kind(
                    clean, kinds[index % len(kinds)], step_generator(0, index, clean.device)
                )
            yield Pair(noisy.numpy(), target.numpy(), corrupted=True)
