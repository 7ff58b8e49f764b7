"""A U-net made ready for 8 bits, before any training: the same function, in weights that rounding hurts less."""

from __future__ import annotations

import copy
from collections.abc import Sequence

from torch import Tensor

from denoisectl_training.networks.autoencoders import UNet
from denoisectl_training.networks.model import DenoisingAutoencoder
from denoisectl_training.quantised.balance import balance
from denoisectl_training.quantised.equalise import equalise


def evened(model: DenoisingAutoencoder, images: Sequence[Tensor]) -> DenoisingAutoencoder:
    """A copy that computes the same, streams balanced and blocks equalised; the model itself if it is no U-net.

    Args:
        model: in eval mode.
        images: noisy photos, (B, 3, H, W) in [0, 1], that tell what the channels carry.
    """
    if not isinstance(model.network, UNet):
        return model
    copied = copy.deepcopy(model)
    assert isinstance(copied.network, UNet)
    balance(copied, copied.network, images)
    equalise(copied, copied.network, images)
    return copied
