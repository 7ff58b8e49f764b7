"""Scores of every candidate on every sample."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from denoisectl_training.evaluation.candidates import Candidate
from denoisectl_training.evaluation.metrics import Image, psnr, rms, ssim
from denoisectl_training.evaluation.protocols import Protocol, Sample, as_file


@dataclass(frozen=True, slots=True)
class Score:
    """One candidate on one sample."""

    candidate: Candidate
    image: str
    case: str
    psnr: float
    ssim: float
    psnr_to_input: float
    """PSNR of the output against the noisy input: high where little was done."""
    correction: float
    """RMS of what was changed, in [0, 1] units."""
    noise: float
    """RMS of what should have been changed."""


def measure(
    protocol: Protocol,
    candidates: Sequence[Candidate],
    *,
    watch: Callable[[Sample, Candidate, Image, Score], None] = lambda *_: None,
) -> list[Score]:
    """Denoise and compare; `watch` is shown each sample with its output and score, in order."""
    scores = []
    for sample in protocol.samples:
        for candidate in candidates:
            output = _finished(candidate.denoise(sample.noisy), protocol.rounded)
            score = _score(candidate, sample, output, protocol.ceiling)
            scores.append(score)
            watch(sample, candidate, output, score)
    return scores


def _finished(output: Image, rounded: bool) -> Image:
    return as_file(output) if rounded else np.clip(output, 0.0, 1.0)


def _score(candidate: Candidate, sample: Sample, output: Image, ceiling: float) -> Score:
    noisy = np.clip(sample.noisy, 0.0, 1.0)
    return Score(
        candidate,
        sample.image,
        sample.case,
        min(ceiling, psnr(output, sample.clean)),
        ssim(output, sample.clean),
        psnr(output, noisy),
        rms(output - noisy),
        rms(noisy - sample.clean),
    )
