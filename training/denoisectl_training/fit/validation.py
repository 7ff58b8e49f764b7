"""PSNR and loss on photos set aside from training (sections 17.3.3, 18.4.3), corrupted the same way every time."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from denoisectl_training.corruption import corrupt
from denoisectl_training.fit.losses import training_loss
from denoisectl_training.networks.model import DenoisingAutoencoder
from denoisectl_training.networks.modes import evaluating
from denoisectl_training.photos.crops import step_generator
from denoisectl_training.recipes import Recipe

_SIDE, _UNIT = 256, 32  # most networks divide by less: photos show them all the same middle
_FLOOR = 1e-5  # 50 dB: an image left untouched must not outweigh all others in the mean


@dataclass(frozen=True, slots=True)
class Validation:
    """How a network does on photos that it does not learn from."""

    psnr: float
    """Mean over photos and kinds of corruption, in dB; each image counts at most 50."""
    loss: float
    """The training loss on them."""


def psnr(predicted: Tensor, target: Tensor) -> Tensor:
    """Peak signal-to-noise ratio in dB of each image of `(B, 3, H, W)` in [0, 1], capped at 50."""
    error = (predicted - target).square().mean(dim=(1, 2, 3))
    return -10.0 * torch.log10(error.clamp(min=_FLOOR))


def validate(
    model: DenoisingAutoencoder,
    photos: Sequence[Tensor],
    recipe: Recipe,
    device: torch.device,
    *,
    paired: bool = False,
) -> Validation:
    """Measure on the middle of each photo, in eval mode; every module's mode is left as it was."""
    scores, losses = [], []
    with evaluating(model), torch.inference_mode():
        for index, photo in enumerate(photos):
            middle = _middle(photo, model.multiple_of).to(device).float()[None] / 255.0
            noisy, target = middle.chunk(2, 1) if paired else _corrupted(middle, recipe, index)
            predicted = model.predict(model.planes(noisy))
            losses.append(training_loss(predicted, model.planes(target), recipe.loss))
            scores.append(psnr(model.to_rgb(predicted, noisy).clamp(0.0, 1.0), target))
    return Validation(torch.cat(scores).mean().item(), torch.stack(losses).mean().item())


def _middle(photo: Tensor, multiple_of: int) -> Tensor:
    """The middle of a `(C, H, W)` photo, of a size that the network divides; one crop always fits."""
    _, height, width = photo.shape
    unit = math.lcm(_UNIT, multiple_of)
    side = min(max(_SIDE, unit), height, width) // unit * unit
    top, left = (height - side) // 2, (width - side) // 2
    return photo[:, top : top + side, left : left + side]


def _corrupted(clean: Tensor, recipe: Recipe, index: int) -> tuple[Tensor, Tensor]:
    """`(1, 3, S, S)` under each kind of the recipe's mixture: `(kinds, 3, S, S)`, noisy and target."""
    generator = step_generator(recipe.training.seed + 2, index, clean.device)
    pairs = [corrupt(clean, (entry,), generator) for entry in recipe.corruption]
    return torch.cat([noisy for noisy, _ in pairs]), torch.cat([target for _, target in pairs])
