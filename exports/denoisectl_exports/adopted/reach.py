"""How far a change is felt: the halo of a network of whose layers nothing is known."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from denoisectl.tiles.tiling import round_up
from denoisectl_exports.adopted.foreign import Array, Network
from denoisectl_exports.adopted.layout import turned

FURTHEST = 512
"""A change that is felt this far away is taken to be felt everywhere."""

_BAND, _SIDE = 32, 32
_CUTS = 8  # places in a cell of the grid at which a change begins


def measured_reach(network: Network, photos: Sequence[Array], multiple_of: int) -> int | None:
    """The furthest pixel, along an axis, whose output changes at all when others are replaced by noise.

    A band in the middle of a strip is replaced; strips are noise and photos, along both axes. They are long from
    the start, since sparse paths, as those of dilated convolutions, would leap over the ends of short ones.

    The result is a lower bound: it misses a path that a ReLU had shut in every strip, and an influence below the
    rounding of float32. Where such a path opens, tiles can differ at a seam by what comes through it. The
    overlap that is used by default is the effective halo, which photos have told.

    Args:
        network: maps (B, 3, h, w) float32 to the same shape, 1.0 as white, not clipped.
        photos: (1, 3, h, w).
        multiple_of: what h and w must divide by.

    Returns:
        The reach in pixels, or None if the ends of the strips feel the band.
    """
    generator = np.random.default_rng(0)
    side, middle = round_up(_SIDE, multiple_of), round_up(_BAND, multiple_of) + 2 * multiple_of
    shape = (1, 3, side, 2 * round_up(FURTHEST, multiple_of) + middle)
    strips = [generator.random(shape, np.float32), *(_repeated(photo, shape) for photo in photos)]
    noise = generator.random(shape, np.float32)
    step = -(-multiple_of // _CUTS)
    furthest = 0
    for strip in strips:
        for along in (network, turned(network)):
            found = _felt(along, strip, noise, middle, range(0, multiple_of, step))
            if found is None:
                return None
            furthest = max(furthest, found)
    return furthest + step - 1  # between two cuts it grows by a pixel a pixel at most


def _felt(network: Network, strip: Array, noise: Array, middle: int, insets: range) -> int | None:
    """How far to the sides bands of noise in the middle are felt; None if to an end of the strip.

    Inside a cell of the grid a change reaches further from one pixel than from another: bands begin and end at
    several.
    """
    before, width = network(strip), strip.shape[3]
    furthest = 0
    for inset in insets:
        first = (width - middle) // 2 + inset
        band = slice(first, width - first)
        changed = strip.copy()
        changed[..., band] = noise[..., band]
        felt = np.flatnonzero((network(changed) != before).any(axis=(0, 1, 2)))
        if len(felt) and (felt[0] == 0 or felt[-1] == width - 1):
            return None
        if len(felt):
            furthest = max(furthest, band.start - int(felt[0]), int(felt[-1]) + 1 - band.stop)
    return furthest


def _repeated(photo: Array, shape: tuple[int, ...]) -> Array:
    """A photo side by side with itself up to a shape."""
    rows, columns = (
        np.arange(wanted) % size for wanted, size in zip(shape[2:], photo.shape[2:], strict=True)
    )
    return np.ascontiguousarray(photo[:, :, rows][..., columns])
