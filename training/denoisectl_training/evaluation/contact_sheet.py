"""A page like figures 18.11 and 18.12: one image under every case, by every candidate, whole and in detail."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from denoisectl.errors import TrainingError
from denoisectl_training.evaluation.candidates import Candidate
from denoisectl_training.evaluation.measuring import Score
from denoisectl_training.evaluation.metrics import Image
from denoisectl_training.evaluation.protocols import Sample
from denoisectl_training.records.figures import write_figure

_INCHES, _TITLE = 1.7, 0.25
_DETAIL = 5
"""A detail panel is this many times smaller than the image, side by side."""


class ContactSheet:
    """Collects the outputs for one image while `measure` runs; rows are candidates, columns are cases."""

    def __init__(self, image: str | None = None) -> None:
        """Keep `image`, or the first one seen."""
        self.image = image
        self._panels: dict[tuple[str, str], tuple[Image, float]] = {}
        self._clean: Image | None = None
        self._aspect = 1.0

    def watch(self, sample: Sample, candidate: Candidate, output: Image, score: Score) -> None:
        """Keep the output if it belongs on the page; give this to `measure`."""
        self.image = self.image or sample.image
        if sample.image == self.image and (candidate.name, sample.case) not in self._panels:
            self._clean, self._aspect = sample.clean, sample.clean.shape[0] / sample.clean.shape[1]
            self._panels[candidate.name, sample.case] = output, score.psnr

    def write(self, path: Path) -> None:
        """Draw the page: whole images on the left, details on the right.

        Raises:
            TrainingError: no sample had the image's name, or the file cannot be written.
        """
        if self._clean is None:
            raise TrainingError(f"--sheet-image {self.image}: no such image in the test set")
        write_figure(self._draw(_liveliest(self._clean)), path, "contact sheet", dpi=160)

    def _draw(self, window: tuple[slice, slice]) -> Figure:
        names, cases = (list(dict.fromkeys(key[i] for key in self._panels)) for i in (0, 1))
        rows, columns = len(names), len(cases)
        figure = Figure(
            figsize=(2 * columns * _INCHES, rows * (_INCHES * self._aspect + _TITLE)), layout="constrained"
        )
        axes = figure.subplots(rows, 2 * columns, squeeze=False)
        for row, name in enumerate(names):
            axes[row, 0].set_ylabel(name, fontsize=7)
            for column, case in enumerate(cases):
                output, psnr = self._panels[name, case]
                title = f"{case}\n{psnr:.1f} dB" if row == 0 else f"{psnr:.1f} dB"
                _panel(axes[row, column], _reduced(output), title)
                _panel(axes[row, columns + column], output[window], case if row == 0 else "")
        return figure


def _panel(axes: Axes, image: Image, title: str) -> None:
    axes.imshow(image, interpolation="nearest")
    axes.set_title(title, fontsize=6, pad=2)
    axes.set_xticks([])
    axes.set_yticks([])


def _reduced(image: Image) -> Image:
    """At most 400 pixels wide: a page of whole photos would be huge."""
    scale = min(1.0, 400 / max(image.shape[:2]))
    return np.asarray(cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.float32)


def _liveliest(image: Image) -> tuple[slice, slice]:
    """The window with the most contrast, which is where denoisers differ."""
    height, width = image.shape[:2]
    rows, columns = max(16, height // _DETAIL), max(16, width // _DETAIL)
    corners = [
        (top, left)
        for top in range(0, max(1, height - rows + 1), max(1, rows // 2))
        for left in range(0, max(1, width - columns + 1), max(1, columns // 2))
    ]
    top, left = max(corners, key=lambda corner: float(_cut(image, corner, rows, columns).std()))
    return slice(top, top + rows), slice(left, left + columns)


def _cut(image: Image, corner: tuple[int, int], rows: int, columns: int) -> Image:
    top, left = corner
    return image[top : top + rows, left : left + columns]
