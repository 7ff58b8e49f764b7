"""Train mode and eval mode (section 18.3.3's warning), with parts that stay frozen."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

from torch import nn

from denoisectl_training.networks.model import DenoisingAutoencoder

Frozen = Literal["nothing", "encoder"]


@contextmanager
def evaluating(model: nn.Module) -> Iterator[None]:
    """Eval mode inside; afterwards every module is in the mode it was in."""
    before = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        yield
    finally:
        for module, training in before:
            module.training = training


def freeze(model: DenoisingAutoencoder, frozen: Frozen) -> None:
    """Let the frozen part's weights receive no gradient."""
    if frozen == "encoder":
        for part in model.network.encoding:
            part.requires_grad_(False)


def train_mode(model: DenoisingAutoencoder, frozen: Frozen) -> None:
    """Train mode for all but the frozen part, whose batch normalisation must not move either."""
    model.train()
    if frozen == "encoder":
        for part in model.network.encoding:
            part.eval()


def freeze_batch_norm(model: nn.Module) -> None:
    """Let batch normalisation use the statistics that it has gathered, and gather no more.

    Section 18.3.3 has it go by statistics of earlier batches throughout; PyTorch's goes by those of the batch itself.
    Subtracting the mean of the batch hides how bright each crop is: a deep network then learns to tell that from the
    zeros beyond the crop's border, and misses it in the middle of a photo.
    """
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.eval()
