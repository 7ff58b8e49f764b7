"""Which model on which device: what the options say, opened once it is needed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from denoisectl.cli import console
from denoisectl.devices import parse_devices

if TYPE_CHECKING:
    from denoisectl.denoiser import Denoiser
    from denoisectl.model_card import ModelCard
    from denoisectl.precision import Precision
    from denoisectl.tiled import Seams

__all__ = ["Opening"]

_LARGE = 4096  # an image side at which borders no longer count
_MUCH = 3.0  # times the work of a network that needs no overlap


@dataclass(frozen=True, slots=True)
class Opening:
    """How the network is to be run."""

    model: str | None = None
    device: str = "auto"
    tile: int | None = None
    overlap: int | None = None
    seams: Seams = "auto"
    memory: int | None = None
    """Bytes for tiles; None takes the library's default."""
    threads: int | None = None
    precision: Precision = "auto"
    self_ensemble: int | None = None
    """Views of each tile to average; None takes the model's number."""

    def __post_init__(self) -> None:
        """See that the device is spelt as one, also where there turns out to be no work for it."""
        parse_devices(self.device)

    def digest(self) -> str:
        """Names the model as `Denoiser.digest` does, without loading it.

        Raises:
            ModelError: there is no such file.
            UsageError: the model is not there in the precision that is asked for.
        """
        from denoisectl.precision import ModelFiles

        return ModelFiles.find(self.model, self.precision).digest(
            self.seams, self.overlap, self.self_ensemble
        )

    def open(self) -> Denoiser:
        """Load the model; this imports onnxruntime."""
        from denoisectl.denoiser import DEFAULT_MEMORY, Denoiser

        denoiser = Denoiser.open(
            self.model,
            self.device,
            tile=self.tile,
            overlap=self.overlap,
            seams=self.seams,
            memory=self.memory or DEFAULT_MEMORY,
            threads=self.threads,
            precision=self.precision,
            self_ensemble=self.self_ensemble,
        )
        console.say(f"{denoiser.card.name} on {denoiser.device}{self._views(denoiser.card)}")
        _warn_of_small_tiles(denoiser, self.tile)
        return denoiser

    def _views(self, card: ModelCard) -> str:
        """What a model's own self-ensemble costs, and the way out of it."""
        views = card.self_ensemble
        if self.self_ensemble or views == 1:
            return ""
        return (
            f", {views} views of each tile; --self-ensemble 1 is {views} times as fast, a little less clean"
        )


def _warn_of_small_tiles(denoiser: Denoiser, tile: int | None) -> None:
    """Tiles that are mostly overlap are what was asked for, and rarely what was meant."""
    if not tile:
        return
    grid = denoiser.grid(_LARGE, _LARGE)
    height, width = grid.shape
    work = len(grid) * height * width / _LARGE**2
    if work > _MUCH:
        console.warn(
            f"--tile {tile}: tiles overlap so much that the work is done {work:.0f} times; 512 is quicker"
        )
