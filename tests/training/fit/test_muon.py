"""Muon: steps that are equally long in all directions, in either memory format, and resumed as they were."""

from pathlib import Path

import pytest
import torch
from torch import nn

from denoisectl.errors import ConfigError
from denoisectl_training.fit.loop import training_step
from denoisectl_training.fit.muon import Muon
from denoisectl_training.fit.state import TrainingState
from denoisectl_training.train import train
from tests.training.fit.test_loop import request, toy, weights

SETTINGS = {"lr": 0.1, "momentum": 0.9, "betas": (0.9, 0.99), "eps": 1e-8, "weight_decay": 0.0}


def stepped(network: nn.Module) -> dict[str, torch.Tensor]:
    """By how much one step moves each parameter, over the rate."""
    before = {name: value.detach().clone() for name, value in network.named_parameters()}
    optimizer = Muon(network.parameters(), **SETTINGS)
    network(torch.randn(2, 32, 9, 9, generator=torch.Generator().manual_seed(1))).square().sum().backward()
    optimizer.step()
    return {name: (value.detach() - before[name]) / 0.1 for name, value in network.named_parameters()}


def convolution(memory_format: torch.memory_format = torch.contiguous_format) -> nn.Module:
    torch.manual_seed(0)
    return nn.Conv2d(32, 24, 3).to(memory_format=memory_format)  # type: ignore[call-overload]


def test_a_kernels_step_has_the_same_length_in_all_directions_and_that_of_adamw() -> None:
    moved = stepped(convolution())["weight"].reshape(24, 32 * 9)
    lengths = torch.linalg.svdvals(moved) / (0.2 * (32 * 9) ** 0.5)
    assert lengths.min() > 0.6 and lengths.max() < 1.3  # Muon's five iterations come as close to 1
    assert moved.square().mean().sqrt() == pytest.approx(0.2, rel=0.2)  # what AdamW's steps usually have


def test_a_bias_is_moved_by_adamw() -> None:
    moved = stepped(convolution())["bias"]
    torch.testing.assert_close(moved.abs(), torch.ones(24), atol=1e-3, rtol=0.0)


def test_the_memory_format_does_not_matter() -> None:
    rows, last = (stepped(convolution(kind)) for kind in (torch.contiguous_format, torch.channels_last))
    torch.testing.assert_close(rows["weight"], last["weight"], atol=0.01, rtol=0.0)  # of bfloat16's rounding
    assert rows["weight"].abs().max() > 0.1


def test_a_network_without_wide_convolutions_is_refused() -> None:
    with pytest.raises(ConfigError, match="no convolution has 16 features; take adamw"):
        Muon(nn.Conv2d(3, 8, 3).parameters(), **SETTINGS)


def test_a_run_resumes_to_the_same_weights(photo_folder: Path, tmp_path: Path) -> None:
    recipe = toy(
        model={"architecture": "small", "widths": [16, 16], "colour": "rgb"},
        optimizer={"name": "muon", "lr": 3e-3},
    )
    whole, broken = (request(photo_folder, tmp_path, recipe) for _ in range(2))
    train(whole)
    stops = iter([False] * 5 + [True])
    assert train(broken, stop=lambda: next(stops)).step == 5
    train(request(photo_folder, tmp_path, resume=broken.run.path))
    expected, found = weights(whole.run), weights(broken.run)
    assert all(torch.equal(expected[key], found[key]) for key in expected)


def test_without_momentum_a_step_forgets_those_before() -> None:
    network = convolution()
    kernel, optimizer = network.weight, Muon(network.parameters(), **{**SETTINGS, "momentum": 0.0})
    kernel.grad = torch.randn(kernel.shape, generator=torch.Generator().manual_seed(1))
    optimizer.step()
    before = kernel.detach().clone()
    kernel.grad.zero_()
    optimizer.step()
    assert torch.equal(kernel, before)


def test_both_take_the_rate_of_the_schedule() -> None:
    recipe = toy(
        model={"architecture": "small", "widths": [16, 16], "colour": "rgb"},
        optimizer={"name": "muon", "lr": 0.1},
        schedule={"name": "steps", "rates": [1e-30]},
    )
    state = TrainingState.start(recipe, torch.device("cpu"), "float32")
    before = [weights.detach().clone() for weights in state.model.parameters()]
    training_step(state, *torch.rand((2, 4, 3, 32, 32), generator=torch.Generator().manual_seed(0)))
    after = state.model.parameters()
    assert all((new - old).abs().max() < 1e-20 for old, new in zip(before, after, strict=True))
