"""Between an image as it is stored and the float planes that a network sees, a tile at a time.

An image is (H, W, 3) RGB or (H, W) grey: uint8, uint16, or float32 with 1.0 as white. A network sees
(3, h, w) float32, where 1.0 is white; a grey image is three equal planes.
"""

from __future__ import annotations

import math
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from denoisectl.errors import ImageError

Image = npt.NDArray[Any]
Planes = npt.NDArray[np.float32]
Index = slice | npt.NDArray[np.intp]

_WHITE = {np.dtype(np.uint8): 255, np.dtype(np.uint16): 65535, np.dtype(np.float32): None}
_DEPTH = {np.dtype(np.uint8): cv2.CV_8U, np.dtype(np.uint16): cv2.CV_16U}
_SHARE_OF_WHITE = np.arange(256, dtype=np.float32) / np.float32(255)  # of each 8-bit level


def check_image(image: Image) -> None:
    """Refuse what is not an image as defined above.

    Raises:
        ImageError: another dtype, another number of axes or channels, no pixels, or floats in other units.
    """
    if image.ndim == 0:  # a name, or the None that OpenCV gives for a file that it cannot read
        raise ImageError(f"an image must be an array, got {image.item()!r}; `Denoiser.file` takes file names")
    if image.dtype not in _WHITE or not image.dtype.isnative:
        raise ImageError(f"an image must be uint8, uint16 or float32 (1.0 is white), got {image.dtype}")
    if image.ndim != 2 and image.shape[2:] != (3,):
        raise ImageError(f"an image must be H x W x 3 RGB or H x W grey, got the shape {image.shape}")
    if image.size == 0:
        raise ImageError(f"the image has no pixels: its shape is {image.shape}")
    # Noise takes white beyond 1.0, but not half of an image beyond 2.0.
    if image.dtype == np.float32 and 2 * np.count_nonzero(image > 2.0) > image.size:
        raise ImageError(
            "most of the image's numbers are above 2.0, and in float32 1.0 is white; divide them by what white is"
        )


def load_planes(image: Image, rows: Index, columns: Index, planes: Planes) -> None:
    """Copy the pixels at `rows` x `columns` into `planes` (3, h, w).

    Raises:
        ImageError: a float image holds NaN or infinity there.
    """
    # Two steps: an index array in each axis at once would pick a diagonal.
    part = image[rows][:, columns]  # (h, w, 3) or (h, w)
    if image.dtype == np.uint8:
        # Half of the time that a division takes, and the same values.
        for plane, channel in zip(planes, [part] * 3 if part.ndim == 2 else cv2.split(part), strict=True):
            cv2.LUT(channel, _SHARE_OF_WHITE, dst=plane)
        return
    source = part if part.ndim == 2 else part.transpose(2, 0, 1)
    if (white := _WHITE[image.dtype]) is not None:
        np.divide(source, np.float32(white), out=planes)
        return
    planes[...] = source
    if not all_finite(planes):
        raise ImageError("the image holds NaN or infinite values; replace them before denoising")


def all_finite(planes: Planes) -> bool:
    """Whether no value is NaN or infinite: the sum of the squares, in double precision, says it at once."""
    return all(math.isfinite(cv2.norm(plane, cv2.NORM_L2SQR)) for plane in planes)


def store_planes(planes: Planes, image: Image, rows: slice, columns: slice) -> None:
    """Write `planes` (3, h, w) to the part `rows` x `columns` of `image`; `planes` may be changed.

    Whole-number images are clipped to their range and rounded to nearest; float images take what is there.
    """
    levels: npt.NDArray[np.float32] = planes.mean(axis=0, keepdims=True) if image.ndim == 2 else planes
    part = image[rows, columns]
    if (white := _WHITE[image.dtype]) is not None:
        np.clip(levels, 0, 1, out=levels)  # OpenCV converts through 32-bit integers, which wrap
        depth = _DEPTH[image.dtype]
        # A third of numpy's time, and rounded alike: halves to even.
        stored = [cv2.addWeighted(plane, white, plane, 0, 0, dtype=depth) for plane in levels]
        part[...] = stored[0] if image.ndim == 2 else cv2.merge(stored)
    elif image.ndim == 2:
        part[...] = levels[0]
    else:
        # Channel by channel: a transposed copy of all three at once takes three times as long.
        for channel, plane in enumerate(levels):
            part[..., channel] = plane
