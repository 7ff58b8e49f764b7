"""From scores to what is quoted: mean and deviation by case and over cases, gain, closeness to the identity."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from denoisectl_training.evaluation.measuring import Score

MEAN = "mean"
"""The column that averages the cases of each image."""

_LITTLE_CHANGED, _LITTLE_GAINED = 0.5, 1.0  # share of the noise; dB


@dataclass(frozen=True, slots=True)
class Spread:
    """Mean and standard deviation over the test images."""

    mean: float
    sd: float


@dataclass(frozen=True, slots=True)
class Row:
    """One candidate."""

    name: str
    kind: str
    self_ensemble: int
    """Views of each tile that were averaged."""
    psnr: dict[str, Spread]
    """By case, and their mean under `MEAN`, in dB."""
    ssim: dict[str, Spread]
    gain: float
    """Mean PSNR less that of the input, in dB."""
    correction: float
    """Size of the changes relative to the noise, in the case where it is largest: about 1 for a denoiser, 0 for
    the identity."""
    psnr_to_input: float | None
    """Mean PSNR of the outputs against their noisy inputs: above 40 dB hardly anything was changed. None if no
    input had noise."""

    @property
    def identity(self) -> bool:
        """Whether a model cheats (section 17.4.3): it changes less than half of the noise, and gains little.

        Never if no input had noise: there was nothing to change then.
        """
        little = self.correction < _LITTLE_CHANGED and self.gain < _LITTLE_GAINED
        return self.kind == "model" and self.psnr_to_input is not None and little


def summarise(scores: Sequence[Score]) -> list[Row]:
    """One row a candidate, in the order in which they were measured."""
    names = list(dict.fromkeys(score.candidate.name for score in scores))
    grouped = [[score for score in scores if score.candidate.name == name] for name in names]
    baseline = next((_mean(group) for group in grouped if group[0].candidate.kind == "input"), math.nan)
    return [_row(group, baseline) for group in grouped]


def _mean(scores: Sequence[Score]) -> float:
    return statistics.fmean(score.psnr for score in scores)


def _row(scores: list[Score], baseline: float) -> Row:
    noisy = [score for score in scores if score.noise > 0.0]
    return Row(
        scores[0].candidate.name,
        scores[0].candidate.kind,
        scores[0].candidate.self_ensemble,
        _by_case(scores, lambda score: score.psnr),
        _by_case(scores, lambda score: score.ssim),
        _mean(scores) - baseline,
        max((_relative(noisy, case) for case in _cases(noisy)), default=0.0),
        statistics.fmean(score.psnr_to_input for score in noisy) if noisy else None,
    )


def _cases(scores: Sequence[Score]) -> list[str]:
    return list(dict.fromkeys(score.case for score in scores))


def _relative(scores: Sequence[Score], case: str) -> float:
    """Total change over total noise, both as energies, so that no single image decides."""
    chosen = [score for score in scores if score.case == case]
    return math.sqrt(sum(s.correction**2 for s in chosen) / sum(s.noise**2 for s in chosen))


def _by_case(scores: Sequence[Score], value: Callable[[Score], float]) -> dict[str, Spread]:
    columns = {case: [value(score) for score in scores if score.case == case] for case in _cases(scores)}
    spreads = {case: _spread(values) for case, values in columns.items()}
    each_image = [statistics.fmean(values) for values in zip(*columns.values(), strict=True)]
    return {**spreads, MEAN: _spread(each_image)}


def _spread(values: Sequence[float]) -> Spread:
    return Spread(statistics.fmean(values), statistics.stdev(values) if len(values) > 1 else 0.0)


def as_json(protocol: str, images: int, rows: Sequence[Row]) -> dict[str, Any]:
    """Plain data: the protocol, the number of test images, and every row."""
    return {
        "v": 1,
        "protocol": protocol,
        "images": images,
        "candidates": [{**asdict(row), "identity": row.identity} for row in rows],
    }
