"""The weights in an exported model file: whoever has the model can go on training it."""

from __future__ import annotations

from pathlib import Path

import onnx
import torch
from onnx import numpy_helper

from denoisectl.errors import ModelError, TrainingError
from denoisectl.model_file.card import ADOPTED
from denoisectl.model_file.card_in_file import card_of
from denoisectl.model_file.onnx_file import read_model
from denoisectl.model_file.shipped import shipped_models
from denoisectl_training.networks.model import build_model
from denoisectl_training.recipes import parse_recipe
from denoisectl_training.weights.trained_weights import TrainedWeights

STORED_HALF = "_half"
"""What `export --weights float16` adds to the name of a tensor that it stores so."""


def model_file(source: Path) -> Path | None:
    """The model file that `source` means: itself, or a shipped one by its bare name; None if it means a run."""
    if source.exists():
        return source if source.suffix == ".onnx" else None
    return shipped_models().get(str(source))


def weights_in(file: Path) -> TrainedWeights:
    """Weights of a model file in float32, with the recipe that its card holds and the images that it counts.

    Raises:
        TrainingError: not a model of ours, or one that does not hold its weights as they were trained: in 8-bit
            integers, or with batch normalisation.
    """
    try:
        data = read_model(file)
        card = card_of(data, file)
    except ModelError as error:
        raise TrainingError(str(error)) from error
    if card.architecture == ADOPTED:
        raise TrainingError(
            f"{file}: was made by another project; only networks of `denoisectl train` are trained on"
        )
    if card.precision == "int8":
        twin = f": {card.float32_twin}" if card.float32_twin else ""
        raise TrainingError(f"{file}: is in 8-bit integers; start from a model in float32{twin}")
    if card.precision == "float16":
        raise TrainingError(
            f"{file}: computes in float16, for GPUs; start from the float32 file, or export with --weights float16"
        )
    recipe = parse_recipe(dict(card.recipe), origin=str(file))
    stored = {
        tensor.name.removesuffix(STORED_HALF): tensor
        for tensor in onnx.load_from_string(data).graph.initializer
    }
    weights = build_model(recipe.model).state_dict()
    if missing := [name for name in weights if name not in stored]:
        raise TrainingError(
            f"{file}: does not hold {missing[0]} as it was trained (batch normalisation is folded into convolutions); "
            "start from the run or checkpoint that it was exported from"
        )
    for name, like in weights.items():
        values = torch.from_numpy(numpy_helper.to_array(stored[name]).copy())
        weights[name] = values.to(like.dtype).reshape(like.shape)
    return TrainedWeights(weights, recipe, card.images_seen)
