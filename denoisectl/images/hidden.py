"""Colours under full transparency: what a network that looks at neighbours may see there."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

_BAND = 256


def fill_hidden(pixels: NDArray[Any], hidden: NDArray[np.bool_]) -> NDArray[Any]:
    """A copy of `pixels` in which every hidden pixel has the colour of the nearest visible one.

    Hidden colours are arbitrary (black, white, an old background); a network that sees them beside
    visible ones paints a halo. If all pixels are hidden there is nothing to copy and nothing to see.

    Args:
        pixels: (H, W) or (H, W, 3), any dtype.
        hidden: (H, W), True where alpha is 0.
    """
    if hidden.all():
        return pixels.copy()
    # Labels number the visible pixels from 1 in reading order; a hidden pixel has its nearest one's number.
    labels = cv2.distanceTransformWithLabels(
        hidden.view(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_5, labelType=cv2.DIST_LABEL_PIXEL
    )[1]
    filled, visible = pixels.copy(), pixels[~hidden]
    for top in range(0, len(pixels), _BAND):  # by bands, because indexing needs eight bytes a pixel
        band = slice(top, top + _BAND)
        filled[band][hidden[band]] = visible[labels[band][hidden[band]] - 1]
    return filled
