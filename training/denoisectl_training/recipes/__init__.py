"""Recipes: everything that decides a training run, in one TOML file, checked before anything starts.

A recipe is read into frozen models; an unknown or ill-typed key is a `ConfigError` that names the key path
and the nearest right key. The recipes that ship are the `.toml` files beside this module.
"""

from denoisectl_training.recipes.checking import parse_recipe
from denoisectl_training.recipes.loading import changed, given_keys, load_recipe, shipped_recipes
from denoisectl_training.recipes.rates import first_rate, with_first_rate
from denoisectl_training.recipes.settings import (
    MAGNITUDES,
    CorruptionSettings,
    DataSettings,
    LossSettings,
    ModelSettings,
    OptimizerSettings,
    Recipe,
    ScheduleSettings,
    TrainingSettings,
)

__all__ = [
    "MAGNITUDES",
    "CorruptionSettings",
    "DataSettings",
    "LossSettings",
    "ModelSettings",
    "OptimizerSettings",
    "Recipe",
    "ScheduleSettings",
    "TrainingSettings",
    "changed",
    "first_rate",
    "given_keys",
    "load_recipe",
    "parse_recipe",
    "shipped_recipes",
    "with_first_rate",
]
