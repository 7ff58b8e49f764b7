"""The training loss of sections 17.4.1 and 18.4: SSD and L1 as means over pixels, and 18.2's out-of-range penalty.

PSNR itself is a further term (Chen et al., "Simple Baselines for Image Restoration", 2022, train with nothing else).
"""

from __future__ import annotations

import math

from torch import Tensor

from denoisectl_training.networks.outputs import out_of_range_penalty
from denoisectl_training.recipes import LossSettings

_LEVEL = 1.0 / 255.0


def training_loss(predicted: Tensor, clean: Tensor, settings: LossSettings) -> Tensor:
    """Weighted sum over two `(B, C, H, W)` float32 blocks of planes in [0, 1]; a scalar.

    The text's weights, 100 for the mean squared residual and 30 for the mean absolute one, make the two
    equal where the residual is 0.3.
    """
    residual = predicted - clean
    loss = settings.ssd * residual.square().mean() + settings.l1 * residual.abs().mean()
    if settings.out_of_range:
        loss = loss + settings.out_of_range * out_of_range_penalty(predicted)
    if settings.psnr:
        loss = loss + settings.psnr * _decibels_of_error(residual)
    return loss


def _decibels_of_error(residual: Tensor) -> Tensor:
    """Each crop's mean squared error in dB above one 8-bit level; below that nothing is gained, and it ends at 0."""
    errors = residual.square().mean(dim=(1, 2, 3)) / _LEVEL**2
    return 10.0 / math.log(10.0) * errors.log1p().mean()


def distillation_loss(predicted: Tensor, teacher: Tensor, clean: Tensor) -> Tensor:
    """What rounding adds to the float network's own error, as a share of it; a scalar.

    Mean squared differences of each crop, `(B, C, H, W)` float32 planes in [0, 1], so that a hundredth of a dB
    counts the same in little noise as in strong; an error below one 8-bit level counts as one.
    """
    axes = (1, 2, 3)
    added, own = (predicted - teacher).square().mean(axes), (teacher - clean).square().mean(axes)
    return (added / (own + _LEVEL**2)).mean()
