"""A picture of several photos, each before and after, side by side with the original."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

Pixels = npt.NDArray[np.uint8]

_GAP, _CAPTION = 8, 28
_PAPER, _INK = 255, 30


@dataclass(frozen=True, slots=True)
class Comparison:
    """Versions of one photo, each an `(H, W, 3)` RGB uint8 array of the same size with its caption."""

    panels: tuple[tuple[str, Pixels], ...]

    def detail(self, top: int, left: int, side: int) -> Comparison:
        """The same square of every version."""
        return Comparison(
            tuple((text, pixels[top : top + side, left : left + side]) for text, pixels in self.panels)
        )


def before_after(comparisons: Sequence[Comparison], *, scale: int = 1) -> Pixels:
    """Lay out one row a photo, enlarging pixels `scale` times without smoothing; `(H, W, 3)` RGB uint8."""
    rows = [_row(comparison, scale) for comparison in comparisons]
    width = max(row.shape[1] for row in rows)
    return np.vstack([_widened(row, width) for row in rows])


def _row(comparison: Comparison, scale: int) -> Pixels:
    return np.hstack([_captioned(text, pixels, scale) for text, pixels in comparison.panels])


def _captioned(text: str, pixels: Pixels, scale: int) -> Pixels:
    enlarged = np.repeat(np.repeat(pixels, scale, axis=0), scale, axis=1)
    height, width = enlarged.shape[:2]
    panel = np.full((height + _CAPTION + _GAP, width + _GAP, 3), _PAPER, np.uint8)
    panel[_CAPTION : _CAPTION + height, :width] = enlarged
    place = (2, _CAPTION - 9)
    cv2.putText(panel, text, place, cv2.FONT_HERSHEY_SIMPLEX, 0.5, (_INK,) * 3, 1, cv2.LINE_AA)
    return panel


def _widened(row: Pixels, width: int) -> Pixels:
    return np.pad(row, ((0, 0), (0, width - row.shape[1]), (0, 0)), constant_values=_PAPER)
