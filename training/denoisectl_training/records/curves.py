"""Learning curves (section 17.3.3) from the logs of runs: read, smoothed, and written as CSV."""

from __future__ import annotations

import csv
import io
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from denoisectl.errors import TrainingError
from denoisectl.whole_file import write_whole
from denoisectl_training.records.run_folder import RunFolder

Values = NDArray[np.float64]

_COLUMNS = ("run", "images", "loss", "smoothed", "lr", "validation_loss", "psnr")
_WINDOW = 50


@dataclass(frozen=True, slots=True)
class Curve:
    """What one run has logged. Every array runs along images seen."""

    name: str
    images: Values
    loss: Values
    """Training loss, each the mean since the record before."""
    lr: Values
    validated: Values
    """Images seen at each validation."""
    validation_loss: Values
    """NaN where an old log does not hold it."""
    psnr: Values
    diverged: float | None
    """Images seen when the run diverged."""

    def window(self, asked: int | None) -> int:
        """Records to smooth the loss over: as asked, or 50, but no more than a tenth of them."""
        return asked or max(1, min(_WINDOW, len(self.loss) // 10))

    def smoothed(self, asked: int | None) -> Values:
        """The loss over that window."""
        return moving_average(self.loss, self.window(asked))

    def phases(self) -> list[slice]:
        """The stretches of records with one learning rate each."""
        changes = [0, *(np.flatnonzero(np.diff(self.lr)) + 1).tolist(), len(self.lr)]
        return [slice(first, last) for first, last in itertools.pairwise(changes)]


def read_curve(run: Path) -> Curve:
    """Read the log of a run folder.

    Raises:
        TrainingError: not a run folder, or nothing has been logged yet.
    """
    records = RunFolder(run).records()
    training = [record for record in records if "loss" in record]
    validation = [record for record in records if "psnr" in record]
    diverged = next((record["images"] for record in records if record.get("diverged")), None)
    if not training and diverged is None:  # one that was lost before its first record is still worth drawing
        raise TrainingError(
            f"{run}: has logged no training loss yet; a record comes every training.log_every images"
        )
    return Curve(
        run.resolve().name,
        _column(training, "images"),
        _column(training, "loss"),
        _column(training, "lr"),
        _column(validation, "images"),
        _column(validation, "validation_loss"),
        _column(validation, "psnr"),
        diverged,
    )


def _column(records: Sequence[dict[str, Any]], key: str) -> Values:
    return np.array([record.get(key, np.nan) for record in records], dtype=np.float64)


def moving_average(values: Values, window: int) -> Values:
    """Mean of the last `window` values, or of as many as there are yet; the same length."""
    sums = np.concatenate([[0.0], np.cumsum(values)])
    ends = np.arange(1, len(values) + 1)
    starts = np.maximum(ends - window, 0)
    average: Values = (sums[ends] - sums[starts]) / (ends - starts)
    return average


def write_csv(curves: Sequence[Curve], path: Path, *, window: int | None) -> None:
    """Write one line a record, empty where a record does not hold a column.

    Raises:
        TrainingError: the file cannot be written.
    """
    table = io.StringIO(newline="")
    writer = csv.DictWriter(table, _COLUMNS, restval="")
    writer.writeheader()
    for curve in curves:
        writer.writerows(_lines(curve, window))
    try:
        write_whole(path, table.getvalue().encode())
    except OSError as error:
        raise TrainingError(f"{path}: cannot be written ({error.strerror or error})") from error


def _lines(curve: Curve, window: int | None) -> list[dict[str, Any]]:
    smooth = curve.smoothed(window)
    training = [
        {"run": curve.name, "images": int(images), "loss": loss, "smoothed": mean, "lr": lr}
        for images, loss, mean, lr in zip(curve.images, curve.loss, smooth, curve.lr, strict=True)
    ]
    validation = [
        {
            "run": curve.name,
            "images": int(images),
            "validation_loss": "" if np.isnan(loss) else loss,
            "psnr": psnr,
        }
        for images, loss, psnr in zip(curve.validated, curve.validation_loss, curve.psnr, strict=True)
    ]
    return sorted([*training, *validation], key=lambda line: line["images"])
