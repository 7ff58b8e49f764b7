"""Where the tiles of an image lie: solved on one axis, then crossed. Knows pixels, no network.

The law: tiled output equals untiled output. *Untiled* means the image, mirrored at its bottom and right up to
the next multiple of the network's grid, run whole. So a tile must see exactly what the whole image would
show it:

- every tile begins on the grid, or the network's down- and upsampling would fall on other pixels;
- only the part of a tile that lies at least `overlap` from its cut edges is used (its *core*);
- no tile reaches past the mirrored image: there the network pads with its own zeros, and it must do so at the
  very same place. Tiles at the far edge are shifted inward instead, and an axis shorter than the tile is one
  tile of its own length. All tiles of an image therefore have one shape.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from denoisectl.errors import UsageError


@dataclass(frozen=True, slots=True)
class Span:
    """One tile along one axis, in pixels of the mirrored image; the core lies inside the image proper."""

    start: int
    stop: int
    core_start: int
    core_stop: int

    @property
    def core_in_tile(self) -> slice:
        """The core, counted from the tile's start."""
        return slice(self.core_start - self.start, self.core_stop - self.start)

    @property
    def core(self) -> slice:
        """The core, counted from the image's start."""
        return slice(self.core_start, self.core_stop)


@dataclass(frozen=True, slots=True)
class Axis:
    """One axis of an image: `spans` of equal size `tile` whose cores follow each other without a gap."""

    length: int
    tile: int
    spans: tuple[Span, ...]

    def pixels(self, span: Span) -> slice | npt.NDArray[np.intp]:
        """Which image pixels the tile sees: a slice, or indices where it reaches into the mirrored part."""
        if span.stop <= self.length:
            return slice(span.start, span.stop)
        return _mirrored(np.arange(span.start, span.stop), self.length)


@dataclass(frozen=True, slots=True)
class Tile:
    """One tile of an image."""

    rows: Span
    columns: Span


@dataclass(frozen=True, slots=True)
class Grid:
    """All tiles of one image."""

    rows: Axis
    columns: Axis

    def __len__(self) -> int:
        """Number of tiles."""
        return len(self.rows.spans) * len(self.columns.spans)

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width of every tile."""
        return self.rows.tile, self.columns.tile

    @property
    def recomputed(self) -> float:
        """Pixels computed beyond the image's own, as a fraction of the image."""
        tile_pixels = self.rows.tile * self.columns.tile
        return len(self) * tile_pixels / (self.rows.length * self.columns.length) - 1

    def __iter__(self) -> Iterator[Tile]:
        """Tiles row by row, made as they are asked for."""
        return (Tile(rows, columns) for rows in self.rows.spans for columns in self.columns.spans)


@dataclass(frozen=True, slots=True)
class TileRules:
    """How images are cut."""

    multiple_of: int
    """Tiles begin and end on this grid."""
    overlap: int
    """Pixels at a cut edge that are computed and thrown away."""
    tile: int | None = None
    """Edge length of a square tile; 0: never cut; None: the cheapest shape of at most `budget` pixels."""
    budget: int = 1024 * 1024
    """Largest automatic tile, in pixels."""

    def __post_init__(self) -> None:
        """Refuse a tile that cannot work, whatever the image."""
        if not self.tile:
            return
        smallest = self.smallest_tile
        if self.tile % self.multiple_of:
            raise UsageError(f"tile {self.tile} must be a multiple of {self.multiple_of} for this model")
        if self.tile < smallest:
            raise UsageError(
                f"tile {self.tile} is too small for an overlap of {self.overlap}: use {smallest} or more"
            )

    @property
    def smallest_tile(self) -> int:
        """The smallest tile that still has a core."""
        return _seam(self.overlap, self.multiple_of) + self.multiple_of


@lru_cache(maxsize=64)
def cut(height: int, width: int, rules: TileRules) -> Grid:
    """Cut an image of `height` x `width` pixels.

    Raises:
        UsageError: the budget does not hold the smallest tile.
    """
    if rules.tile is None:
        tile_height, tile_width = _cheapest_shape(height, width, rules)
    else:
        tile_height, tile_width = (rules.tile or height, rules.tile or width)
    return Grid(
        split_axis(height, tile_height, rules.overlap, rules.multiple_of),
        split_axis(width, tile_width, rules.overlap, rules.multiple_of),
    )


def split_axis(length: int, tile: int, overlap: int, multiple_of: int) -> Axis:
    """Cover `length` pixels with spans of `tile`, each used up to `overlap` from where it is cut.

    `tile` may exceed `length`: then the one span is `length` rounded up to the grid.
    """
    padded = round_up(length, multiple_of)
    tile = min(round_up(tile, multiple_of), padded)
    spans: list[Span] = []
    done = 0
    while done < length:
        wanted = (done - overlap) // multiple_of * multiple_of if spans else 0
        start = min(wanted, padded - tile)
        stop = start + tile
        core_stop = min(length, stop if stop == padded else stop - overlap)
        assert core_stop > done, f"tile {tile} makes no progress with overlap {overlap}"
        spans.append(Span(start, stop, done, core_stop))
        done = core_stop
    return Axis(length, tile, tuple(spans))


def _cheapest_shape(height: int, width: int, rules: TileRules) -> tuple[int, int]:
    """The tile shape within the budget that computes the fewest pixels, ties going to fewer tiles."""
    candidates = list(_shapes(height, width, rules))
    if not candidates:
        side = rules.smallest_tile
        raise UsageError(
            f"the memory for tiles allows {rules.budget} pixels, but this model needs tiles of "
            f"{side} x {side} at least, for an overlap of {rules.overlap}: raise --memory, "
            "for example to 4G (a number alone is bytes), or lower --overlap"
        )
    _, _, shape = min(candidates)
    return shape


def _shapes(height: int, width: int, rules: TileRules) -> Iterator[tuple[int, int, tuple[int, int]]]:
    """Pixels computed, number of tiles and shape, for every number of tile rows that fits the budget."""
    seam = _seam(rules.overlap, rules.multiple_of)
    most_rows = max(1, (round_up(height, rules.multiple_of) - seam) // rules.multiple_of)
    for rows in range(1, most_rows + 1):
        tile_height = _tile_for(height, rows, rules)
        widest = rules.budget // tile_height // rules.multiple_of * rules.multiple_of
        padded = round_up(width, rules.multiple_of)
        if widest < min(rules.smallest_tile, padded):
            continue
        columns = 1 if widest >= padded else -(-(padded - seam) // (widest - seam))
        tile_width = _tile_for(width, columns, rules)
        tiles = rows * columns
        yield tiles * tile_height * tile_width, tiles, (tile_height, tile_width)


def _tile_for(length: int, count: int, rules: TileRules) -> int:
    """The shortest tile of which `count` cover the axis."""
    padded = round_up(length, rules.multiple_of)
    seam = _seam(rules.overlap, rules.multiple_of)
    return round_up(-(-(padded + (count - 1) * seam) // count), rules.multiple_of)


def _seam(overlap: int, multiple_of: int) -> int:
    """How far two neighbouring tiles lie over each other."""
    return round_up(2 * overlap, multiple_of)


def round_up(value: int, multiple_of: int) -> int:
    """The smallest multiple that is not below `value`."""
    return -(-value // multiple_of) * multiple_of


def _mirrored(positions: npt.NDArray[np.intp], length: int) -> npt.NDArray[np.intp]:
    """Positions past the end reflected without repeating the edge, however short the image is."""
    period = max(1, 2 * (length - 1))
    folded = positions % period
    return np.minimum(folded, period - folded)
