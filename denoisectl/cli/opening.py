"""Which model on which device: what the options say, opened once it is needed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from denoisectl.cli import console
from denoisectl.opening import Opening

if TYPE_CHECKING:
    from denoisectl.denoiser import Denoiser
    from denoisectl.model_file.card import ModelCard


_LARGE = 4096  # an image side at which borders no longer count
_MUCH = 3.0  # times the work of a network that needs no overlap


class ToldOpening(Opening):
    """An opening that tells of what it opened."""

    def check(self) -> None:
        """See that the tiles suit the model, by its card alone. Raises what `open` does."""
        from denoisectl.model_file.card_in_file import read_card
        from denoisectl.tiles.tiled import tile_rules
        from denoisectl.tiles.tiling import cut

        rules = tile_rules(read_card(self.files().processor), self)
        cut(rules.smallest_tile, rules.smallest_tile, rules)

    def open(self) -> Denoiser:
        """Load the model; this imports onnxruntime."""
        from denoisectl.denoiser import Denoiser

        denoiser = Denoiser.of(self)
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
    work = 1 + grid.recomputed
    if work > _MUCH:
        console.warn(
            f"--tile {tile}: tiles overlap so much that the work is done {work:.0f} times; 512 is quicker"
        )
