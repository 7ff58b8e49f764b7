"""How many bits a sample has: what each format holds, and photos taken from one depth to another."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from denoisectl.errors import ImageError
from denoisectl.images.formats import Format
from denoisectl.images.photo import Photo, Pixels
from denoisectl.images.png_chunks import SAMPLE_CHUNKS

_DEPTHS: dict[Format, tuple[type[Any], ...]] = {
    Format.JPEG: (np.uint8,),
    Format.PNG: (np.uint8, np.uint16),
    Format.TIFF: (np.uint8, np.uint16, np.float32),
    Format.WEBP: (np.uint8,),
    Format.BMP: (np.uint8,),
}
_TYPES: dict[int, type[Any]] = {8: np.uint8, 16: np.uint16}


def holds(format: Format, dtype: Any) -> bool:
    """Whether files of this format have samples of that kind."""
    return dtype in _DEPTHS[format]


def check_depth(format: Format, bits: int | None) -> None:
    """Refuse a depth that a format has no place for; None is any.

    Raises:
        ImageError: it has not; the message names the formats that have.
    """
    if bits is not None and not holds(format, _TYPES[bits]):
        able = " or ".join(kind.brand for kind in Format if holds(kind, _TYPES[bits]))
        ways = " or ".join(f"--format {kind.value}" for kind in Format if holds(kind, _TYPES[bits]))
        raise ImageError(f"{format.brand} does not hold {bits} bits a sample; {able} does: {ways}")


def has_depth(photo: Photo, bits: int) -> bool:
    """Whether the photo's samples are whole numbers of 8 or 16 bits."""
    return bool(photo.pixels.dtype == _TYPES[bits])


def with_depth(photo: Photo, bits: int) -> Photo:
    """The photo with 8 or 16 bits a sample, alpha included.

    More bits change no colour: 8-bit white is 16-bit white. Fewer are rounded to nearest, and float samples
    are clipped to [0, 1] first.
    """
    to = _TYPES[bits]
    if has_depth(photo, bits):
        return photo
    chunks = tuple(chunk for chunk in photo.metadata.png_chunks if chunk[0] not in SAMPLE_CHUNKS)
    return replace(
        photo,
        pixels=_requantised(photo.pixels, to),
        alpha=None if photo.alpha is None else _requantised(photo.alpha, to),
        metadata=replace(photo.metadata, png_chunks=chunks),
    )


def fitted(photo: Photo, target: Format) -> Photo:
    """The photo in a depth that the target format holds: its own, or the next one below."""
    if holds(target, photo.pixels.dtype):
        return photo
    return with_depth(photo, 16 if target is Format.PNG else 8)


def _requantised(samples: Pixels, to: type[Any]) -> Pixels:
    """Samples in another depth: widened exactly, or rounded."""
    white = np.iinfo(to).max
    if samples.dtype == np.float32:
        scaled: Pixels = np.rint(np.clip(samples, 0, 1) * white).astype(to)
        return scaled
    if to == np.uint16:
        wider: Pixels = samples.astype(np.uint16) * np.uint16(257)
        return wider
    fewer: Pixels = ((samples.astype(np.uint32) + 128) // 257).astype(to)
    return fewer
