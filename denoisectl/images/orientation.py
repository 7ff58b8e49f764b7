"""The eight EXIF orientations, applied to pixels."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray


def swaps_sides(orientation: int) -> bool:
    """True if applying the orientation exchanges width and height."""
    return 5 <= orientation <= 8


def upright(pixels: NDArray[Any], orientation: int) -> NDArray[Any]:
    """Turn stored pixels the way they are to be seen.

    Args:
        pixels: (H, W) or (H, W, C), as stored.
        orientation: EXIF value 1..8; any other leaves the pixels as they are, as viewers do.

    Returns:
        A contiguous array, (W, H) or (W, H, C) for 5..8; the same array for 1.
    """
    if not 2 <= orientation <= 8:
        return pixels
    if swaps_sides(orientation):
        pixels = cv2.transpose(pixels)
    flip = {2: 1, 3: -1, 4: 0, 6: 1, 7: -1, 8: 0}.get(orientation)
    turned = pixels if flip is None else cv2.flip(pixels, flip)
    return np.ascontiguousarray(turned)
