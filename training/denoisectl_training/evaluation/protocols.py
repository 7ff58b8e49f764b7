"""What is measured: section 18.4.4's five cases, the literature's Gaussian noise, or real pairs.

A protocol is a stream of samples and the rule for the outputs. Everything random is a function of the
seed and of the image's place in sorted order, so that every candidate and every machine sees the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from denoisectl.errors import TrainingError
from denoisectl_training.corruption import blur, gaussian, knockout, salt_and_pepper
from denoisectl_training.evaluation.metrics import Image
from denoisectl_training.evaluation.sources import Source, read_image
from denoisectl_training.photos.crops import step_generator
from denoisectl_training.photos.pairs import Pair


@dataclass(frozen=True, slots=True)
class Sample:
    """One image to be denoised, and the truth."""

    image: str
    case: str
    noisy: Image
    clean: Image


@dataclass(frozen=True, slots=True)
class Protocol:
    """A stream of samples, and how the outputs are compared."""

    name: str
    samples: Iterator[Sample]
    rounded: bool
    """Whether outputs are rounded to 8 bits, as a file would hold them; they are always clipped to [0, 1]."""
    ceiling: float = 100.0
    """PSNR above this counts as this, so that a clean image left alone does not outweigh all others."""


FIVE_CASES: dict[str, Callable[[torch.Tensor, torch.Generator], torch.Tensor]] = {
    "clean": lambda clean, generator: clean,
    "gaussian": lambda clean, generator: gaussian(clean, generator, 25.0, fixed=True),
    "salt and pepper": lambda clean, generator: salt_and_pepper(clean, generator, 0.05),
    "blur": lambda clean, generator: blur(clean, generator, 1.5, fixed=True),
    "knockout": lambda clean, generator: knockout(clean, generator, 9, 0.02, fixed=True),
}
"""Section 18.4.4 with fixed parameters: sigma 25, 5% of the pixels, sigma 1.5, 9 x 9 blocks over 2%."""


def as_file(image: Image) -> Image:
    """Clip to [0, 1] and round to the 8 bits of a file."""
    return np.asarray(np.round(np.clip(image, 0.0, 1.0) * 255.0) / 255.0, np.float32)


def five_cases(source: Source, *, seed: int = 0, eight_bit: bool = False) -> Protocol:
    """Each image clean and under section 18.4.4's four corruptions; PSNR capped at 50 dB.

    The noisy images are float and not clipped; `eight_bit` clips and rounds them first.
    """
    return Protocol("five cases", _five(source, seed, eight_bit), rounded=True, ceiling=50.0)


def _five(source: Source, seed: int, eight_bit: bool) -> Iterator[Sample]:
    for clean in source:
        planes = torch.from_numpy(clean.pixels).permute(2, 0, 1)[None]
        for number, (case, corruption) in enumerate(FIVE_CASES.items()):
            corrupted = corruption(planes, step_generator(seed, len(FIVE_CASES) * clean.index + number))
            noisy = np.ascontiguousarray(corrupted[0].permute(1, 2, 0).numpy())
            yield Sample(clean.name, case, as_file(noisy) if eight_bit else noisy, clean.pixels)


def literature(source: Source, sigmas: Sequence[float], *, eight_bit: bool = False) -> Protocol:
    """Additive Gaussian noise as papers measure it: float, not clipped, not rounded; outputs only clipped.

    The generator is numpy's `default_rng(index)`, `index` being the photo's place in sorted order. The
    practical variant, `eight_bit`, clips and rounds the noisy image to 8 bits first. A sigma counts once.
    """
    cases = {f"sigma {sigma:g}": sigma for sigma in sigmas}
    return Protocol("literature", _gaussian(source, cases, eight_bit), rounded=False)


def _gaussian(source: Source, cases: Mapping[str, float], eight_bit: bool) -> Iterator[Sample]:
    for clean in source:
        for case, sigma in cases.items():
            noise = np.random.default_rng(clean.index).normal(0.0, sigma / 255.0, clean.pixels.shape)
            noisy = clean.pixels + noise.astype(np.float32)
            yield Sample(clean.name, case, as_file(noisy) if eight_bit else noisy, clean.pixels)


def real_pairs(pairs: Sequence[Pair], *, every: int = 1) -> Protocol:
    """Photos with real noise and their clean partners; outputs rounded to 8 bits, as `run` would write them.

    Raises:
        TrainingError: a photo cannot be read, or the two of a pair differ in size.
    """
    return Protocol("pairs", _pairs(pairs[::every]), rounded=True)


def _pairs(pairs: Sequence[Pair]) -> Iterator[Sample]:
    for noisy_path, clean_path in pairs:
        noisy, clean = read_image(noisy_path), read_image(clean_path)
        if noisy.shape != clean.shape:
            raise TrainingError(
                f"{noisy_path} and {clean_path} differ in size: {noisy.shape[1]} x {noisy.shape[0]} against "
                f"{clean.shape[1]} x {clean.shape[0]}; a pair shows the same scene pixel by pixel"
            )
        yield Sample(noisy_path.name, "real", noisy, clean)
