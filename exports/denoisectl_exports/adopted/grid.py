"""The sizes that a network takes, and the grid on which it can be shifted."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from denoisectl.errors import ExportError
from denoisectl.tiles.tiling import round_up
from denoisectl_exports.adopted.foreign import Array, Network
from denoisectl_exports.adopted.layout import turned

_GRIDS = (1, 2, 4, 8, 16, 32, 64, 128, 256)
_ENOUGH = 48  # pixels of a side with room for several steps of most networks
_TOLERANCE = 1e-4  # a fortieth of an 8-bit level; the same sums in another order differ by less


def grid_of_sizes(network: Network) -> int:
    """The smallest of 1, 2, 4 ... 256 of which all sides of a few sizes are odd multiples that the network takes.

    A side of just that length is among them: the runtime pads a photo no further. So a network that mirrors at
    its borders, and needs some pixels to do so, gets a larger grid than its layers alone would ask for.

    Raises:
        ExportError: there is none.
    """
    reason = ""
    for grid in _GRIDS:
        try:
            for shape in _shapes(grid):
                network(_noise(*shape))
        except ExportError as error:
            reason = str(error)
        else:
            return grid
    raise ExportError(f"works at no sizes up to multiples of {_GRIDS[-1]} pixels ({reason})")


def check_batches(network: Network, multiple_of: int) -> None:
    """See that the network takes several images at once.

    Raises:
        ExportError: it does not.
    """
    side = round_up(_ENOUGH, multiple_of)
    try:
        network(_noise(side, side, batch=3))
    except ExportError as error:
        raise ExportError(
            f"takes one image at a time; export it again with the batch as a dynamic axis ({error})"
        ) from error


def grid_of_shifts(network: Network, multiple_of: int, reach: int) -> int | None:
    """The smallest grid, from `multiple_of` on, by which a shifted image gives the shifted result.

    Tiles begin on this grid. It is coarser than that of sizes in networks that pad inside, which take any size
    and halve it all the same.

    Args:
        network: maps (B, 3, h, w) float32 to the same shape.
        multiple_of: what h and w must divide by.
        reach: how far a change is felt, if only at offsets on the grid `multiple_of`.

    Returns:
        The grid, or None if no shift is harmless: then the place of a pixel in the image matters.
    """
    grids = (grid for grid in _GRIDS if grid >= multiple_of)
    return next((grid for grid in grids if _can_be_shifted(network, grid, reach)), None)


def _can_be_shifted(network: Network, grid: int, reach: int) -> bool:
    """Whether two crops of one image that lie `grid` pixels apart have the same middle, along either axis."""
    margin, side = round_up(reach + grid, grid), round_up(_ENOUGH, grid)
    length = 2 * margin + grid + side
    wide = _noise(side, length + grid)
    return all(_shifted_alike(each, wide, margin, grid) for each in (network, turned(network)))


def _shifted_alike(network: Network, wide: Array, margin: int, grid: int) -> bool:
    one, other = network(_copy(wide[..., :-grid])), network(_copy(wide[..., grid:]))
    moved = np.abs(one[..., margin + grid : -margin] - other[..., margin : -margin - grid])
    return bool(moved.max() <= _TOLERANCE)


def _copy(image: Array) -> Array:
    return np.ascontiguousarray(image)


def _shapes(grid: int) -> Iterator[tuple[int, int]]:
    """Odd multiples of the grid: even ones would also suit a network that needs twice the grid."""
    odd = -(-_ENOUGH // grid) // 2 * 2 + 1
    yield odd * grid, (odd + 2) * grid
    yield (odd + 4) * grid, odd * grid
    yield odd * grid, grid
    yield grid, grid


def _noise(height: int, width: int, batch: int = 1) -> Array:
    generator = np.random.default_rng(0)
    return generator.random((batch, 3, height, width), np.float32)
