"""The trained network of a run folder, checkpoint or model file, ready to be used: always in eval mode."""

from __future__ import annotations

from pathlib import Path

from torch import Tensor

from denoisectl.errors import ModelError, TrainingError
from denoisectl.model_file.shipped import shipped_models
from denoisectl_training.networks.model import DenoisingAutoencoder, build_model
from denoisectl_training.recipes import Recipe, parse_recipe
from denoisectl_training.records.checkpoint import load_checkpoint
from denoisectl_training.records.run_folder import RunFolder
from denoisectl_training.weights.fresh import build_network
from denoisectl_training.weights.model_file import model_file, weights_in


def load_weights(run: Path) -> tuple[dict[str, Tensor], Recipe, int]:
    """Weights of a run folder, checkpoint or model file, its recipe, and the images that those weights have seen.

    Images count from the first run on, those of the weights that a run started from included.

    Of a run folder, the checkpoint that was best on the held-out photos, or the last if nothing was held out: a run
    stopped at a high rate may end in one of its worse moments. Averaged weights are taken where the run kept them.
    A name that is no path is one of a shipped model.

    Raises:
        ModelError: nothing there.
        TrainingError: no checkpoint in it, not one of ours, or a model without its weights as trained.
    """
    if file := model_file(run):
        return weights_in(file)
    if not run.exists():
        names = ", ".join(shipped_models()) or "none in this installation"
        raise ModelError(f"{run}: no run, checkpoint or model there, and no shipped model's name ({names})")
    checkpoint = checkpoint_of(run)
    state = load_checkpoint(checkpoint)
    recipe = parse_recipe(state["recipe"], origin=str(checkpoint))
    weights = state["model"] if state["average"] is None else state["average"]
    return weights, recipe, state.get("images_before", 0) + state["step"] * recipe.training.batch


def checkpoint_of(run: Path) -> Path:
    """The checkpoint that a run is taken for: its best on held-out photos, or its last if nothing was held out."""
    if not run.is_dir():
        return run
    folder = RunFolder(run)
    return folder.best if folder.best.is_file() else folder.last


def load_trained(run: Path) -> tuple[DenoisingAutoencoder, Recipe, int]:
    """The network of a run folder, checkpoint or model file in eval mode, its recipe, and the images it saw.

    One that was trained in 8 bits rounds as it did in training.

    Raises:
        ModelError, TrainingError: as for `load_weights`.
    """
    weights, recipe, images = load_weights(run)
    model = build_network(recipe)
    model.load_state_dict(weights)
    return model.eval(), recipe, images


def load_teacher(run: Path) -> DenoisingAutoencoder:
    """The float network, in eval mode, that a run in 8 bits was tuned from.

    Raises:
        TrainingError: no checkpoint there, not one of ours, or not of a run in 8 bits.
    """
    checkpoint = checkpoint_of(run)
    state = load_checkpoint(checkpoint)
    if state["teacher"] is None:
        raise TrainingError(f"{checkpoint}: was not tuned to 8 bits")
    model = build_model(parse_recipe(state["recipe"], origin=str(checkpoint)).model)
    model.load_state_dict(state["teacher"])
    return model.eval()
