"""From a training run to a model file on disk, with its card inside."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import onnx

from denoisectl import __version__
from denoisectl.errors import ExportError
from denoisectl.model_card import CARD_KEY, ModelCard
from denoisectl_exports.facts import Facts
from denoisectl_exports.graph import network_of, to_onnx
from denoisectl_exports.photos import Planes, as_the_model_meets_them, reference_photos
from denoisectl_exports.seams import effective_halo
from denoisectl_training.model import DenoisingAutoencoder
from denoisectl_training.profile import profile
from denoisectl_training.recipes import Recipe
from denoisectl_training.trained import load_trained

__all__ = ["card_of", "export_run", "measured", "restamp", "write_model"]


def card_of(model: DenoisingAutoencoder, recipe: Recipe, images: int, facts: Facts) -> ModelCard:
    """The card: what the network is by its layers, what the run says of itself, and the given facts."""
    resolved = recipe.model_dump(mode="json")
    size = profile(model)
    return ModelCard(
        name=facts.name or recipe.name,
        version=facts.version,
        summary=facts.summary or recipe.summary,
        architecture=recipe.model.architecture,
        colour=recipe.model.colour,
        multiple_of=model.multiple_of,
        halo=model.halo,
        effective_halo=None,
        tileable=True,
        precision="float32",
        fp16_safe=False,
        fp16_error=None,
        parameters=size.parameters,
        macs_per_pixel=size.macs_per_pixel,
        recipe=resolved,
        recipe_digest=hashlib.sha256(json.dumps(resolved, sort_keys=True).encode()).hexdigest(),
        images_seen=images,
        data=facts.data,
        scores=facts.scores,
        limits=facts.limits,
        tool_version=__version__,
    )


def export_run(run: Path, out: Path, facts: Facts | None = None, *, photos: Path | None = None) -> ModelCard:
    """Export a run to one model file that needs nothing beside it.

    Args:
        run: a run folder or a checkpoint file in one.
        out: where the file goes.
        facts: the hand-written part of the card.
        photos: clean photos to measure the effective halo on; None takes those of scikit-image, if installed.

    Raises:
        TrainingError: the run has no usable checkpoint, or `photos` holds none.
        ExportError: the graph disagrees with PyTorch, or `out` cannot be written.
    """
    model, recipe, seen = load_trained(run)
    card = card_of(model, recipe, seen, facts or Facts())
    proto = to_onnx(model)
    images = as_the_model_meets_them(reference_photos(photos), recipe)
    card = measured(proto, card, (noisy for noisy, _ in images))
    write_model(proto, card, out)
    return card


def measured(proto: onnx.ModelProto, card: ModelCard, images: Iterable[Planes]) -> ModelCard:
    """The card with what only running the file can tell; `images` are (1, 3, H, W) float32, 1.0 as white."""
    found = effective_halo(network_of(proto), images, halo=card.halo, multiple_of=card.multiple_of)
    return replace(card, effective_halo=found)


def restamp(path: Path, facts: Facts) -> ModelCard:
    """Replace the facts in the card of an exported file: name, version, summary, data, scores and limits.

    Raises:
        ExportError: the file is no model file with a card.
    """
    try:
        proto = onnx.load(path)
    except Exception as error:  # protobuf's decode error is not public
        raise ExportError(f"{path}: not an ONNX file ({error})") from error
    texts = [entry.value for entry in proto.metadata_props if entry.key == CARD_KEY]
    if not texts:
        raise ExportError(
            f"{path}: has no card to restamp; export it with `denoisectl export RUN --out {path}`"
        )
    old = ModelCard.from_json(texts[0])
    card = replace(
        old,
        name=facts.name or old.name,
        version=facts.version,
        summary=facts.summary or old.summary,
        data=facts.data,
        scores=facts.scores,
        limits=facts.limits,
    )
    write_model(proto, card, path)
    return card


def write_model(proto: onnx.ModelProto, card: ModelCard, out: Path) -> None:
    """Put the card into the file and the file into place, whole or not at all."""
    del proto.metadata_props[:]
    entry = proto.metadata_props.add()
    entry.key, entry.value = CARD_KEY, card.to_json()
    beside = out.with_name(f".{out.name}.partial")
    try:
        with beside.open("wb") as file:
            file.write(proto.SerializeToString())
            file.flush()
            os.fsync(file.fileno())
        beside.replace(out)
    except OSError as error:
        with suppress(OSError):
            beside.unlink()
        raise ExportError(f"{out}: cannot be written ({error.strerror or error})") from error
