"""Another project's `.onnx` file to a model file of ours, with its card inside.

All that the card says is found out by running the file: see `adopted/`. Checkpoints are not taken, since only
the code that made one can build its network; that code can export it to ONNX.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import get_args

import numpy as np
import onnx

from denoisectl import __version__
from denoisectl.errors import ExportError
from denoisectl.model_file.card import ADOPTED, ModelCard
from denoisectl.pixels import Planes
from denoisectl.tiles.tiling import round_up
from denoisectl_exports.adopted.counted import multiply_adds, parameters
from denoisectl_exports.adopted.foreign import Foreign, Network, read_foreign
from denoisectl_exports.adopted.grid import check_batches, grid_of_shifts, grid_of_sizes
from denoisectl_exports.adopted.layout import Layout, as_network, find_layout
from denoisectl_exports.adopted.meaning import find_meaning, with_noise
from denoisectl_exports.adopted.reach import FURTHEST, measured_reach
from denoisectl_exports.adopted.wrapped import wrapped
from denoisectl_exports.facts import Facts
from denoisectl_exports.graph import COMPARED_ON, network_of
from denoisectl_exports.half import with_half_weights
from denoisectl_exports.photos import reference_photos
from denoisectl_exports.seams import smallest_photo
from denoisectl_exports.write import ADOPTED_LIMIT, Weights, measured, refuse_unknown, write_model

_LEAST, _TRIED = 64, 192  # pixels a side of the photos that tell the range
_MOST = 5  # of those photos
_TOLERANCE = 1e-4  # in [0, 1]: a fortieth of an 8-bit level
_log = logging.getLogger("denoisectl")


def adopt(
    source: Path,
    out: Path,
    facts: Facts | None = None,
    *,
    photos: Path | None = None,
    weights: Weights = "float32",
) -> ModelCard:
    """Make a model file that needs nothing beside it from an `.onnx` file of another project.

    Args:
        source: a denoiser of photos with one image as input and one as output, in float32.
        out: where the file goes.
        facts: the hand-written part of the card.
        photos: clean photos to try it on; None takes those of scikit-image, if installed.
        weights: how the file stores them; "float16" halves it, and is refused where a photo could show it.

    Raises:
        ModelError: there is no such file, or it is not ONNX.
        UsageError: it is a model file of ours already, `photos` does not exist or holds none, or no such weights.
        TrainingError: none of the photos can be read.
        ExportError: it cannot be adopted, there is nothing to try it on, or `out` cannot be written.
    """
    refuse_unknown("weights", weights, get_args(Weights))
    foreign = read_foreign(source)
    layout = find_layout(foreign)
    try:
        network = as_network(foreign, layout)
        grid = grid_of_sizes(network)
        check_batches(network, grid)
        tried = _small_photos(photos, grid)
        meaning = find_meaning(network, tried)
        grid, halo = _extent(meaning.around(network), tried, grid)
        proto = wrapped(foreign, layout, meaning)
        _check_same(proto, meaning.around(as_network(foreign, layout, one_by_one=True)), grid)
    except ExportError as error:
        raise ExportError(f"{source}: {error}") from error
    colours = "; each colour is denoised by itself" if layout.channels == 1 else ""
    card = _card(foreign, layout, facts or Facts(), grid, halo, f"it works on {meaning}{colours}")
    images = list(_noisy_and_clean(photos, card))
    if weights == "float16":
        proto = with_half_weights(proto, images)
    card = measured(proto, card, images)
    write_model(proto, card, out)
    return card


def _small_photos(folder: Path | None, grid: int) -> list[Planes]:
    """A few photos, cut to what tells the range, `(1, 3, h, w)`."""
    side = round_up(_TRIED, grid)
    found = reference_photos(folder, at_least=_LEAST, multiple_of=grid)[:_MOST]
    if not found:
        raise ExportError(
            "its range is told by what it makes of photos, and there are none; give --photos FOLDER"
        )
    return [photo[None, :, :side, :side].float().div(255.0).numpy() for photo in found]


def _extent(denoise: Network, photos: Sequence[Planes], grid: int) -> tuple[int, int | None]:
    """The grid on which tiles lie, and the halo; None if there is none, since all of the image is felt."""
    strips = photos[:2]
    reach = measured_reach(denoise, strips, grid)
    if reach is None:
        _log.info("a change is felt %d pixels away and further: it looks at the whole image", FURTHEST)
        return grid, None
    shifts = grid_of_shifts(denoise, grid, reach)
    if shifts is None:
        _log.info("what it makes of a pixel depends on where in the image that is")
        return grid, None
    if shifts != grid:  # measured where changes begin at too few places of a cell
        reach = measured_reach(denoise, strips, shifts)
    return shifts, None if reach is None else round_up(reach, shifts)


def _check_same(proto: onnx.ModelProto, original: Network, grid: int) -> None:
    """See that the adopted file gives what the original gives, image by image, at three sizes and batches."""
    adopted = network_of(proto)
    generator = np.random.default_rng(0)
    differences = []
    for batch, height, width in COMPARED_ON:
        images = generator.random((batch, 3, round_up(height, grid), round_up(width, grid)), np.float32)
        expected = np.concatenate([original(image[None]) for image in images])
        differences.append(np.abs(adopted(images) - expected.clip(0, 1)).max())
    difference = float(np.max(differences))  # NaN, if there is any
    if not difference <= _TOLERANCE:
        raise ExportError(
            f"as adopted it differs from the original by {difference:.2g}, more than {_TOLERANCE:g}; nothing "
            "written. A network that draws random numbers, mixes the images of a batch or finds its 8-bit ranges as "
            "it runs (DynamicQuantizeLinear; export it in float32) cannot be adopted"
        )
    _log.info("the adopted file agrees with the original within %.2g at three sizes", difference)


def _card(
    foreign: Foreign, layout: Layout, facts: Facts, grid: int, halo: int | None, found: str
) -> ModelCard:
    """The card: what running the file has told, and the given facts."""
    side = round_up(_TRIED, grid)
    array = layout.into(np.full((1, 3, side, side), 0.5, np.float32))
    name = Path(foreign.name)
    limit = f"{ADOPTED_LIMIT} made by another project; found by running the file: {found}"
    return ModelCard(
        name=facts.name or name.stem,
        version=facts.version,
        summary=facts.summary or f"Adopted from {name.name}",
        architecture=ADOPTED,
        colour="rgb",
        multiple_of=grid,
        halo=halo or 0,
        effective_halo=None,
        tileable=halo is not None,
        precision="float32",
        fp16_safe=False,
        fp16_error=None,
        parameters=parameters(foreign.proto),
        macs_per_pixel=multiply_adds(foreign, array) / side**2,
        images_seen=0,
        data=facts.data,
        scores=facts.scores,
        limits=(*facts.limits, limit),
        float32_twin=facts.float32_twin,
        self_ensemble=facts.self_ensemble,
        tool_version=__version__,
    )


def _noisy_and_clean(folder: Path | None, card: ModelCard) -> Iterator[Planes]:
    """Photos to measure the card's figures on, each as it is and with noise."""
    side = smallest_photo(card.halo, card.multiple_of)
    found = reference_photos(folder, at_least=_LEAST, multiple_of=card.multiple_of, side=side)
    for seed, photo in enumerate(found):
        clean: Planes = photo[None].float().div(255.0).numpy()
        yield clean
        yield with_noise(clean, seed)
