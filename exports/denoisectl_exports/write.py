"""From a training run to a model file on disk, with its card inside."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Literal

import numpy as np
import onnx
import torch

from denoisectl import __version__
from denoisectl.errors import ExportError
from denoisectl.model_card import CARD_KEY, ModelCard
from denoisectl_exports.equalise import equalised
from denoisectl_exports.facts import Facts
from denoisectl_exports.graph import network_of, to_onnx
from denoisectl_exports.int8 import SIDE, to_int8
from denoisectl_exports.photos import Planes, as_the_model_meets_them, reference_photos
from denoisectl_exports.seams import effective_halo
from denoisectl_exports.skips import with_blocked_skips
from denoisectl_exports.tile_memory import bytes_per_pixel
from denoisectl_training.model import DenoisingAutoencoder
from denoisectl_training.profile import profile
from denoisectl_training.recipes import Recipe
from denoisectl_training.trained import load_trained

Precision = Literal["float32", "int8"]

INT8_LIMIT = "8-bit integers:"

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


def export_run(
    run: Path,
    out: Path,
    facts: Facts | None = None,
    *,
    photos: Path | None = None,
    precision: Precision = "float32",
) -> ModelCard:
    """Export a run to one model file that needs nothing beside it.

    Args:
        run: a run folder or a checkpoint file in one.
        out: where the file goes.
        facts: the hand-written part of the card.
        photos: clean photos to measure and calibrate on; None takes those of scikit-image, if installed.
        precision: "int8" for processors: about three times as fast, a little less exact.

    Raises:
        TrainingError: the run has no usable checkpoint, or `photos` holds none.
        ExportError: the graph disagrees with PyTorch, there is nothing to calibrate int8 on, or `out` cannot
            be written.
    """
    model, recipe, seen = load_trained(run)
    card = card_of(model, recipe, seen, facts or Facts())
    pairs = list(as_the_model_meets_them(reference_photos(photos, at_least=SIDE), recipe))
    if precision == "int8":
        proto, card = _as_int8(model, card, pairs)
    else:
        proto = with_blocked_skips(to_onnx(model))
    card = measured(proto, card, [noisy for noisy, _ in pairs])
    write_model(proto, card, out)
    return card


def measured(proto: onnx.ModelProto, card: ModelCard, images: Iterable[Planes]) -> ModelCard:
    """The card with what only running the file can tell; `images` are (1, 3, H, W) float32, 1.0 as white."""
    found = effective_halo(network_of(proto), images, halo=card.halo, multiple_of=card.multiple_of)
    memory = bytes_per_pixel(proto.SerializeToString(), card.multiple_of)
    return replace(card, effective_halo=found, bytes_per_pixel=memory)


def _as_int8(
    model: DenoisingAutoencoder, card: ModelCard, pairs: Sequence[tuple[Planes, Planes]]
) -> tuple[onnx.ModelProto, ModelCard]:
    if not pairs:
        raise ExportError("int8 is calibrated on photos and there are none; give --photos FOLDER")
    noisy = [noisy for noisy, _ in pairs]
    proto = to_onnx(equalised(model, map(torch.from_numpy, noisy)))
    quantised = to_int8(proto, noisy)
    losses = [_psnr(network_of(proto), pair) - _psnr(network_of(quantised), pair) for pair in pairs[1::2]]
    limit = f"{INT8_LIMIT} {np.mean(losses):.2f} dB below float32 on {len(losses)} noisy photos"
    return quantised, replace(card, precision="int8", limits=(*card.limits, limit))


def _psnr(network: Callable[[Planes], Planes], pair: tuple[Planes, Planes]) -> float:
    noisy, target = pair
    return float(-10 * np.log10(np.square(network(noisy) - target).mean()))


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
        limits=(*facts.limits, *(limit for limit in old.limits if limit.startswith(INT8_LIMIT))),
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
