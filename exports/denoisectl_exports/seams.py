"""How far from a cut edge a network still feels it: the effective halo, measured on real photos.

The halo of a network is the radius of all it could look at; what it does look at falls off quickly. A photo
is run whole and in tiles that are all cut edges, and each pixel's difference is filed under its distance from
the nearest cut: one pair of runs tells the seams of every overlap.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import numpy as np
import numpy.typing as npt

from denoisectl.pixels import Planes
from denoisectl.tiles.tiling import round_up

Network = Callable[[Planes], Planes]

QUARTER_LEVEL = 0.25 / 255.0
"""Half of the half level that the card promises: a photo that was not measured may be felt further."""

_LEAST = 32  # pixels a side of a tile; networks that are adopted can have a halo of 0


def effective_halo(network: Network, images: Iterable[Planes], *, halo: int, multiple_of: int) -> int | None:
    """The smallest overlap at which no pixel moves by a quarter of an 8-bit level.

    Args:
        network: maps (B, 3, h, w) float32 to the same shape, 1.0 as white.
        images: (1, 3, H, W) each, H and W multiples of `multiple_of`; those below `smallest_photo` are passed over.
        halo: the receptive-field radius, which the result never exceeds.
        multiple_of: what h and w must divide by.

    Returns:
        The overlap in pixels, or None if no image was large enough.
    """
    moved = differences_by_distance(network, images, halo=halo, multiple_of=multiple_of)
    if moved is None:
        return None
    felt = np.flatnonzero(~(moved < QUARTER_LEVEL))  # NaN counts as felt
    needed = int(felt[-1]) + 1 if len(felt) else 0
    return min(needed, halo)


def differences_by_distance(
    network: Network, images: Iterable[Planes], *, halo: int, multiple_of: int
) -> npt.NDArray[np.float32] | None:
    """Largest difference in [0, 1] between tiled and untiled at each distance from a cut, 0 to about `halo`.

    The arguments are those of `effective_halo`; None if no image was large enough.
    """
    side = _tile_side(halo, multiple_of)
    distance = _distance_from_edge(side)
    moved = np.full(distance.max() + 1, -1, np.float32)
    for image in images:
        tiles = list(_inner_tiles(image.shape, side, multiple_of))
        if not tiles:
            continue
        whole = network(image)
        for part in tiles:
            difference = np.abs(network(np.ascontiguousarray(image[part])) - whole[part])
            np.maximum.at(moved, distance, difference.max(axis=(0, 1)))
    return None if moved[0] < 0 else moved


def smallest_photo(halo: int, multiple_of: int) -> int:
    """The side from which on a photo holds a tile with four cut edges."""
    return _tile_side(halo, multiple_of) + 2 * multiple_of


def _tile_side(halo: int, multiple_of: int) -> int:
    """A tile whose middle is out of reach of every edge, and not so small that there are countless ones."""
    return max(2 * round_up(halo, multiple_of) + multiple_of, round_up(_LEAST, multiple_of))


def _inner_tiles(shape: tuple[int, ...], side: int, multiple_of: int) -> Iterator[tuple[slice, ...]]:
    """Tiles side by side, none of which touches the photo's own edge."""
    rows, columns = (range(multiple_of, size - multiple_of - side + 1, side) for size in shape[2:])
    for top in rows:
        for left in columns:
            yield slice(None), slice(None), slice(top, top + side), slice(left, left + side)


def _distance_from_edge(side: int) -> npt.NDArray[np.intp]:
    """Pixels between each pixel of a square and its nearest edge: 0 for the outermost."""
    along = np.minimum(np.arange(side), np.arange(side)[::-1])
    return np.minimum.outer(along, along)
