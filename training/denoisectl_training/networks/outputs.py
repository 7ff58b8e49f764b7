"""From a network's raw output to planes in [0, 1]: the maps of section 18.2 and the penalty outside the range.

Every map takes and gives `(B, C, H, W)` float32. `residual` adds the raw output to the network's own input
(section 18.3.2 carried to the whole network) and is what the shipped U-net uses; the others ignore the input.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

_SCALE, _OFFSET = 0.6, 0.85
"""a and b of a(tanh x + b): the range is (-0.09, 1.11). b < 1 and a > 1 / (b + 1) = 0.541, as the text asks."""


def _residual(raw: Tensor, planes: Tensor) -> Tensor:
    return planes + raw


def _identity(raw: Tensor, planes: Tensor) -> Tensor:
    return raw


def _sigmoid(raw: Tensor, planes: Tensor) -> Tensor:
    return torch.sigmoid(raw)


def _tanh(raw: Tensor, planes: Tensor) -> Tensor:
    return 0.5 * (torch.tanh(raw) + 1.0)


def _scaled_tanh(raw: Tensor, planes: Tensor) -> Tensor:
    return _SCALE * (torch.tanh(raw) + _OFFSET)


def _relu_pair(raw: Tensor, planes: Tensor) -> Tensor:
    """The text's "terrible idea": no gradient outside [0, 1]. Kept so that it can be seen to fail."""
    return torch.relu(raw) - torch.relu(raw - 1.0)


def _hard_clamp(raw: Tensor, planes: Tensor) -> Tensor:
    """The same function as `relu_pair`, kept for the same reason."""
    return raw.clamp(0.0, 1.0)


OUTPUT_MAPS: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "residual": _residual,
    "identity": _identity,
    "sigmoid": _sigmoid,
    "tanh": _tanh,
    "scaled_tanh": _scaled_tanh,
    "relu_pair": _relu_pair,
    "hard_clamp": _hard_clamp,
}


def out_of_range_penalty(planes: Tensor) -> Tensor:
    """The text's L_ud, per-element mean: x^2 below 0, (x - 1)^2 above 1, nothing in between. A scalar."""
    return (torch.relu(-planes).square() + torch.relu(planes - 1.0).square()).mean()
