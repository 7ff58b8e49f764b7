"""Several views of each tile, denoised one by one and averaged: better, and as many times slower.

A network answers a mirrored or turned tile with errors of its own, and part of them cancel. Known as geometric
self-ensemble (Lim et al., "Enhanced Deep Residual Networks for Single Image Super-Resolution", 2017) and as
test-time augmentation.
"""

from __future__ import annotations

import numpy as np

from denoisectl.pixels import Planes
from denoisectl.tiles.tiled import Runner

BYTES_PER_PIXEL = 24
"""Of a tile, beside what the network takes: the sum and a view."""

_FLIPS = ((), (-2, -1), (-2,), (-1,))  # axes: as it is, turned by 180 degrees, mirrored in each direction
# Transposed ones last: a device that is ready for one shape changes to the other once a tile.
_VIEWS = tuple((transposed, flips) for transposed in (False, True) for flips in _FLIPS)


class SelfEnsemble:
    """A runner that averages what another one makes of several views of a batch.

    Attributes:
        card, device, device_note, lanes: those of the other one.
    """

    def __init__(self, runner: Runner, views: int) -> None:
        """Average the first `views` of eight; each runs through `runner` by itself."""
        self.card = runner.card
        self.device = runner.device
        self.device_note = runner.device_note
        self.lanes = runner.lanes
        self._runner = runner
        self._views = _VIEWS[:views]

    def run(self, batch: Planes) -> Planes:
        """Map (B, 3, h, w) float32 to the same shape, a new array. Raises what the other one does."""
        total = np.zeros_like(batch)
        for transposed, flips in self._views:
            view = np.flip(batch.swapaxes(-2, -1) if transposed else batch, flips)
            denoised = np.flip(self._runner.run(np.ascontiguousarray(view)), flips)
            total += denoised.swapaxes(-2, -1) if transposed else denoised
            del view, denoised  # they would lie beside the next ones
        total /= np.float32(len(self._views))
        return total
