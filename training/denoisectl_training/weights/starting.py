"""The weights that a run begins with, if they are not new: as they are, deeper, narrower or ready for 8 bits."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor

from denoisectl.errors import ConfigError
from denoisectl_training.photos.batches import training_batch
from denoisectl_training.photos.photo_set import PhotoSet
from denoisectl_training.quantised import prepared_weights, without_ranges
from denoisectl_training.recipes import Recipe
from denoisectl_training.weights.deepening import deepened, is_deeper
from denoisectl_training.weights.narrowing import is_narrower, narrowed
from denoisectl_training.weights.trained import load_weights
from denoisectl_training.weights.tuning import refuse_other_network

_PROBE_BATCHES, _PROBE_SEED = 12, 3  # seeds 1 and 2 on are those of noise and of validation


def weights_to_start_from(source: Path, recipe: Recipe, photos: PhotoSet) -> tuple[dict[str, Tensor], int]:
    """Weights made to fit the recipe's network, and the images that they have seen.

    Args:
        source: a run folder, checkpoint or model.
        recipe: of the run that begins. Its network may be deeper or narrower than that of `source`.
        photos: to observe the network on, where it is narrowed or made ready for 8 bits.

    Raises:
        ModelError: nothing at `source`.
        TrainingError: nothing of ours there, or a model without its weights as trained.
        ConfigError: the weights fit another network, or were tuned to rounding already.
    """
    found = load_weights(source)
    trained, weights = found.recipe, without_ranges(found.weights)
    if trained.training.quantise != "nothing" != recipe.training.quantise:
        raise ConfigError(
            f"--from {source}: was tuned to rounding already; start from the float network that it was tuned from"
        )
    if is_deeper(recipe.model, trained.model):
        torch.manual_seed(recipe.training.seed)
        weights = deepened(weights, recipe.model)
    elif is_narrower(recipe.model, trained.model):
        weights = narrowed(weights, trained.model, recipe.model, _probe_batches(recipe, photos))
    else:
        refuse_other_network(recipe, trained, str(source))
    if recipe.training.quantise != "nothing":
        weights = prepared_weights(recipe.model, weights, _probe_batches(recipe, photos))
    return weights, found.images_seen


def _probe_batches(recipe: Recipe, photos: PhotoSet) -> list[Tensor]:
    """Noisy batches of another seed, which the run itself will not see, to observe a network on."""
    training = recipe.training.model_copy(update={"seed": recipe.training.seed + _PROBE_SEED})
    other, cpu = recipe.model_copy(update={"training": training}), torch.device("cpu")
    return [training_batch(other, photos, step, cpu)[0] for step in range(_PROBE_BATCHES)]
