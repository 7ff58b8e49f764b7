"""The trained network of a run folder or a checkpoint file, ready to be used: always in eval mode."""

from __future__ import annotations

from pathlib import Path

from denoisectl_training.checkpoint import load_checkpoint
from denoisectl_training.model import DenoisingAutoencoder, build_model
from denoisectl_training.recipes import Recipe, parse_recipe
from denoisectl_training.run_folder import RunFolder

__all__ = ["load_trained"]


def load_trained(run: Path) -> tuple[DenoisingAutoencoder, Recipe, int]:
    """The network of a run folder or checkpoint file in eval mode, its recipe, and the images it saw.

    Averaged weights are taken where the run kept them.

    Raises:
        TrainingError: no checkpoint there, or not one of ours.
    """
    checkpoint = RunFolder(run).last if run.is_dir() else run
    state = load_checkpoint(checkpoint)
    recipe = parse_recipe(state["recipe"], origin=str(checkpoint))
    model = build_model(recipe.model)
    model.load_state_dict(state["average"] if state["average"] is not None else state["model"])
    return model.eval(), recipe, state["step"] * recipe.training.batch
