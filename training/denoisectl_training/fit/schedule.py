"""Learning rates as functions of images seen (sections 17.3.3 and 18.4)."""

from __future__ import annotations

import math

from denoisectl_training.recipes import ScheduleSettings


def learning_rate(settings: ScheduleSettings, base: float, images: int, total: int) -> float:
    """The rate after `images` of `total` images; `base` is `optimizer.lr`."""
    if settings.name == "steps":
        return settings.rates[min(images // settings.every, len(settings.rates) - 1)]
    if settings.name == "geometric":
        return base * settings.factor ** (images // settings.every)
    if settings.name == "cosine":
        if images < settings.warmup:
            return base * (images + 1) / (settings.warmup + 1)
        progress = (images - settings.warmup) / max(1, total - settings.warmup)
        wave = 0.5 * (1.0 + math.cos(math.pi * min(1.0, progress)))
        return base * (settings.final + (1.0 - settings.final) * wave)
    return base
