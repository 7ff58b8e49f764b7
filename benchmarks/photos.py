"""Photos to measure on: large noisy JPEGs for speed, small clean ones for quality."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from denoisectl_training.photos.files import read_photo

Pixels = npt.NDArray[np.uint8]

_SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".bmp"}


def _read(folder: Path, count: int) -> list[Pixels]:
    """Up to `count` photos, spread over the folder: (H, W, 3) uint8 RGB."""
    paths = [path for path in sorted(folder.iterdir()) if path.suffix.lower() in _SUFFIXES]
    chosen = paths[:: max(1, len(paths) // count)][:count]
    return [read_photo(path, bits=8) for path in chosen]


def noisy(photo: Pixels, sigma: float, seed: int) -> Pixels:
    """Gaussian noise of `sigma` 8-bit levels, rounded and clipped as a file holds it."""
    noise = np.random.default_rng(seed).normal(0, sigma, photo.shape).astype(np.float32)
    found: Pixels = np.clip(np.rint(photo + noise), 0, 255).astype(np.uint8)
    return found


def write_large(folder: Path, into: Path, count: int, height: int, width: int) -> list[Path]:
    """Mirror photos up to `height` x `width`, make them noisy (sigma 12) and write them as JPEG, quality 92."""
    paths = []
    photos = _read(folder, count)
    for index in range(count):
        photo = photos[index % len(photos)]
        block = np.hstack([photo, photo[:, ::-1]])
        block = noisy(np.vstack([block, block[::-1]]), 12.0, index)
        rows, columns = -(-height // block.shape[0]), -(-width // block.shape[1])
        large = np.tile(block, (rows, columns, 1))[:height, :width]
        paths.append(into / f"{index:02}.jpg")
        cv2.imwrite(str(paths[-1]), large[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 92])
    return paths


def write_small(folder: Path, into: Path, count: int) -> None:
    """The noisy middles of photos as JPEGs of 256 x 256, each as often as it takes."""
    middles = clean_middles(folder, count)
    for index in range(count):
        small = noisy(middles[index % len(middles)], 12.0, index)
        cv2.imwrite(str(into / f"{index:04}.jpg"), small[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 92])


def clean_middles(folder: Path, count: int, side: int = 256) -> list[Pixels]:
    """The middle squares of clean photos."""
    middles = []
    for photo in _read(folder, count):
        top, left = ((size - side) // 2 for size in photo.shape[:2])
        middles.append(np.ascontiguousarray(photo[top : top + side, left : left + side]))
    return middles
