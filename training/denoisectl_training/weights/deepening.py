"""Going on from a shallower U-net: more blocks and levels that begin as the identity (Net2Net, Chen et al. 2016).

A residual block whose last convolution is zero returns its input (section 18.3.2), and a level below the last
whose way up is zero adds nothing to the skip above it: so the deeper network begins as the trained one, to the
bit, and need not learn again what that one knows.
"""

from __future__ import annotations

import torch
from torch import Tensor

from denoisectl_training.networks.model import build_model
from denoisectl_training.recipes import ModelSettings

_DEPTHS = ("widths", "encoder_blocks", "decoder_blocks")


def is_deeper(wanted: ModelSettings, trained: ModelSettings) -> bool:
    """Whether `wanted` is the U-net of `trained` with more levels below or more residual blocks, and fewer of none."""
    mine, theirs = wanted.model_dump(), trained.model_dump()
    same = all(mine[key] == theirs[key] for key in theirs if key not in _DEPTHS)
    return (
        wanted.architecture == "unet"
        and same
        and wanted != trained
        and wanted.widths[: len(trained.widths)] == trained.widths
        and _no_fewer(wanted.encoder_blocks, trained.encoder_blocks)
        and _no_fewer(wanted.decoder_blocks, trained.decoder_blocks)
    )


def _no_fewer(wanted: tuple[int, ...], trained: tuple[int, ...]) -> bool:
    return all(more >= few for more, few in zip(wanted, trained, strict=False))


def deepened(weights: dict[str, Tensor], wanted: ModelSettings) -> dict[str, Tensor]:
    """Weights of the U-net `wanted` that computes what `weights` of a shallower one do.

    Blocks are added after those there are, levels below them; what does not have to be zero is drawn from
    torch's global generator.
    """
    fresh = build_model(wanted).state_dict()
    return {
        key: weights[key] if key in weights else torch.zeros_like(value) if _is_silent(key) else value
        for key, value in fresh.items()
    }


def _is_silent(key: str) -> bool:
    """Whether this part of what is added begins as zero: a block's second convolution, and a level's way up."""
    return ".body.2." in key or ".up." in key
