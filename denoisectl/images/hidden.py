"""Colours under full transparency: what a network that looks at neighbours may see there."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["fill_hidden"]


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
    # Labels number the visible pixels in reading order; each hidden pixel gets its nearest one's number.
    _, labels = cv2.distanceTransformWithLabels(
        hidden.astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_5, labelType=cv2.DIST_LABEL_PIXEL
    )
    visible = pixels[~hidden]
    order = np.empty(int(labels.max()) + 1, dtype=np.intp)
    order[labels[~hidden]] = np.arange(len(visible))
    filled = pixels.copy()
    filled[hidden] = visible[order[labels[hidden]]]
    return filled
