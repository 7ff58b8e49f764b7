"""Photos as uint8 tensors, split by photo into what is trained on, chosen by, and tested on."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor

from denoisectl.errors import ImageError, TrainingError
from denoisectl_training.photos.files import read_photo
from denoisectl_training.photos.finding import tell_copies
from denoisectl_training.photos.graphics import graphics
from denoisectl_training.photos.memory import PhotoMemory
from denoisectl_training.recipes import DataSettings

_log = logging.getLogger("denoisectl")
_MOST_HELD, _ONE_HELD_IN = 24, 5
"""Photos set aside for validation where the recipe does not say: a fifth, but no more than these."""


@dataclass(frozen=True, slots=True)
class PhotoSet:
    """Photos as `(3, H, W)` uint8 RGB tensors, or pairs as `(6, H, W)`: the noisy one, then the clean one."""

    training: list[Tensor]
    validation: list[Tensor]
    test: list[Tensor]
    digest: str
    """SHA-256 of all pixels in order, those of copies too: it names what a run was given, before any are left out."""
    paired: bool = False


def load_photos(paths: Sequence[Path], settings: DataSettings, seed: int) -> PhotoSet:
    """Read every photo once and split by photo, by chance, as `seed` decides.

    Photos smaller than the crop are padded by mirroring; unreadable files and copies are left out; each is said once.

    Raises:
        TrainingError: nothing could be read, or nothing would be left to train on.
    """
    read = partial(_read, max_side=settings.max_side)
    memory = PhotoMemory()
    photos, digest = _usable(((path,) for path in paths), read, settings.largest_crop, memory)
    found = _split(photos, settings, seed, digest, paired=False)
    drawn = map(memory.keep, _drawn(found.training, settings, seed))
    return replace(found, training=[*found.training, *drawn])


def _drawn(photos: Sequence[Tensor], settings: DataSettings, seed: int) -> Iterator[Tensor]:
    """As many graphics as make their share of the area, by which crops are drawn; one at least if any."""
    if not settings.graphics:
        return iter(())
    area = sum(photo.shape[1] * photo.shape[2] for photo in photos)
    side = max(512, settings.largest_crop)
    count = area * settings.graphics / (1.0 - settings.graphics) / side**2
    return graphics(max(1, round(count)), side, seed=seed)


def load_pairs(pairs: Sequence[tuple[Path, Path]], settings: DataSettings, seed: int) -> PhotoSet:
    """Read pairs of noisy and clean photos, as `load_photos` reads photos, but never reduced in size.

    Raises:
        TrainingError: the two of a pair differ in size, or nothing would be left to train on.
    """
    usable, digest = _usable(pairs, _stack, settings.largest_crop, PhotoMemory())
    return _split(usable, settings, seed, digest, paired=True)


def _read(path: Path, max_side: int | None = None) -> Tensor:
    """Decode to `(3, H, W)` uint8 RGB with the longer side at most `max_side`."""
    image = read_photo(path, bits=8)
    height, width = image.shape[:2]
    if max_side is not None and max(height, width) > max_side:
        scale = max_side / max(height, width)
        across, down = (max(scale, 1.0 / size) for size in (width, height))  # a line of pixels stays a line
        image = cv2.resize(image, None, fx=across, fy=down, interpolation=cv2.INTER_AREA)
    return torch.from_numpy(np.ascontiguousarray(image.transpose(2, 0, 1)))


def _stack(noisy_path: Path, clean_path: Path) -> Tensor:
    noisy, clean = _read(noisy_path), _read(clean_path)
    if noisy.shape != clean.shape:
        sizes = " against ".join(f"{photo.shape[2]} x {photo.shape[1]}" for photo in (noisy, clean))
        raise TrainingError(
            f"{noisy_path} and {clean_path} differ in size ({sizes}); a pair shows the same scene pixel by pixel"
        )
    return torch.cat([noisy, clean])


def _usable(
    found: Iterable[tuple[Path, ...]], read: Callable[..., Tensor], crop: int, memory: PhotoMemory
) -> tuple[list[Tensor], str]:
    """What `read` makes of the files of each photo, padded where a crop would not fit, and a digest of it.

    Each photo once: of two copies one could be trained on and the other be set aside.
    """
    first: dict[tuple[torch.Size, bytes], Path] = {}
    usable: list[Tensor] = []
    small: list[Path] = []
    copies: list[tuple[Path, Path]] = []
    everything = hashlib.sha256()
    for path, unpadded in _readable(found, read):
        photo = _at_least(unpadded, crop)
        pixels = photo.numpy().tobytes()
        everything.update(pixels)
        same = photo.shape, hashlib.sha256(pixels).digest()
        if same in first:
            copies.append((path, first[same]))
            continue
        first[same] = path
        if min(unpadded.shape[1:]) < crop:
            small.append(path)
        usable.append(memory.keep(photo))
    tell_copies(copies)
    if small:
        message = "padded photos smaller than %d pixels: %d, the first is %s"
        _log.warning(message, crop, len(small), small[0])
    return usable, everything.hexdigest()


def _readable(
    found: Iterable[tuple[Path, ...]], read: Callable[..., Tensor]
) -> Iterator[tuple[Path, Tensor]]:
    """The first file of each photo, and what `read` makes of all of them, if it can."""
    unreadable: list[ImageError] = []
    for files in found:
        try:
            photo = read(*files)
        except ImageError as error:
            unreadable.append(error)
        else:
            yield files[0], photo
    if unreadable:
        _log.warning("unreadable files are left out (%d), the first is %s", len(unreadable), unreadable[0])


def _split(photos: list[Tensor], settings: DataSettings, seed: int, digest: str, *, paired: bool) -> PhotoSet:
    test, validation = settings.test_photos, _held_out(len(photos), settings)
    order = torch.randperm(len(photos), generator=torch.Generator().manual_seed(seed)).tolist()
    chosen = (
        sorted(order[validation + test :]),
        order[:validation],
        order[validation : validation + test],
    )
    training, held, last = ([photos[index] for index in part] for part in chosen)
    return PhotoSet(training, held, last, digest, paired)


def _held_out(photos: int, settings: DataSettings) -> int:
    """How many are set aside for validation, if enough are left."""
    if not photos:
        raise TrainingError("none of the photos can be read")
    test, validation = settings.test_photos, settings.validation_photos
    if validation is None:
        validation = usually_held_out(photos, settings)
        if not validation:
            way = "; --set data.validation_photos=1 holds one out" if photos - test > 1 else ""
            _log.warning("too few photos to hold any out (%d): the run is not validated%s", photos, way)
    if photos <= validation + test:
        raise TrainingError(
            f"readable photos: {photos}, of them set aside for validation: {validation}, for the test: {test}; "
            "none left to train on: add photos or lower data.validation_photos and data.test_photos"
        )
    return validation


def usually_held_out(photos: int, settings: DataSettings) -> int:
    """How many of so many photos are set aside for validation where the recipe does not say."""
    return min(_MOST_HELD, max(0, photos - settings.test_photos) // _ONE_HELD_IN)


def _at_least(photo: Tensor, side: int) -> Tensor:
    """Pad `(C, H, W)` by mirroring so that a crop of `side` fits."""
    _, height, width = photo.shape
    if height >= side and width >= side:
        return photo
    pad = ((0, 0), (0, max(0, side - height)), (0, max(0, side - width)))
    return torch.from_numpy(np.pad(photo.numpy(), pad, mode="symmetric"))
