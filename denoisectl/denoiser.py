"""`Denoiser`: an image in, a clean image out. The front door of the library.

    from denoisectl import Denoiser

    denoiser = Denoiser.open()
    clean = denoiser.image(noisy)  # uint8, uint16 or float32, H x W x 3 RGB or H x W grey
    denoiser.file("a.jpg", "a-clean.jpg", strength=0.7)
    for result in denoiser.folder("photos", "clean", recursive=True):
        print(result.source, result.status, result.reason)

Images are never held in float whole: each tile is converted, denoised and written into the result.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from threading import Lock

import numpy as np

from denoisectl.choices import Precision, Seams
from denoisectl.engine import Engine, OutOfMemory
from denoisectl.errors import ImageError
from denoisectl.file_methods import FileMethods
from denoisectl.model_file.card import ModelCard
from denoisectl.model_file.shipped import float32_twin
from denoisectl.opening import DEFAULT_MEMORY, Opening
from denoisectl.pixels import Image, Planes, check_image
from denoisectl.strength import Strength
from denoisectl.tiles.self_ensemble import BYTES_PER_PIXEL, SelfEnsemble
from denoisectl.tiles.tiled import Progress, Runner, run_tiles, tile_rules
from denoisectl.tiles.tiling import Grid, TileRules, cut

_log = logging.getLogger("denoisectl")


class Denoiser(FileMethods):
    """Denoises images with one model on one device. Methods may be called from several threads at once."""

    def __init__(
        self,
        runner: Runner,
        rules: TileRules,
        batch: int = 1,
        exact: Callable[[], Denoiser] | None = None,
        digest: str = "",
        self_ensemble: int = 1,
    ) -> None:
        """Use `Denoiser.open`; this takes an engine that is already there.

        Args:
            runner: runs the network.
            rules: how images are cut.
            batch: tiles that go through the network together.
            exact: gives one in float32, where `runner` has less.
            digest: names the model for the journal.
            self_ensemble: views of each tile to average.
        """
        self._opening: Opening | None = None
        self._exact = exact
        self._digest = digest
        self._runner = runner if self_ensemble == 1 else SelfEnsemble(runner, self_ensemble)
        self._views = self_ensemble
        self._rules = rules
        self._batch = batch

    @classmethod
    def open(
        cls,
        model: str | Path | None = None,
        device: str = "auto",
        *,
        tile: int | None = None,
        overlap: int | None = None,
        seams: Seams = "auto",
        batch: int = 1,
        memory: int = DEFAULT_MEMORY,
        threads: int | None = None,
        precision: Precision = "auto",
        self_ensemble: int | None = None,
    ) -> Denoiser:
        """Load a model.

        Args:
            model: a shipped name, a path to an `.onnx` file with a card, or None for the default model.
            device: "auto", "cpu", "cuda", "cuda:N", "cuda:0,1" for several GPUs, or "tensorrt:N"; what is
                named is used or refused.
            tile: edge length of the square tiles, 0 for the whole image at once, None for the cheapest shape
                within `memory`. A length that is given is never changed.
            overlap: pixels thrown away at each cut edge; None goes by `seams`.
            seams: "exact" overlaps by the model's halo, so that tiles change nothing; "auto" by its effective
                halo where the card holds one, so that they change nothing visible.
            batch: tiles that go through the network together.
            memory: bytes that the network may work in on each device, for tiles chosen here.
            threads: processor threads; None takes as many as this process may use.
            precision: "auto" runs a shipped model in 8-bit integers, if it ships so, on processors that are
                fast at them, and on GPUs in float32, for which another shipped model may stand in; "float32" or
                "int8" is used or refused. A path is run as it is.
            self_ensemble: views of each tile, flipped and turned, that are denoised and averaged: 1, 2, 4 or 8, as many
                times slower and a little better; None takes the card's number, 1 for most.

        Raises:
            ModelError: no such model, or a file that cannot be used.
            DeviceError: the device asked for cannot be used here.
            UsageError: settings that cannot work with this model, such as too little memory for its tiles.
        """
        return cls.of(
            Opening(model, device, tile, overlap, seams, batch, memory, threads, precision, self_ensemble)
        )

    @classmethod
    def of(cls, opening: Opening) -> Denoiser:
        """Load a model. Raises what `open` does."""
        files = opening.files()
        engine = Engine.open(files.gpu, opening.device, opening.threads, on_processor=files.processor)
        if files.told and engine.device != "cpu":
            _log.warning("%s", files.told)
        views = opening.self_ensemble or engine.card.self_ensemble
        rules = tile_rules(engine.card, opening, BYTES_PER_PIXEL if views > 1 else 0, engine.sharing)
        # The smallest tile has to fit, or the first larger image would end a run that has begun.
        cut(rules.smallest_tile, rules.smallest_tile, rules)
        _warn_of_waste(rules)
        opened = cls(engine, rules, opening.batch, _exact_twin(engine, opening), opening.digest(), views)
        opened._opening = opening
        return opened

    def __repr__(self) -> str:
        return f"<Denoiser: {self.card.name} on {self.device}>"

    def __reduce__(self) -> tuple[Callable[[Opening], Denoiser], tuple[Opening]]:
        """Pickled as what it was opened with: another process, a worker of a data loader, opens its own."""
        if self._opening is None:
            raise TypeError("a Denoiser that was not made by Denoiser.open cannot be pickled")
        return Denoiser.of, (self._opening,)

    @property
    def card(self) -> ModelCard:
        """What the model says of itself."""
        return self._runner.card

    @property
    def digest(self) -> str:
        """Names the model by its file's content: two models with equal cards may still differ."""
        return self._digest

    @property
    def device(self) -> str:
        """Where the model runs: "cpu", "cuda:N", "cuda:N,M" or "tensorrt:N"."""
        return self._runner.device

    @property
    def self_ensemble(self) -> int:
        """How many views of each tile are averaged."""
        return self._views

    @property
    def lanes(self) -> int:
        """How many images at once keep the device busy: 1 on a processor, two for each GPU."""
        return self._runner.lanes

    @property
    def device_note(self) -> str:
        """Why `auto` did not take a GPU; empty if it did or was not asked."""
        return self._runner.device_note

    def grid(self, height: int, width: int) -> Grid:
        """How an image of this size is cut.

        Raises:
            UsageError: `memory` does not hold the smallest tile of this model.
        """
        return cut(height, width, self._rules)

    def facts(self, height: int, width: int) -> dict[str, str | int]:
        """With what and in how many pieces an image of this size is denoised."""
        grid = self.grid(height, width)
        return {
            "device": self.device,
            "precision": self.card.precision,
            "tile": "x".join(map(str, grid.shape[::-1])),
            "tiles": len(grid),
            "self_ensemble": self._views,
        }

    def image(
        self,
        array: Image,
        *,
        strength: float = 1.0,
        luma: float = 1.0,
        chroma: float = 1.0,
        progress: Progress | None = None,
    ) -> Image:
        """Denoise one image.

        Args:
            array: (H, W, 3) RGB or (H, W) grey, gamma-encoded sRGB: uint8, uint16, or float32 with 1.0 as
                white; values outside [0, 1], which noise makes, go in as they are, and the shipped networks answer
                within it.
            strength: share of the correction that is applied, in [0, 1]; 0 returns the image bit for bit.
            luma: share of its lightness that is applied.
            chroma: share of its colour that is applied.
            progress: called with tiles done and tiles in all.

        Returns:
            A new array of the same shape and dtype.

        Raises:
            ImageError: not such an array, NaN or infinity in or out, or too large for the memory there is.
            UsageError: a share outside [0, 1].
        """
        image = np.asarray(array)
        check_image(image)
        amount = Strength.of(strength, luma, chroma)
        if image.ndim == 2:
            amount = amount.for_grey()
        if amount.changes_nothing:
            return image.copy(order="C")
        clean = _room_for(image)
        exact = self._exactly if self._exact else None
        while True:
            grid = self.grid(*image.shape[:2])
            check = partial(self._check_room, grid)
            try:
                run_tiles(self._runner, image, clean, grid, amount, self._batch, progress, exact, check)
            except (OutOfMemory, MemoryError):
                self._shrink(grid)
            else:
                return clean

    def _exactly(self, tile: Planes) -> Planes:
        """A tile (3, h, w) by the network in float32, which takes more memory and so may cut it once more."""
        assert self._exact is not None
        return self._exact().image(tile.transpose(1, 2, 0)).transpose(2, 0, 1)

    def _check_room(self, grid: Grid) -> None:
        """Give up tiles that another image found too large for the memory meanwhile: smaller ones need their room.

        Raises:
            OutOfMemory: they are.
        """
        height, width = grid.shape
        if self._rules.tile is None and height * width > self._rules.budget:
            raise OutOfMemory

    def _shrink(self, grid: Grid) -> None:
        """Halve the automatic tile for this and all later images.

        Raises:
            ImageError: the tile was asked for, or is as small as it can be.
        """
        height, width = grid.shape
        smaller = replace(self._rules, budget=min(self._rules.budget, height * width // 2))
        if self._rules.tile is not None or smaller.budget < smaller.smallest_tile**2:
            way = "try a smaller --tile" if self._rules.tile is not None else "close other programs"
            raise ImageError(f"not enough memory for tiles of {height} x {width}; {way}")
        self._rules = smaller


def _warn_of_waste(rules: TileRules) -> None:
    """Say so where a photo of 12 megapixels takes more than twice the work that its pixels are."""
    if rules.tile is None and (grid := cut(3000, 4000, rules)).recomputed > 1.0:
        height, width = grid.shape
        _log.warning(
            "the memory for tiles allows %d x %d pixels only, so that overlaps make %.1f times the work; give more",
            height,
            width,
            1 + grid.recomputed,
        )


def _room_for(image: Image) -> Image:
    """Where the result goes. Not among what smaller tiles could help with."""
    try:
        return np.empty(image.shape, image.dtype)
    except MemoryError as error:
        raise ImageError("the image does not fit in memory; close other programs") from error


def _exact_twin(engine: Engine, opening: Opening) -> Callable[[], Denoiser] | None:
    """Opens the float32 model that this one comes from, when a tile first needs it; None if there is none."""
    path = float32_twin(engine.card)
    if path is None:
        return None

    @cache
    def opened() -> Denoiser:
        _log.warning("%s gave NaN or infinity; such tiles are computed in float32", engine.card.name)
        return Denoiser.of(
            replace(opening, model=path, device=engine.device, tile=None, batch=1, precision="auto")
        )

    lock = Lock()  # threads that come while it is being opened wait for it

    def opened_once() -> Denoiser:
        with lock:
            return opened()

    return opened_once
