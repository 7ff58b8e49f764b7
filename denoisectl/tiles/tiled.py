"""One image through a network, tile by tile: how it is cut for a model, and what is kept of each tile."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice
from queue import SimpleQueue
from typing import Protocol

import numpy as np

from denoisectl.errors import ImageError, UsageError
from denoisectl.lanes import in_lanes
from denoisectl.model_file.card import ModelCard
from denoisectl.opening import Opening
from denoisectl.pixels import Image, Planes, all_finite, load_planes, store_planes
from denoisectl.strength import Strength
from denoisectl.tiles.tiling import Grid, Tile, TileRules

Progress = Callable[[int, int], None]

_BYTES_PER_PIXEL = 320  # of a model whose card does not say: more than the shipped ones take


class Runner(Protocol):
    """What a `Denoiser` needs of an engine."""

    card: ModelCard
    device: str
    device_note: str
    lanes: int
    """Batches that it takes at once to keep its device busy."""

    def run(self, batch: Planes) -> Planes:
        """Map (B, 3, h, w) float32 to the same shape."""


Exact = Callable[[Planes], Planes]
"""Denoises a tile, (3, h, w) to (3, h, w), in float32: one in which a network of a lower precision broke down."""


def run_tiles(
    runner: Runner,
    image: Image,
    clean: Image,
    grid: Grid,
    amount: Strength,
    batch: int,
    progress: Progress | None,
    exact: Exact | None = None,
    check: Callable[[], None] = lambda: None,
) -> None:
    """Denoise a checked image into `clean`, an array like it, `batch` tiles at a time.

    A tile that comes back with NaN or infinity is computed once more by `exact`, if there is one. What `check` raises
    before a batch ends the image.

    Raises:
        ImageError: a tile came back with NaN or infinity, from `exact` too.
    """
    buffers: SimpleQueue[Planes] = SimpleQueue()
    for _ in range(min(runner.lanes, len(grid))):
        buffers.put(np.empty((min(batch, len(grid)), 3, *grid.shape), np.float32))  # (B, 3, h, w)

    def work(tiles: list[Tile]) -> int:
        noisy = buffers.get()
        try:
            for tile, planes in zip(tiles, noisy, strict=False):
                load_planes(image, grid.rows.pixels(tile.rows), grid.columns.pixels(tile.columns), planes)
            check()
            outputs = runner.run(noisy[: len(tiles)])
            for tile, before, after in zip(tiles, noisy, outputs, strict=False):
                core = _core(tile, before, after, amount)
                if not all_finite(core):
                    core = _exactly(exact, tile, before, amount)
                store_planes(core, clean, tile.rows.core, tile.columns.core)
        finally:
            buffers.put(noisy)
        return len(tiles)

    done = 0
    for count in in_lanes(work, _batches(grid, batch), min(runner.lanes, len(grid))):
        done += count
        if progress:
            progress(done, len(grid))


def tile_rules(card: ModelCard, opening: Opening, more_per_pixel: int = 0, sharing: int = 1) -> TileRules:
    """How images are cut for a model that is opened so.

    Args:
        card: of the model.
        opening: what it is opened with.
        more_per_pixel: bytes for each pixel of a tile beside what the network takes.
        sharing: batches that are worked on at once in the memory of one device.

    Raises:
        UsageError: settings that cannot work with this model.
    """
    tile, overlap = opening.tile, opening.overlap
    if not card.tileable and tile:
        raise UsageError(
            f"{card.name} cannot be run in tiles (it looks at the whole image): leave out --tile"
        )
    if overlap is None:
        overlap = card.halo
        if opening.seams == "auto" and card.effective_halo is not None:
            overlap = card.effective_halo
    per_pixel = (card.bytes_per_pixel or _BYTES_PER_PIXEL) + more_per_pixel
    budget = opening.memory // opening.batch // sharing // per_pixel
    return TileRules(card.multiple_of, overlap, tile if card.tileable else 0, budget)


def _batches(grid: Grid, size: int) -> Iterator[list[Tile]]:
    tiles = iter(grid)
    while batch := list(islice(tiles, size)):
        yield batch


def _core(tile: Tile, before: Planes, after: Planes, amount: Strength) -> Planes:
    """The part of a denoised tile (3, h, w) that no cut edge has touched, as much of it as is wanted."""
    part = (slice(None), tile.rows.core_in_tile, tile.columns.core_in_tile)
    return amount.apply(before[part], after[part])


def _exactly(exact: Exact | None, tile: Tile, before: Planes, amount: Strength) -> Planes:
    """The core of a tile that broke down, once more in float32, or refuse the image: black is never written."""
    place = f"the tile at row {tile.rows.core_start}, column {tile.columns.core_start}"
    if not exact:
        raise ImageError(f"the network gave NaN or infinity in {place}")
    try:
        return _core(tile, before, exact(before), amount)
    except ImageError as error:
        raise ImageError(f"{place} failed in float32, too: {error}") from error
