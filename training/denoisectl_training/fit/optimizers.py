"""Optimisers by name: those of section 18.4.2, AdamW and Muon."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import nn

from denoisectl_training.fit.muon import Muon
from denoisectl_training.recipes import OptimizerSettings


def build_optimizer(parameters: Iterable[nn.Parameter], settings: OptimizerSettings) -> torch.optim.Optimizer:
    """SGD, SGD with momentum (procedure 18.1), Adam (procedure 18.2), AdamW or Muon."""
    betas = (settings.beta1, settings.beta2)
    if settings.name in ("sgd", "momentum"):
        momentum = settings.momentum if settings.name == "momentum" else 0.0
        return torch.optim.SGD(
            parameters, lr=settings.lr, momentum=momentum, weight_decay=settings.weight_decay
        )
    if settings.name == "muon":
        return Muon(
            parameters,
            lr=settings.lr,
            momentum=settings.momentum,
            betas=betas,
            eps=settings.epsilon,
            weight_decay=settings.weight_decay,
        )
    kind = torch.optim.AdamW if settings.name == "adamw" else torch.optim.Adam
    return kind(
        parameters,
        lr=settings.lr,
        betas=betas,
        eps=settings.epsilon,
        weight_decay=settings.weight_decay,
        fused=True,
    )
