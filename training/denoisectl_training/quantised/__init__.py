"""8-bit integers seen from training: even channels, rounding as the exported file rounds, and its ranges."""

from denoisectl_training.quantised.evened import evened
from denoisectl_training.quantised.fake_quantize import (
    weight_steps,
    with_fake_quantization,
    without_fake_quantization,
    without_ranges,
)
from denoisectl_training.quantised.ranges import Range, prepared_weights, ranges_in_order

__all__ = [
    "Range",
    "evened",
    "prepared_weights",
    "ranges_in_order",
    "weight_steps",
    "with_fake_quantization",
    "without_fake_quantization",
    "without_ranges",
]
