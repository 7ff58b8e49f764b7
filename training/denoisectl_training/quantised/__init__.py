"""8-bit integers seen from training: even channels, rounding as the exported file rounds, and its ranges."""

from denoisectl_training.quantised.evened import evened
from denoisectl_training.quantised.ranges import Range, prepared_weights, ranges_in_order
from denoisectl_training.quantised.rounding import build_network, simulated, unrounded, without_ranges

__all__ = [
    "Range",
    "build_network",
    "evened",
    "prepared_weights",
    "ranges_in_order",
    "simulated",
    "unrounded",
    "without_ranges",
]
