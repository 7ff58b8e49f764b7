"""Folders of clean photos as uint8 tensors, split by photo, and cut into batches of random crops.

A batch is a pure function of (photos, seed, step): a resumed run sees exactly the batches that an
uninterrupted one would have seen, without any generator's state in the checkpoint.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Generator, Tensor

from denoisectl.errors import TrainingError

__all__ = ["PhotoSet", "find_photos", "load_photos", "random_crops", "step_generator"]

_log = logging.getLogger("denoisectl")
_SUFFIXES = {".jpg", ".jpeg", ".png", ".tif", ".tiff", ".webp", ".bmp"}


@dataclass(frozen=True, slots=True)
class PhotoSet:
    """Photos as `(3, H, W)` uint8 RGB tensors, and the digest of their pixels."""

    training: list[Tensor]
    validation: list[Tensor]
    digest: str


def find_photos(folders: Iterable[Path]) -> list[Path]:
    """All photos in the folders and below, sorted by path; a file stands for itself.

    Raises:
        TrainingError: a folder does not exist or holds no photos.
    """
    found: list[Path] = []
    for folder in folders:
        if not folder.exists():
            raise TrainingError(f"{folder}: no such folder")
        here = [folder] if folder.is_file() else sorted(folder.rglob("*"))
        photos = [path for path in here if path.suffix.lower() in _SUFFIXES and path.is_file()]
        if not photos:
            raise TrainingError(f"{folder}: holds no photos ({', '.join(sorted(_SUFFIXES))})")
        found += photos
    return found


def _read(path: Path, max_side: int) -> Tensor | None:
    """Decode to `(3, H, W)` uint8 RGB with the longer side at most `max_side`; None if it is no photo."""
    data = np.fromfile(path, dtype=np.uint8)
    image = cv2.imdecode(data, cv2.IMREAD_COLOR) if data.size else None
    if image is None:
        return None
    longest = max(image.shape[:2])
    if longest > max_side:
        scale = max_side / longest
        image = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return torch.from_numpy(np.ascontiguousarray(image[..., ::-1].transpose(2, 0, 1)))


def load_photos(
    paths: Sequence[Path], *, crop: int, max_side: int, validation_photos: int, seed: int
) -> PhotoSet:
    """Read every photo once and set some aside for validation, chosen by photo and by `seed`.

    Photos smaller than the crop are padded by reflection; unreadable files are left out and said once.

    Raises:
        TrainingError: nothing could be read, or nothing would be left to train on.
    """
    photos, unreadable, digest = [], [], hashlib.sha256()
    for path in paths:
        photo = _read(path, max_side)
        if photo is None:
            unreadable.append(path)
            continue
        photos.append(_at_least(photo, crop))
        digest.update(photo.numpy().tobytes())
    if unreadable:
        _log.warning("left out %d unreadable files, the first is %s", len(unreadable), unreadable[0])
    if len(photos) <= validation_photos:
        raise TrainingError(
            f"{len(photos)} readable photos, {validation_photos} of them set aside for validation: none left to "
            "train on; add photos or lower data.validation_photos"
        )
    order = torch.randperm(len(photos), generator=torch.Generator().manual_seed(seed)).tolist()
    held, used = order[:validation_photos], sorted(order[validation_photos:])
    return PhotoSet([photos[i] for i in used], [photos[i] for i in held], digest.hexdigest())


def _at_least(photo: Tensor, side: int) -> Tensor:
    """Pad `(3, H, W)` by reflection so that a crop of `side` fits."""
    _, height, width = photo.shape
    if height >= side and width >= side:
        return photo
    pad = ((0, 0), (0, max(0, side - height)), (0, max(0, side - width)))
    return torch.from_numpy(np.pad(photo.numpy(), pad, mode="symmetric"))


def step_generator(seed: int, step: int, device: torch.device | str = "cpu") -> Generator:
    """The generator of one training step: a function of the run's seed and the step alone."""
    mixed = hashlib.sha256(f"{seed}/{step}".encode()).digest()
    return torch.Generator(device).manual_seed(int.from_bytes(mixed[:7], "big"))


def random_crops(photos: Sequence[Tensor], count: int, side: int, generator: Generator) -> Tensor:
    """`(count, 3, side, side)` float32 crops in [0, 1]: photos drawn by area, flipped and turned at random."""
    areas = torch.tensor([photo.shape[1] * photo.shape[2] for photo in photos], dtype=torch.float64)
    chosen = torch.multinomial(areas, count, replacement=True, generator=generator).tolist()
    crops = [_random_crop(photos[index], side, generator) for index in chosen]
    return torch.stack(crops).float() / 255.0


def _random_crop(photo: Tensor, side: int, generator: Generator) -> Tensor:
    _, height, width = photo.shape
    draw = torch.rand(2, generator=generator).tolist()
    turns, flip = (
        torch.randint(0, 8, (1,), generator=generator).item() % 4,
        torch.rand((), generator=generator) < 0.5,
    )
    top, left = int(draw[0] * (height - side + 1)), int(draw[1] * (width - side + 1))
    crop = photo[:, top : top + side, left : left + side].rot90(int(turns), (1, 2))
    return crop.flip(2) if flip else crop
