"""The rate that a recipe begins with, wherever its schedule keeps it."""

from __future__ import annotations

from denoisectl_training.recipes.settings import Recipe


def first_rate(recipe: Recipe) -> float:
    """The rate that a run begins with, after any warm-up."""
    return recipe.schedule.rates[0] if recipe.schedule.name == "steps" else recipe.optimizer.lr


def with_first_rate(recipe: Recipe, rate: float) -> Recipe:
    """The recipe begun at another rate; later rates keep their proportion to it."""
    times = rate / first_rate(recipe)
    schedule = recipe.schedule.model_copy(
        update={"rates": tuple(each * times for each in recipe.schedule.rates)}
    )
    optimizer = recipe.optimizer.model_copy(update={"lr": rate})
    return recipe.model_copy(update={"optimizer": optimizer, "schedule": schedule})
