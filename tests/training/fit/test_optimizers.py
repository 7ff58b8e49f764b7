"""Each optimiser against its formula, on one number whose gradient is its own value."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from denoisectl_training.fit.optimizers import build_optimizer
from denoisectl_training.recipes import OptimizerSettings

SETTINGS = {"lr": 0.1, "momentum": 0.5, "beta1": 0.6, "beta2": 0.8, "epsilon": 0.5, "weight_decay": 0.0}


def stepped(steps: int, **settings: object) -> float:
    """Where a weight of 2 is after some steps down half its square."""
    weight = nn.Parameter(torch.tensor([2.0]))
    optimizer = build_optimizer([weight], OptimizerSettings.model_validate({**SETTINGS, **settings}))
    for _ in range(steps):
        weight.grad = weight.detach().clone()
        optimizer.step()
    return weight.item()


def test_sgd_takes_the_rate_of_the_gradient_and_has_no_momentum() -> None:
    assert stepped(2, name="sgd") == pytest.approx(2.0 * 0.9 * 0.9)


def test_momentum_adds_its_share_of_the_step_before() -> None:
    assert stepped(2, name="momentum") == pytest.approx(1.8 - 0.1 * (1.8 + 0.5 * 2.0))


@pytest.mark.parametrize("name", ["adam", "adamw"])
def test_adam_steps_by_its_own_betas_and_epsilon(name: str) -> None:
    first = 2.0 - 0.1 * 2.0 / (2.0 + 0.5)  # both means begin as the gradient and its square
    assert stepped(1, name=name) == pytest.approx(first)
    mean = (0.6 * 0.4 * 2.0 + 0.4 * first) / (1 - 0.6**2)
    square = (0.8 * 0.2 * 2.0**2 + 0.2 * first**2) / (1 - 0.8**2)
    assert stepped(2, name=name) == pytest.approx(first - 0.1 * mean / (math.sqrt(square) + 0.5))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("sgd", 2.0 - 0.1 * (2.0 + 0.3 * 2.0)),
        ("momentum", 2.0 - 0.1 * (2.0 + 0.3 * 2.0)),
        ("adam", 2.0 - 0.1 * 2.6 / (2.6 + 0.5)),  # as a part of the gradient
        ("adamw", 2.0 - 0.1 * 0.3 * 2.0 - 0.1 * 2.0 / (2.0 + 0.5)),  # beside it
    ],
)
def test_weights_decay(name: str, expected: float) -> None:
    assert stepped(1, name=name, weight_decay=0.3) == pytest.approx(expected)


def test_muon_has_adamw_of_these_settings_for_what_is_no_kernel() -> None:
    kernel, bias = nn.Parameter(torch.eye(16).view(16, 16, 1, 1)), nn.Parameter(torch.tensor([2.0]))
    settings = OptimizerSettings.model_validate({**SETTINGS, "name": "muon", "weight_decay": 0.3})
    kernel.grad, bias.grad = torch.zeros_like(kernel), torch.tensor([2.0])
    build_optimizer([kernel, bias], settings).step()
    assert bias.item() == pytest.approx(2.0 - 0.1 * 0.3 * 2.0 - 0.1 * 2.0 / (2.0 + 0.5))
    assert torch.allclose(kernel[:, :, 0, 0], (1 - 0.1 * 0.3) * torch.eye(16))


def test_muon_moves_what_is_no_kernel_as_adamw_does() -> None:
    bias, same = nn.Parameter(torch.tensor([2.0])), nn.Parameter(torch.tensor([2.0]))
    kernel = nn.Parameter(torch.eye(16).view(16, 16, 1, 1))
    muon, adamw = (
        build_optimizer(parameters, OptimizerSettings.model_validate({**SETTINGS, "name": name}))
        for name, parameters in (("muon", [kernel, bias]), ("adamw", [same]))
    )
    for gradient in (2.0, -1.0, 3.0):
        for weight, optimizer in ((bias, muon), (same, adamw)):
            weight.grad = torch.tensor([gradient])
            optimizer.step()
    assert bias.item() == same.item() != 2.0
