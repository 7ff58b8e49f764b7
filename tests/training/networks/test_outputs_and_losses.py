import math

import pytest
import torch

from denoisectl_training.fit.losses import distillation_loss, training_loss
from denoisectl_training.networks.outputs import OUTPUT_MAPS, out_of_range_penalty
from denoisectl_training.recipes import LossSettings


@pytest.mark.parametrize(
    ("name", "low", "high"),
    [("sigmoid", 0.0, 1.0), ("tanh", 0.0, 1.0), ("scaled_tanh", -0.09, 1.11), ("relu_pair", 0.0, 1.0)],
)
def test_bounded_maps_end_where_they_say(name: str, low: float, high: float) -> None:
    ends = OUTPUT_MAPS[name](torch.tensor([-100.0, 100.0]), torch.zeros(2))
    torch.testing.assert_close(ends, torch.tensor([low, high]))


@pytest.mark.parametrize("name", ["relu_pair", "hard_clamp"])
def test_the_bad_maps_have_no_gradient_when_it_is_needed(name: str) -> None:
    raw = torch.tensor([-0.5, 1.5], requires_grad=True)
    OUTPUT_MAPS[name](raw, torch.zeros(2)).sum().backward()
    assert raw.grad is not None and torch.equal(raw.grad, torch.zeros(2))


def test_the_scaled_tanh_still_has_a_gradient_at_zero_and_one() -> None:
    raw = torch.atanh(torch.tensor([0.0, 1.0]) / 0.6 - 0.85).requires_grad_()
    OUTPUT_MAPS["scaled_tanh"](raw, torch.zeros(2)).sum().backward()
    assert raw.grad is not None and (raw.grad > 0.15).all()


def test_the_penalty_is_the_texts() -> None:
    planes = torch.tensor([-0.5, 0.0, 0.3, 1.0, 1.2])
    torch.testing.assert_close(out_of_range_penalty(planes), torch.tensor((0.25 + 0.04) / 5))


def test_a_residual_of_a_tenth_costs_four() -> None:
    # Section 18.4: "if the root mean squared value of R is 0.1 ... then the loss value will be about 4".
    signs = torch.tensor([1.0, -1.0]).view(2, 1, 1, 1)  # too bright and too dark cost the same
    loss = training_loss(0.5 + 0.1 * signs.expand(2, 1, 8, 8), torch.full((2, 1, 8, 8), 0.5), LossSettings())
    torch.testing.assert_close(loss, torch.tensor(4.0))


def test_what_the_network_makes_out_of_range_costs_its_weight() -> None:
    settings = LossSettings(ssd=1.0, l1=0.0, out_of_range=10.0)
    predicted, clean = torch.full((1, 3, 4, 4), 1.2), torch.full((1, 3, 4, 4), 0.5)
    torch.testing.assert_close(training_loss(predicted, clean, settings), torch.tensor(0.7**2 + 10 * 0.2**2))


def test_a_decibel_counts_the_same_in_little_noise_as_in_strong() -> None:
    settings = LossSettings(ssd=0.0, l1=0.0, out_of_range=0.0, psnr=2.0)
    clean = torch.zeros(2, 3, 4, 4)
    residuals = torch.tensor([3.0, 99.0]).view(2, 1, 1, 1).expand(2, 3, 4, 4) / 255.0
    predicted = residuals.clone().requires_grad_()
    loss = training_loss(predicted, clean, settings)
    assert loss.item() == pytest.approx(
        10 * math.log10(1 + 9) + 10 * math.log10(1 + 99**2)
    )  # 2.0 x the mean of two
    loss.backward()
    assert predicted.grad is not None
    quiet, loud = (predicted.grad * residuals).sum(dim=(1, 2, 3))  # of making each residual larger by a share
    assert quiet.item() == pytest.approx(0.9 * loud.item(), rel=1e-3)


def test_no_error_has_no_gradient_that_is_not_a_number() -> None:
    same = torch.zeros(1, 3, 4, 4, requires_grad=True)
    training_loss(same, torch.zeros(1, 3, 4, 4), LossSettings(ssd=0.0, l1=0.0, psnr=1.0)).backward()
    assert same.grad is not None and torch.equal(same.grad, torch.zeros(1, 3, 4, 4))


def test_what_rounding_adds_counts_by_the_error_there_is() -> None:
    clean = torch.zeros(2, 1, 4, 4)
    teacher = torch.tensor([3.0, 0.0]).view(2, 1, 1, 1).expand(2, 1, 4, 4) / 255.0
    predicted = teacher + 1.0 / 255.0
    # 1 over 9 and the level that counts at least, and 1 over that level alone.
    assert distillation_loss(predicted, teacher, clean).item() == pytest.approx((1 / 10 + 1) / 2)
    assert distillation_loss(teacher, teacher, clean) == 0.0
