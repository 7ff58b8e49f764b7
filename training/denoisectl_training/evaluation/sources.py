"""Clean test images: whole photos, or many small crops of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from denoisectl.errors import ImageError, TrainingError
from denoisectl_training.evaluation.metrics import Image
from denoisectl_training.photos.files import read_photo

_SMALLEST = 11  # the window of `metrics.ssim`
_WHITE = {"uint8": 255.0, "uint16": 65535.0}


@dataclass(frozen=True, slots=True)
class CleanImage:
    """One image of a test set."""

    index: int
    """Its place in the set, which decides the noise that is added to it."""
    name: str
    pixels: Image
    """`(H, W, 3)` float32 sRGB in [0, 1]."""


Source = Iterator[CleanImage]


def read_image(path: Path) -> Image:
    """Decode a photo of any depth to `(H, W, 3)` float32 sRGB in [0, 1].

    Raises:
        TrainingError: not a photo, or not readable. A test set that silently shrank would give another figure.
    """
    try:
        image = read_photo(path)
    except ImageError as error:
        raise TrainingError(f"{error}; mend the file or take it out of the test set") from error
    if min(image.shape[:2]) < _SMALLEST:
        raise TrainingError(
            f"{path}: is smaller than the {_SMALLEST} pixels that SSIM looks at; take it out of the test set"
        )
    white = _WHITE.get(image.dtype.name, 1.0)
    return image.astype(np.float32) / np.float32(white)


def photos(paths: Sequence[Path], *, every: int = 1) -> Source:
    """Whole photos in the order of `paths`: all, or the first and each `every`-th after it.

    Raises:
        TrainingError: a photo cannot be read.
    """
    for index in range(0, len(paths), every):
        yield CleanImage(index, paths[index].name, read_image(paths[index]))


def crops(paths: Sequence[Path], count: int, side: int, *, seed: int = 0) -> Source:
    """`count` random crops of `side` pixels, spread evenly over the photos.

    Raises:
        TrainingError: a photo cannot be read, or is smaller than a crop.
    """
    for index, name in enumerate(crop_names(paths, count)):
        path, draw = _photo_of(paths, index, count), np.random.default_rng((seed, index))
        photo = read_image(path)
        if min(photo.shape[:2]) < side:
            raise TrainingError(
                f"{path}: is smaller than a crop of {side} pixels; take it out of the test set, or cut smaller ones"
            )
        top, left = (int(draw.integers(size - side + 1)) for size in photo.shape[:2])
        yield CleanImage(index, name, photo[top : top + side, left : left + side])


def crop_names(paths: Sequence[Path], count: int) -> list[str]:
    """What `crops` calls its images: `a.png#0`."""
    return [f"{_photo_of(paths, index, count).name}#{index}" for index in range(count)]


def _photo_of(paths: Sequence[Path], index: int, count: int) -> Path:
    return paths[index * len(paths) // count]
