"""PSNR on photos set aside from training, corrupted the same way every time."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from denoisectl_training.corruption import corrupt
from denoisectl_training.model import DenoisingAutoencoder
from denoisectl_training.photos import step_generator
from denoisectl_training.recipes import Recipe

__all__ = ["psnr", "validate"]

_SIDE = 256
_FLOOR = 1e-5  # 50 dB: an image left untouched must not outweigh all others in the mean


def psnr(predicted: Tensor, target: Tensor) -> Tensor:
    """Peak signal-to-noise ratio in dB of each image of `(B, 3, H, W)` in [0, 1], capped at 50."""
    error = (predicted - target).square().mean(dim=(1, 2, 3))
    return -10.0 * torch.log10(error.clamp(min=_FLOOR))


def validate(
    model: DenoisingAutoencoder, photos: Sequence[Tensor], recipe: Recipe, device: torch.device
) -> float:
    """Mean PSNR over the middle of each photo, in eval mode; the model's mode is left as it was."""
    was_training = model.training
    model.eval()
    with torch.inference_mode():
        scores = [
            psnr(model(noisy), target)
            for noisy, target in (
                _corrupted_middle(photo, recipe, i, device) for i, photo in enumerate(photos)
            )
        ]
    model.train(was_training)
    return torch.cat(scores).mean().item()


def _corrupted_middle(
    photo: Tensor, recipe: Recipe, index: int, device: torch.device
) -> tuple[Tensor, Tensor]:
    """The middle of a photo under each kind of the recipe's mixture: `(kinds, 3, S, S)`."""
    _, height, width = photo.shape
    side = min(_SIDE, height, width) // 32 * 32
    top, left = (height - side) // 2, (width - side) // 2
    clean = photo[None, :, top : top + side, left : left + side].to(device).float() / 255.0
    generator = step_generator(recipe.training.seed + 2, index, device)
    pairs = [corrupt(clean, (entry,), generator) for entry in recipe.corruption]
    return torch.cat([noisy for noisy, _ in pairs]), torch.cat([target for _, target in pairs])
