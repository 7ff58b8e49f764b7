"""The trained network of a run folder, checkpoint or model file, ready to be used: always in eval mode."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from denoisectl.errors import ModelError, TrainingError
from denoisectl.model_file.shipped import shipped_models
from denoisectl_training.networks.model import DenoisingAutoencoder, build_model
from denoisectl_training.recipes import Recipe, parse_recipe
from denoisectl_training.records.checkpoint import load_checkpoint
from denoisectl_training.records.run_folder import RunFolder
from denoisectl_training.weights.fresh import build_network
from denoisectl_training.weights.model_file import model_file, weights_in
from denoisectl_training.weights.trained_weights import TrainedWeights


@dataclass(frozen=True, slots=True)
class TrainedNetwork:
    """A network that was trained, and what is known of its training."""

    model: DenoisingAutoencoder
    """In eval mode. One that was trained in 8 bits rounds as it did in training."""
    recipe: Recipe
    images_seen: int
    """As `TrainedWeights` counts them."""


def load_weights(run: Path) -> TrainedWeights:
    """Weights of a run folder, checkpoint or model file.

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
    seen = state.get("images_before", 0) + state["step"] * recipe.training.batch
    return TrainedWeights(weights, recipe, seen)


def checkpoint_of(run: Path) -> Path:
    """The checkpoint that a run is taken for: its best on held-out photos, or its last if nothing was held out."""
    if not run.is_dir():
        return run
    folder = RunFolder(run)
    return folder.best if folder.best.is_file() else folder.last


def load_trained(run: Path) -> TrainedNetwork:
    """The network of a run folder, checkpoint or model file.

    Raises:
        ModelError, TrainingError: as for `load_weights`.
    """
    found = load_weights(run)
    model = build_network(found.recipe)
    model.load_state_dict(found.weights)
    return TrainedNetwork(model.eval(), found.recipe, found.images_seen)


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
