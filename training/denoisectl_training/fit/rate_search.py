"""The first learning rate by section 18.4.3: start too large, and reduce until a short trial does not diverge."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch

from denoisectl.errors import DivergedError, TrainingError
from denoisectl_training.fit.loop import training_step
from denoisectl_training.fit.state import TrainingState
from denoisectl_training.networks.modes import train_mode
from denoisectl_training.photos.batches import training_batch
from denoisectl_training.photos.photo_set import PhotoSet
from denoisectl_training.recipes import Recipe, ScheduleSettings, with_first_rate

_STEPS = 40
_TAIL = 10
_FACTOR = 0.3  # about the square root of 0.1, as the text reduces rates elsewhere
_SMALLEST = 1e-7
_NONE = 1e-30  # a rate that leaves weights as they are
_FIRST = {"sgd": 1.0, "momentum": 0.3, "adam": 0.03, "adamw": 0.03, "muon": 0.03}
"""Larger than should work. For SGD with batch normalisation, the text's 1e-2 would not be large enough."""


class SearchStoppedError(TrainingError):
    """The search was told to stop before it had found a rate."""


@dataclass(frozen=True, slots=True)
class RateTrial:
    """A rate that was tried: the mean loss of its last batches `before` the first step, and `after` the steps at it."""

    rate: float
    before: float
    after: float

    @property
    def good(self) -> bool:
        """Whether the loss went down; NaN did not."""
        return math.isfinite(self.after) and self.after < self.before

    def __str__(self) -> str:
        """For people: `0.03: loss 12.1 to 5.2`."""
        verdict = "" if self.good else ", diverged"
        return f"{self.rate:.2g}: loss {self.before:.3g} to {self.after:.3g}{verdict}"


def find_rate(
    recipe: Recipe,
    photos: PhotoSet,
    device: torch.device,
    precision: str,
    *,
    weights: dict[str, torch.Tensor] | None = None,
    report: Callable[[RateTrial], None] = lambda trial: None,
    stop: Callable[[], bool] = lambda: False,
) -> list[RateTrial]:
    """Try ever smaller rates, 40 steps each from the same start; the last one is good.

    Raises:
        DivergedError: not even the smallest rate helps.
        SearchStoppedError: `stop()`, asked before every step, said so.
    """
    # On the batches that trials end with: of a trained network, one batch's loss is three times another's.
    before = _mean_loss(_NONE, _STEPS - _TAIL, recipe, photos, device, precision, weights, stop)
    trials: list[RateTrial] = []
    rate = _FIRST[recipe.optimizer.name]
    while rate >= _SMALLEST:
        after = _mean_loss(rate, 0, recipe, photos, device, precision, weights, stop)
        trials.append(RateTrial(rate, before, after))
        report(trials[-1])
        if trials[-1].good:
            return trials
        rate *= _FACTOR
    raise DivergedError(
        f"--lr auto: every rate from {trials[0].rate:g} down to {trials[-1].rate:.1g} diverged; the rate is not the "
        "cause: look at the photos, and at model.output and the loss weights of the recipe"
    )


def _mean_loss(
    rate: float,
    first: int,
    recipe: Recipe,
    photos: PhotoSet,
    device: torch.device,
    precision: str,
    weights: dict[str, torch.Tensor] | None,
    stop: Callable[[], bool],
) -> float:
    """Of the last batches of a trial, whose steps begin with the `first`."""
    constant = with_first_rate(recipe, rate).model_copy(update={"schedule": ScheduleSettings()})
    state = TrainingState.start(constant, device, precision, weights)
    train_mode(state.model, recipe.training.frozen)
    losses: list[float] = []
    for step in range(first, _STEPS):
        if stop():
            raise SearchStoppedError("--lr auto: stopped before a rate was found; nothing was trained")
        losses.append(training_step(state, *training_batch(recipe, photos, step, device)).item())
    return sum(losses[-_TAIL:]) / _TAIL
