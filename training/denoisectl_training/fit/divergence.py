"""Divergence (sections 17.3.3 and 18.4.3): a loss that is no longer a number, or far above the best one so far."""

from __future__ import annotations

import math

from denoisectl_training.recipes import LossSettings

_TIMES_THE_BEST = 3.0
_HOPELESS_RESIDUAL = 10.0
_UNTRAINED_RESIDUAL = 0.25
"""About that of a network before its first step: a loss near zero (a run without corruption) may jump to many times
its best and mean nothing."""

_HOPELESS_SHARE = 10.0
_UNTUNED_SHARE = 1.0
"""Rounding that costs as much as the network's own error; before tuning it costs a third of that at most."""


def diverged(loss: float, best: float, settings: LossSettings | None) -> bool:
    """Whether a record of the loss says that the run is lost.

    Args:
        loss: mean over the records' images, so that one odd batch does not count.
        best: the best record so far, or the loss before the first step. Bounded output maps bound the loss
            too, so a lost run may stay at a small multiple of it.
        settings: the weights, which say what a residual of ten times the whole range would cost: nothing
            that still learns is there, not even at the start. None for the loss of tuning to 8 bits, a share of the
            network's own error.
    """
    if settings is None:
        hopeless, untrained = _HOPELESS_SHARE, _UNTUNED_SHARE
    else:
        hopeless, untrained = _cost(settings, _HOPELESS_RESIDUAL), _cost(settings, _UNTRAINED_RESIDUAL)
    return not math.isfinite(loss) or loss > hopeless or loss > max(_TIMES_THE_BEST * best, untrained)


def _cost(settings: LossSettings, residual: float) -> float:
    decibels = 10.0 * math.log10(1.0 + (255.0 * residual) ** 2)
    return settings.ssd * residual**2 + settings.l1 * residual + settings.psnr * decibels
