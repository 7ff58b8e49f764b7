"""Learning curves drawn like figures 17.4 and 18.5: the loss on the left, the validation PSNR on the right."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from denoisectl_training.records.curves import Curve, Values
from denoisectl_training.records.figures import write_figure

_MOST_PHASES = 10
"""A rate that changes more often has no phases to tell apart: cosine's changes at every record."""
_ROOM = 1.5
"""The loss axis ends this far above the median of each curve's first tenth, so that a spike squeezes nothing."""


def draw_curves(curves: Sequence[Curve], path: Path, *, window: int | None) -> None:
    """Draw one or more runs on one page; a single run changes colour with its learning rate (figure 18.5).

    Raises:
        TrainingError: the file cannot be written, or its ending names no picture format.
    """
    figure = Figure(figsize=(11, 4.2), layout="constrained")
    left, right = figure.subplots(1, 2)
    for number, curve in enumerate(curves):
        phases = curve.phases() if len(curves) == 1 else []
        if 1 < len(phases) <= _MOST_PHASES:
            _draw_phases(left, curve, phases, window)
        else:
            smooth = curve.smoothed(window)
            left.plot(curve.images, smooth, _style(smooth), color=f"C{number}", label=curve.name)
        _draw_validation(left, right, curve, "black" if len(curves) == 1 else f"C{number}")
    if not any(curve.psnr.size for curve in curves):
        right.text(0.5, 0.5, "nothing validated yet", ha="center", transform=right.transAxes)
        right.set(xticks=[], yticks=[])  # matplotlib would number an axis from -0.04
    left.set_ylim(0.0, max((_height(curve.loss) for curve in curves if curve.loss.size), default=1.0))
    left.set_ylabel(_loss_label(curves, window))
    right.set_ylabel("PSNR on validation photos, dB")
    for axes in (left, right):
        axes.set_xlabel("images seen")
        axes.grid(alpha=0.3)
    left.legend(fontsize=8)
    write_figure(figure, path, "plot", dpi=140)


def _loss_label(curves: Sequence[Curve], window: int | None) -> str:
    widest = max(curve.window(window) for curve in curves)
    means = [f"mean of up to {widest} records"] if widest > 1 else []
    dots = ["dots: validation"] if any(np.isfinite(curve.validation_loss).any() for curve in curves) else []
    return f"loss ({'; '.join([*means, *dots])})" if means or dots else "loss"


def _draw_phases(axes: Axes, curve: Curve, phases: Sequence[slice], window: int | None) -> None:
    smooth = curve.smoothed(window)
    for number, phase in enumerate(phases):
        joined = slice(max(0, phase.start - 1), phase.stop)  # no gap where the colour changes
        axes.plot(
            curve.images[joined],
            smooth[joined],
            _style(smooth[joined]),
            color=f"C{number}",
            label=f"rate {curve.lr[phase.start]:.2g}",
        )


def _draw_validation(left: Axes, right: Axes, curve: Curve, colour: str) -> None:
    left.plot(curve.validated, curve.validation_loss, ".", color=colour, markersize=4)
    right.plot(curve.validated, curve.psnr, _style(curve.psnr), color=colour, linewidth=1.2)
    if curve.diverged is not None:
        left.axvline(curve.diverged, color=colour, linestyle=":", label=f"{curve.name} diverged")


def _style(points: Values) -> str:
    """Of a line, as matplotlib writes it: a lone point is marked, since a line of one is not seen."""
    return "o" if len(points) == 1 else "-"


def _height(loss: Values) -> float:
    return _ROOM * float(np.median(loss[: max(1, len(loss) // 10)]))
