"""From a training run to a model file on disk, with its card inside."""

from __future__ import annotations

import hashlib
import json
import shlex
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal, get_args

import numpy as np
import onnx
import torch

from denoisectl import __version__
from denoisectl.errors import ExportError, UsageError
from denoisectl.model_file.card import CARD_KEY, ModelCard
from denoisectl.pixels import Planes
from denoisectl.whole_file import write_whole
from denoisectl_exports.facts import Facts
from denoisectl_exports.float16 import SAFE, half_error, to_float16
from denoisectl_exports.graph import check_against, network_of, to_onnx
from denoisectl_exports.half import with_half_weights
from denoisectl_exports.int8 import SIDE, learned_ranges, measured_ranges, to_int8
from denoisectl_exports.photos import Pair, as_the_model_meets_them, reference_photos
from denoisectl_exports.seams import effective_halo, smallest_photo
from denoisectl_exports.skips import with_blocked_skips
from denoisectl_exports.tile_memory import bytes_per_pixel
from denoisectl_training.evaluation.metrics import psnr
from denoisectl_training.networks.model import DenoisingAutoencoder
from denoisectl_training.networks.profile import profile
from denoisectl_training.quantised import evened, ranges_in_order, without_fake_quantization
from denoisectl_training.recipes import Recipe
from denoisectl_training.weights.trained import load_teacher, load_trained

Precision = Literal["float32", "int8", "float16"]
Weights = Literal["float32", "float16"]

INT8_LIMIT, ADOPTED_LIMIT = "8-bit integers:", "adopted:"  # limits that are found, not written by hand
_ROUNDING_PAIRS = 12  # clean and corrupted ones take turns: six kinds of corruption
_ROUNDING_LEVELS, _ROUNDING_LOSS = 1.0, 0.1  # 8-bit levels in the mean, and dB


def new_card(model: DenoisingAutoencoder, recipe: Recipe, images: int, facts: Facts) -> ModelCard:
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
        float32_twin=facts.float32_twin,
        self_ensemble=facts.self_ensemble,
        tool_version=__version__,
    )


def export_run(
    run: Path,
    out: Path,
    facts: Facts | None = None,
    *,
    photos: Path | None = None,
    precision: Precision | None = None,
    weights: Weights = "float32",
) -> ModelCard:
    """Export a run to one model file that needs nothing beside it.

    Args:
        run: a run folder or a checkpoint file in one.
        out: where the file goes.
        facts: the hand-written part of the card.
        photos: clean photos to measure and calibrate on; None takes those of scikit-image, if installed.
        precision: "int8" for processors: more than twice as fast, a little less exact; "float16" for GPUs.
            None takes what the run was trained in.
        weights: how the file stores them; "float16" halves it, and is refused where a photo could show it.

    Raises:
        TrainingError: the run has no usable checkpoint.
        UsageError: `photos` holds none, or no such precision or weights.
        ExportError: the graph disagrees with PyTorch, there is nothing to measure int8 on, the run was
            trained in 8 bits and is asked for in float32, or `out` cannot be written.
    """
    refuse_unknown("precision", precision or "float32", get_args(Precision))
    refuse_unknown("weights", weights, get_args(Weights))
    trained = load_trained(run)
    model, recipe = trained.model, trained.recipe
    card = new_card(model, recipe, trained.images_seen, facts or Facts())
    side = smallest_photo(card.halo, card.multiple_of)
    clean = reference_photos(photos, at_least=SIDE, multiple_of=card.multiple_of, side=side)
    pairs = list(as_the_model_meets_them(clean, recipe))
    trained_in: Precision = "float32" if recipe.training.quantise == "nothing" else recipe.training.quantise
    if precision not in (None, trained_in) and trained_in != "float32":
        raise ExportError(f"{run}: was trained to be rounded to {trained_in}; leave --precision out")
    if trained_in == "int8":
        proto, card = _as_trained_int8(model, load_teacher(run), card, pairs)
    elif precision == "int8":
        proto, card = _as_int8(model, card, pairs)
    elif precision == "float16":
        proto, card = _as_float16(model, card, pairs)
    else:
        proto = with_blocked_skips(to_onnx(model))
        check_against(model, proto)
    noisy = [pair.noisy for pair in pairs]
    if weights == "float16":
        proto = with_half_weights(proto, noisy)
    card = measured(proto, card, noisy)
    write_model(proto, card, out)
    return card


def refuse_unknown(name: str, given: str, known: tuple[str, ...]) -> None:
    """A misspelt word would be taken for float32, and the file not be what was asked for.

    Raises:
        UsageError: `given` is none of the known words.
    """
    if given not in known:
        raise UsageError(f"{name} {given!r}: give one of {', '.join(known)}")


def measured(proto: onnx.ModelProto, card: ModelCard, images: Iterable[Planes]) -> ModelCard:
    """The card with what only running the file can tell; `images` are (1, 3, H, W) float32, 1.0 as white."""
    found = None
    if card.tileable:
        found = effective_halo(network_of(proto), images, halo=card.halo, multiple_of=card.multiple_of)
    memory = bytes_per_pixel(proto.SerializeToString(), card.multiple_of)
    return replace(card, effective_halo=found, bytes_per_pixel=memory)


Pairs = Sequence[Pair]


def _as_int8(model: DenoisingAutoencoder, card: ModelCard, pairs: Pairs) -> tuple[onnx.ModelProto, ModelCard]:
    """A float network, rounded as well as measuring can do it."""
    _refuse_none(pairs)
    noisy = [pair.noisy for pair in pairs]
    proto = to_onnx(evened(model, [torch.from_numpy(image) for image in noisy]))
    quantised = to_int8(proto, measured_ranges(proto, noisy))
    loss, measured_on = _loss(proto, quantised, pairs)
    limit = f"{INT8_LIMIT} {loss:.2f} dB below float32 on {measured_on}"
    return quantised, replace(card, precision="int8", limits=(*card.limits, limit))


def _as_trained_int8(
    model: DenoisingAutoencoder, teacher: DenoisingAutoencoder, card: ModelCard, pairs: Pairs
) -> tuple[onnx.ModelProto, ModelCard]:
    """A network that was trained with its rounding, and the proof that the file rounds alike."""
    _refuse_none(pairs)
    proto = to_onnx(without_fake_quantization(model))
    quantised = to_int8(proto, learned_ranges(proto, ranges_in_order(model)))
    _check_rounding(model, network_of(quantised), pairs)
    loss, measured_on = _loss(to_onnx(teacher), quantised, pairs)
    below = f"{loss:.2f} dB below the float32 network that it was tuned from on {measured_on}"
    limit = f"{INT8_LIMIT} tuned with their rounding, {below}"
    return quantised, replace(card, precision="int8", limits=(*card.limits, limit))


def _as_float16(
    model: DenoisingAutoencoder, card: ModelCard, pairs: Pairs
) -> tuple[onnx.ModelProto, ModelCard]:
    """Half precision between the ends, and how far that moves a photo."""
    proto = to_float16(model)
    error = half_error(to_onnx(model), proto, (pair.noisy for pair in pairs))
    safe = error is not None and error <= SAFE
    return proto, replace(card, precision="float16", fp16_safe=safe, fp16_error=error)


def _refuse_none(pairs: Pairs) -> None:
    if not pairs:
        raise ExportError("int8 is measured on photos and there are none; give --photos FOLDER")


def _check_rounding(model: DenoisingAutoencoder, network: Callable[[Planes], Planes], pairs: Pairs) -> None:
    """Hold the file to the quality of its training, and to results that differ by less than a level in the mean.

    Not to equal results: a value half way between two levels falls to either, here or there, and its
    neighbours in the next layer follow.
    """
    for noisy, target, _ in pairs[:_ROUNDING_PAIRS]:
        with torch.inference_mode():
            expected = model(torch.from_numpy(noisy)).numpy()
        found = network(noisy)
        loss = psnr(expected, target) - psnr(found, target)
        difference = 255 * float(np.abs(found - expected).mean())
        if not (difference <= _ROUNDING_LEVELS and abs(loss) <= _ROUNDING_LOSS):
            raise ExportError(
                f"the 8-bit file is {difference:.2f} levels and {loss:.2f} dB from its training; nothing written"
            )


def _loss(proto: onnx.ModelProto, quantised: onnx.ModelProto, pairs: Pairs) -> tuple[float, str]:
    """Mean loss of rounding in dB, and on what: the noisy photos, unless the recipe makes none."""
    exact, rounded = network_of(proto), network_of(quantised)
    noisy = [pair for pair in pairs if pair.corrupted]
    losses = [
        psnr(exact(pair.noisy), pair.target) - psnr(rounded(pair.noisy), pair.target)
        for pair in noisy or pairs
    ]
    return float(np.mean(losses)), f"{len(losses)} {'noisy' if noisy else 'clean'} photos"


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
            f"{path}: has no card to restamp; export it with `denoisectl export RUN --out {shlex.quote(str(path))}`"
        )
    old = ModelCard.from_json(texts[0])
    card = replace(
        old,
        name=facts.name or old.name,
        version=facts.version,
        summary=facts.summary or old.summary,
        data=facts.data,
        scores=facts.scores,
        limits=(
            *facts.limits,
            *(each for each in old.limits if each.startswith((INT8_LIMIT, ADOPTED_LIMIT))),
        ),
        float32_twin=facts.float32_twin,
        self_ensemble=facts.self_ensemble,
    )
    write_model(proto, card, path)
    return card


def write_model(proto: onnx.ModelProto, card: ModelCard, out: Path) -> None:
    """Put the card into the file and the file into place, whole or not at all."""
    del proto.metadata_props[:]
    entry = proto.metadata_props.add()
    entry.key, entry.value = CARD_KEY, card.to_json()
    try:
        write_whole(out, proto.SerializeToString())
    except OSError as error:
        raise ExportError(f"{out}: cannot be written ({error.strerror or error})") from error
