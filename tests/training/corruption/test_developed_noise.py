"""Noise of developed photos: how coarse, how coloured, how strong, and where (docs/camera.md)."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from denoisectl_training.corruption import developed_noise
from denoisectl_training.corruption.developed_noise import _blotches, _by_brightness, _grain, developed
from denoisectl_training.photos.crops import step_generator

FLAT = torch.full((200, 3, 64, 64), 0.5)


def correlation(planes: Tensor, lag: int = 1) -> Tensor:
    """Of pixels `lag` columns apart, one for each image of `(B, C, H, W)`."""
    products = (planes[..., lag:] * planes[..., :-lag]).mean(dim=(1, 2, 3))
    return products / planes.square().mean(dim=(1, 2, 3))


def strength(planes: Tensor) -> Tensor:
    return planes.square().mean(dim=(1, 2, 3)).sqrt()


def test_grain_is_sharp_in_some_photos_and_coarse_in_others_and_always_of_unit_power() -> None:
    grain = _grain(FLAT, step_generator(1, 0))
    assert torch.allclose(strength(grain), torch.ones(200), atol=1e-4)
    least, most = correlation(grain).quantile(torch.tensor([0.05, 0.95]))
    assert least < 0.3 and most > 0.85


def test_noise_is_as_coarse_in_the_middle_of_a_crop_as_elsewhere() -> None:
    for field in (_grain(FLAT, step_generator(1, 0)), _blotches(FLAT, step_generator(1, 0))):
        for planes in (field, field.transpose(2, 3)):
            beside = (planes[..., 1:] * planes[..., :-1]).mean(dim=(0, 1, 2)) / planes.square().mean()
            assert abs(beside[31] - beside.median()) < 0.05


def test_blotches_have_colour_and_no_brightness() -> None:
    blotches = _blotches(FLAT, step_generator(1, 0))
    luma = torch.einsum("c,bchw->bhw", torch.tensor([0.299, 0.587, 0.114]), blotches)
    assert luma.abs().max() < 1e-5
    assert 0.15 <= strength(blotches).min() < 0.17 and 1.3 < strength(blotches).max() < 1.5


def test_blotches_are_coarser_than_grain() -> None:
    grain, blotches = _grain(FLAT, step_generator(1, 0)), _blotches(FLAT, step_generator(1, 0))
    assert correlation(blotches, 2).median() > correlation(grain, 2).median() + 0.2


def test_noise_is_strongest_at_one_brightness_and_never_stronger_than_said() -> None:
    ramp = torch.linspace(0.0, 1.0, 64).expand(200, 3, 64, 64)
    curve = _by_brightness(ramp, step_generator(1, 0))[:, 0, 32]
    assert curve.min() > 0.0 and curve.amax(dim=1).min() > 0.99 and curve.max() < 1.0001
    strongest = curve.argmax(dim=1) / 63
    assert strongest.quantile(0.1) < 0.15 and strongest.quantile(0.9) > 0.75


def test_brightness_of_an_area_is_hardly_moved() -> None:
    noisy, target = developed(FLAT, step_generator(1, 0))
    assert 255 * (noisy - target).mean(dim=(1, 2, 3)).abs().median() < 0.2


def test_noise_that_is_left_alone_is_as_sharp_as_a_sensors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(developed_noise, "left_alone", lambda noise, *_: torch.ones_like(noise[:, :1]))
    monkeypatch.setattr(developed_noise, "saved", lambda images, _: images)
    noisy, target = developed(FLAT, step_generator(2, 0))
    noise = noisy - target
    beside = (noise[..., 1:] * noise[..., :-1]).mean() / noise.square().mean()
    assert abs(beside) < 0.05
    least, middle, most = (255 * strength(noise)).quantile(torch.tensor([0.0, 0.5, 1.0])).tolist()
    assert 0.6 < least < 0.8 and 2.5 < middle < 4.5 and 14.0 < most < 16.5


def test_noise_has_colour_and_falls_with_what_brightness_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(developed_noise, "left_alone", lambda noise, *_: torch.zeros_like(noise[:, :1]))
    monkeypatch.setattr(developed_noise, "saved", lambda images, _: images)
    noisy, target = developed(FLAT, step_generator(2, 0))
    noise = noisy - target
    assert 0.15 < (strength(noise - noise.mean(dim=1, keepdim=True)) / strength(noise)).median() < 0.6
    monkeypatch.setattr(developed_noise, "_by_brightness", lambda like, _: torch.zeros_like(like[:, :1]))
    noisy, target = developed(FLAT, step_generator(2, 0))
    assert torch.equal(noisy, target)


def test_three_of_four_noisy_photos_are_files_and_the_others_in_range(
    photo: Tensor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(developed_noise, "saved", lambda images, _: torch.zeros_like(images))
    high_contrast = (photo[..., :32, :32] > 0.4).float()
    pairs = [developed(high_contrast, step_generator(seed, 0)) for seed in range(60)]
    assert 35 < sum(not noisy.any() for noisy, _ in pairs) < 55
    for noisy, target in pairs:
        assert noisy.min() >= 0.0 and noisy.max() <= 1.0
        assert target.min() >= 0.0 and 0.5 < target.max() < 1.0001


def test_the_target_is_the_photo_and_in_some_batches_softer() -> None:
    texture = 0.5 + 0.1 * torch.randn((2, 3, 64, 64), generator=step_generator(0, 0))
    targets = [developed(texture, step_generator(seed, 0))[1] for seed in range(40)]
    kept = torch.tensor([torch.equal(target, texture) for target in targets]).float().mean()
    fine = torch.stack([target.diff(dim=3).square().mean() / target.var() for target in targets])
    assert 0.05 < kept < 0.4 and fine.min() < 0.4 < 1.5 < fine.max()
