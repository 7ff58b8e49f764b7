"""The network that a recipe trains: in float, or with the rounding of 8 bits in it."""

from __future__ import annotations

from denoisectl_training.networks.model import DenoisingAutoencoder, build_model
from denoisectl_training.quantised import with_fake_quantization
from denoisectl_training.recipes import Recipe


def build_network(recipe: Recipe) -> DenoisingAutoencoder:
    """Build the network that `recipe` trains, with fresh weights from torch's global generator."""
    model = build_model(recipe.model)
    return model if recipe.training.quantise == "nothing" else with_fake_quantization(model)
