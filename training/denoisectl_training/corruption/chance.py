"""One throw for a whole batch."""

from __future__ import annotations

import torch
from torch import Generator, Tensor

__all__ = ["chance"]


def chance(clean: Tensor, generator: Generator, probability: float) -> bool:
    """Whether it comes out, with `probability`; the generator is of the device that `clean` is on."""
    return bool(torch.rand((), generator=generator, device=clean.device) < probability)
