"""Weights together with what is known of their training."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from denoisectl_training.recipes import Recipe


@dataclass(frozen=True, slots=True)
class TrainedWeights:
    """What a run folder, a checkpoint or a model file holds of a network."""

    weights: dict[str, Tensor]
    """By the names of the network that `recipe` trains; averaged ones where the run kept them."""
    recipe: Recipe
    images_seen: int
    """From the first run on: those of the weights that a run started from are counted in."""
