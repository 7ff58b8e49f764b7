"""Bytes to a photo: the format told by content, the pixels upright, everything else kept for the output."""

from __future__ import annotations

import re
import struct
from dataclasses import replace

import numpy as np

from denoisectl.errors import ImageError
from denoisectl.images import bmp, exif, jpeg, png, tiff, webp, xmp
from denoisectl.images.formats import HEAD, Format, refusal, sniff
from denoisectl.images.limits import MAX_PIXELS
from denoisectl.images.orientation import swaps_sides, upright
from denoisectl.images.photo import Metadata, Photo, Pixels, Resolution, Unit

_READERS = {
    Format.JPEG: jpeg.read,
    Format.PNG: png.read,
    Format.TIFF: tiff.read,
    Format.WEBP: webp.read,
    Format.BMP: bmp.read,
}
_DAMAGE = (struct.error, ValueError, IndexError, KeyError, OverflowError, TypeError)
_DAMAGED = re.compile("damaged|cut short|too short|decoder failed")


def decode(data: bytes, *, name: str, max_pixels: int | None = MAX_PIXELS) -> Photo:
    """Decode one image file, whatever it is called.

    Colour profiles are carried, not applied: pixels stay in the file's own encoding, so wide-gamut photos
    are neither shifted nor clipped. A file of colour whose channels are equal everywhere gives grey pixels,
    so that it cannot come out tinted; `encode` writes it as colour again.

    Args:
        data: the whole file.
        name: what to call the file in messages.
        max_pixels: refuse larger images by their header, before anything is decoded; None for no limit.

    Raises:
        ImageError: not an image, a kind that is not processed, damaged, cut short, or too large. The
            message starts with `name` and says the way out.
    """
    try:
        return _as_seen(_READERS[_format_of(data)](data, max_pixels))
    except ImageError as error:
        way_out = "; restore it from a backup" if _DAMAGED.search(str(error)) else ""
        raise ImageError(f"{name}: {error}{way_out}") from error.__cause__
    except MemoryError as error:
        raise ImageError(
            f"{name}: the image does not fit in memory; lower the limit (--max-pixels)"
        ) from error
    except _DAMAGE as error:
        raise ImageError(f"{name}: the file is damaged ({error}); restore it from a backup") from error


def _format_of(data: bytes) -> Format:
    found = sniff(data[:HEAD])
    if found is None:
        raise ImageError(refusal(data[:HEAD]))
    return found


def _as_seen(photo: Photo) -> Photo:
    orientation = exif.orientation_of(photo.metadata.exif)
    pixels = upright(_grey_if_grey(photo.pixels), orientation)
    alpha = None if photo.alpha is None else upright(photo.alpha, orientation)
    height, width = pixels.shape[:2]
    return replace(
        photo, pixels=pixels, alpha=alpha, metadata=_fitted(photo.metadata, width, height, orientation)
    )


def _fitted(metadata: Metadata, width: int, height: int, orientation: int) -> Metadata:
    """Metadata that is true of the upright photo; EXIF states the resolution if the container does not."""
    resolution = metadata.resolution
    if resolution is None or (resolution.unit is Unit.NONE and resolution.x == resolution.y):
        resolution = exif.resolution_of(metadata.exif) or resolution
    if resolution is not None and swaps_sides(orientation):
        resolution = Resolution(resolution.y, resolution.x, resolution.unit)
    return replace(
        metadata,
        exif=exif.fit(metadata.exif, width, height) if metadata.exif else None,
        xmp=xmp.fit(metadata.xmp, width, height, turned=orientation > 1) if metadata.xmp else None,
        resolution=resolution,
    )


def _grey_if_grey(pixels: Pixels) -> Pixels:
    """(H, W) if all three channels are equal everywhere; checked by bands, to stop at the first colour."""
    if pixels.ndim == 2:
        return pixels
    for top in range(0, len(pixels), 64):
        band = pixels[top : top + 64]
        if (band[..., 0] != band[..., 1]).any() or (band[..., 1] != band[..., 2]).any():
            return pixels
    return np.ascontiguousarray(pixels[..., 0])
