"""Going on from a shallower U-net: more residual blocks that begin as the identity (Net2Net, Chen et al. 2016).

A residual block whose last convolution is zero returns its input (section 18.3.2), so the deeper network
begins as the trained one, to the bit, and need not learn again what that one knows.
"""

from __future__ import annotations

import torch
from torch import Tensor

from denoisectl_training.model import build_model
from denoisectl_training.recipes import ModelSettings

__all__ = ["deepened", "is_deeper"]

_BLOCKS = ("encoder_blocks", "decoder_blocks")


def is_deeper(wanted: ModelSettings, trained: ModelSettings) -> bool:
    """Whether `wanted` is the U-net of `trained` with more residual blocks at some levels and fewer at none."""
    mine, theirs = wanted.model_dump(), trained.model_dump()
    same = all(mine[key] == theirs[key] for key in theirs if key not in _BLOCKS)
    pairs = [pair for key in _BLOCKS for pair in zip(mine[key], theirs[key], strict=False)]
    return (
        wanted.architecture == "unet"
        and same
        and wanted != trained
        and all(more >= few for more, few in pairs)
    )


def deepened(weights: dict[str, Tensor], wanted: ModelSettings) -> dict[str, Tensor]:
    """Weights of the U-net `wanted` that computes what `weights` of a shallower one do.

    Blocks are added after those there are; their first convolution is drawn from torch's global generator.
    """
    fresh = build_model(wanted).state_dict()
    # A block's second convolution is its `body.2`.
    return {
        key: weights[key] if key in weights else torch.zeros_like(value) if ".body.2." in key else value
        for key, value in fresh.items()
    }
