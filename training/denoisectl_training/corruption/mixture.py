"""A batch in which each image has its own kind of corruption, drawn by the weights of a recipe."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Generator, Tensor

from denoisectl_training.corruption.basic import blur, gaussian, knockout, poisson, salt_and_pepper, uniform
from denoisectl_training.corruption.developed_noise import developed
from denoisectl_training.corruption.simulated_camera import camera
from denoisectl_training.recipes import CorruptionSettings

_KINDS: dict[str, Callable[..., Tensor]] = {
    "gaussian": gaussian,
    "poisson": poisson,
    "salt_and_pepper": salt_and_pepper,
    "blur": blur,
    "knockout": knockout,
}


def corrupt_one_kind(
    clean: Tensor, settings: CorruptionSettings, generator: Generator
) -> tuple[Tensor, Tensor]:
    """Corrupt all of `(B, 3, H, W)` in one way; returns `(noisy, target)`, where only a camera moves the target."""
    if settings.kind == "clean":
        return clean, clean
    if settings.kind == "camera":
        return camera(clean, generator)
    if settings.kind == "developed":
        return developed(clean, generator)
    extra = () if settings.magnitude is None else (settings.magnitude,)
    noisy = _KINDS[settings.kind](clean, generator, *extra)
    if settings.clipped:
        chosen = uniform(clean, generator, 0.0, 1.0) < settings.clipped
        noisy = torch.where(chosen, (noisy.clamp(0.0, 1.0) * 255.0).round() / 255.0, noisy)
    return noisy, clean


def corrupt(
    clean: Tensor, mixture: Sequence[CorruptionSettings], generator: Generator, *, grey: float = 0.0
) -> tuple[Tensor, Tensor]:
    """Corrupt each image of `(B, 3, H, W)` in a way drawn by weight; returns `(noisy, target)`.

    A share `grey` of the pairs is averaged over the channels, noise and all.
    """
    weights = torch.tensor([entry.weight for entry in mixture], device=clean.device)
    kinds = torch.multinomial(weights, len(clean), replacement=True, generator=generator)
    noisy, target = clean.clone(), clean.clone()
    for index, entry in enumerate(mixture):
        chosen = (kinds == index).nonzero().squeeze(1)
        if len(chosen):
            noisy[chosen], target[chosen] = corrupt_one_kind(clean[chosen], entry, generator)
    return greyed(noisy, target, grey, generator)


def greyed(noisy: Tensor, target: Tensor, share: float, generator: Generator) -> tuple[Tensor, Tensor]:
    """A share of the pairs `(B, 3, H, W)` averaged over the channels, noise and all."""
    if not share:
        return noisy, target
    chosen = uniform(target, generator, 0.0, 1.0) < share
    return _grey_where(chosen, noisy), _grey_where(chosen, target)


def _grey_where(chosen: Tensor, images: Tensor) -> Tensor:
    return torch.where(chosen, images.mean(dim=1, keepdim=True), images)
