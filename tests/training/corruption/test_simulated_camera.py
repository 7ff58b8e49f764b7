"""The simulated camera, stage by stage, against the physics that each stands for (docs/camera.md)."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from denoisectl_training.corruption import jpeg, simulated_camera
from denoisectl_training.corruption.left_alone import left_alone
from denoisectl_training.corruption.simulated_camera import (
    _draw_sensor,
    _in_camera_denoise,
    _Sensor,
    _sensor_noise,
    _sharpen,
    _to_linear,
    _to_raw,
    _to_srgb,
    camera,
)
from denoisectl_training.photos.crops import step_generator

LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)


def spread(values: Tensor) -> Tensor:
    """Variance over the last two axes from the middle 68%: a few hot pixels do not move it."""
    flat = values.flatten(-2)
    return ((flat.quantile(0.8413, dim=-1) - flat.quantile(0.1587, dim=-1)) / 2).square()


def raw_noise(images: int, rows: int = 60, columns: int = 200) -> Tensor:
    """Sensor noise on bands of five brightnesses, `(images, 5, rows, columns)`."""
    bands = torch.cat([torch.full((images, 1, rows, columns), level) for level in LEVELS], dim=2)
    noisy = _sensor_noise(bands, step_generator(1, 0))
    return (noisy - bands).reshape(images, len(LEVELS), rows, columns)


def lag_1(planes: Tensor) -> float:
    """Correlation of horizontal neighbours over `(B, C, H, W)`."""
    planes = planes - planes.mean(dim=(2, 3), keepdim=True)
    return float((planes[..., 1:] * planes[..., :-1]).mean() / planes.square().mean())


def developed(raw: Tensor, sensor: _Sensor) -> Tensor:
    """Raw to sRGB, without what happens between the two steps."""
    return _to_srgb(_to_linear(raw, sensor), sensor)


def test_raw_noise_grows_linearly_with_the_signal_from_a_floor() -> None:
    variance = spread(raw_noise(16))  # (16, 5)
    levels = torch.tensor(LEVELS)
    design = torch.stack([levels, torch.ones(5)], dim=1)
    fit = torch.linalg.lstsq(design, variance.T).solution  # slope and floor of each image
    error = (design @ fit - variance.T).abs() / variance.T
    assert error.median() < 0.03 and error.quantile(0.9) < 0.15
    assert (fit[0] > 0).all()


def test_shot_noise_spans_iso_100_to_25600() -> None:
    variance = spread(raw_noise(64))
    shot = (variance[:, 4] - variance[:, 0]) / (LEVELS[4] - LEVELS[0])
    assert shot.min() < 1.5e-4 and 6e-3 < shot.max() < 1.5e-2  # e^-10 = 4.5e-5 to e^-4.4 = 1.2e-2
    assert shot.max() / shot.min() > 64  # six stops, at least


def test_read_noise_grows_with_the_gain() -> None:
    clean = torch.zeros((200, 1, 48, 48))
    read = spread(_sensor_noise(clean, step_generator(1, 0)))[:, 0]
    bright = torch.ones((200, 1, 48, 48))
    shot = spread(_sensor_noise(bright, step_generator(1, 0)) - bright)[:, 0] - read  # the same 200 cameras
    logs = torch.stack([shot.clamp(min=1e-7).log(), read.log()])
    assert torch.corrcoef(logs)[0, 1] > 0.9


def test_some_frames_have_row_noise_and_most_have_none() -> None:
    noise = _sensor_noise(torch.zeros((200, 1, 64, 256)), step_generator(2, 0))[:, 0]
    rows = noise.quantile(0.5, dim=2)  # (200, 64): medians, since hot pixels would pull means
    expected = 1.571 * spread(noise) / 256  # variance of a median of 256 independent values
    banded = rows.var(dim=1) / expected > 3.0
    assert 0.08 < banded.float().mean() < 0.25
    columns = noise.quantile(0.5, dim=1)
    assert not (columns.var(dim=1) / (1.571 * spread(noise) / 64) > 3.0).any()


def test_raw_noise_is_white_where_no_row_noise_is() -> None:
    noise = raw_noise(1, rows=100, columns=400)
    assert abs(lag_1(noise)) < 0.02


def test_development_undoes_the_way_back_to_raw(photo: Tensor) -> None:
    calm = 0.25 + 0.5 * photo.mean(dim=1, keepdim=True).expand(-1, 3, -1, -1).repeat(8, 1, 1, 1)
    sensor = _draw_sensor(calm, step_generator(3, 0))
    assert torch.allclose(developed(_to_raw(calm, sensor), sensor), calm, atol=2e-3)


def test_colour_matrix_and_white_balance_make_noise_stronger_in_chroma() -> None:
    raw = torch.full((64, 3, 32, 32), 0.2)
    sensor = _draw_sensor(raw, step_generator(4, 0))
    grey = _to_raw(torch.full_like(raw, 0.5), sensor)
    noise = 1e-3 * torch.randn(grey.shape, generator=step_generator(5, 0))  # equal and independent
    seen = developed(grey + noise, sensor) - developed(grey, sensor)
    luma = seen.mean(dim=1, keepdim=True)
    ratio = (seen - luma).square().mean() / luma.square().mean()
    assert ratio > 1.5 * 2.0  # independent channels have 2


def test_in_camera_denoising_leaves_a_correlated_residue_wider_in_chroma() -> None:
    clean = torch.full((32, 3, 64, 64), 0.5)
    noisy = clean + 0.05 * torch.randn(clean.shape, generator=step_generator(6, 0))
    left = _in_camera_denoise(noisy, clean, step_generator(7, 0)) - clean
    luma = left.mean(dim=1, keepdim=True)
    assert left.std() < 0.7 * 0.05
    assert 0.1 < lag_1(luma) < 0.8 * lag_1(left - luma)  # white noise has 0
    assert torch.equal(
        _in_camera_denoise(clean, clean, step_generator(7, 0)), clean
    )  # the picture is not touched


def test_in_camera_denoising_leaves_some_frames_evenly_noisy_and_others_at_edges_and_in_shadows() -> None:
    scene = torch.full((300, 3, 32, 96), 0.6)
    scene[..., :32] = 0.05  # a shadow, something flat and bright, and a texture
    scene[..., 64:] += 0.15 * torch.randn((1, 1, 32, 32), generator=step_generator(0, 0))
    noisy = scene + 0.03 * torch.randn(scene.shape, generator=step_generator(6, 0))
    left = (_in_camera_denoise(noisy, scene, step_generator(7, 0)) - scene)[..., 4:-4, :]
    shadow, flat, texture = (part.std(dim=(1, 2, 3)) for part in left.split(32, dim=3))
    assert 0.3 < (torch.maximum(shadow, texture) < 1.2 * flat).float().mean() < 0.8
    assert (shadow > 2 * flat).float().mean() > 0.03
    assert (texture > 2 * flat).float().mean() > 0.03


def test_a_flat_frame_is_as_noisy_at_its_border_as_inside() -> None:
    flat = torch.full((300, 3, 64, 64), 0.5)
    noise = 0.012 * torch.randn(flat.shape, generator=step_generator(6, 0))
    kept = left_alone(noise, flat, step_generator(7, 0))
    border, inside = kept[..., :3].mean(dim=(1, 2, 3)), kept[..., 8:-8].mean(dim=(1, 2, 3))
    assert (border - inside).abs().max() < 0.1


def test_in_camera_denoising_takes_what_is_brighter_than_white_and_darker_than_black() -> None:
    beyond = torch.linspace(-0.5, 1.5, 64).expand(100, 3, 64, 64)
    noisy = beyond + 0.05 * torch.randn(beyond.shape, generator=step_generator(6, 0))
    assert _in_camera_denoise(noisy, beyond, step_generator(7, 0)).isfinite().all()


def test_noise_that_the_camera_smooths_hardly_moves_the_brightness_of_an_area() -> None:
    dark = torch.full((4, 3, 64, 64), 0.15)
    frames = [camera(dark, step_generator(seed, 0)) for seed in range(40)]
    moved = torch.cat([(noisy - target).mean(dim=(1, 2, 3)).abs() for noisy, target in frames])
    assert 255 * moved.median() < 0.2


def test_some_frames_are_as_sharp_as_the_photo_and_most_are_softer() -> None:
    texture = 0.5 + 0.1 * torch.randn((1, 3, 64, 64), generator=step_generator(0, 0))
    fine = [camera(texture, step_generator(seed, 0))[1].diff(dim=3).square().mean() for seed in range(60)]
    largest, middle, least = torch.stack(fine).quantile(torch.tensor([0.9, 0.5, 0.1]))
    assert largest > 2 * middle > 4 * least


def softest(*, rescaled: bool) -> float:
    """How fine the detail is in the softest tenth of frames, as a share of all there is."""
    texture = 0.5 + 0.1 * torch.randn((1, 3, 64, 64), generator=step_generator(0, 0))
    frames = [camera(texture, step_generator(seed, 0), rescaled=rescaled)[1] for seed in range(60)]
    shares = [frame.diff(dim=3).square().mean() / frame.var() for frame in frames]
    return float(torch.stack(shares).quantile(0.1))


def test_enlarged_frames_are_softer_than_any_lens_makes_them() -> None:
    assert softest(rescaled=True) < 0.7 * softest(
        rescaled=False
    )  # 0.84 if only the finished photo is resized


@pytest.mark.parametrize("amount", [0.0, 1.2])
def test_sharpening_amplifies_noise_and_keeps_flat_areas(amount: float) -> None:
    flat = torch.full((1, 3, 64, 64), 0.5)
    noisy = flat + 0.02 * torch.randn(flat.shape, generator=step_generator(8, 0))
    strength = torch.full((1, 1, 1, 1), amount)
    assert torch.allclose(_sharpen(flat, strength), flat, atol=1e-6)
    expected = ((1 + amount * 8 / 9) ** 2 + 8 * (amount / 9) ** 2) ** 0.5  # of independent noise
    assert float((_sharpen(noisy, strength) - flat).std() / (noisy - flat).std()) == pytest.approx(
        expected, rel=0.03
    )


def test_half_of_the_jpegs_begin_their_blocks_at_the_corner_and_the_others_anywhere(
    photo: Tensor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jpeg, "uniform", lambda images, *_: torch.zeros(len(images), 1, 1, 1))  # quality 40
    begins = []
    for step in range(40):
        found = jpeg.saved(photo[:1], step_generator(3, step))
        jumps = (found.diff(dim=3) - photo[:1].diff(dim=3)).abs().mean(dim=(0, 1, 2))
        begins.append(max(range(8), key=lambda first: jumps[(first - 1) % 8 :: 8].mean().item()))
    assert found.shape == photo[:1].shape
    assert 15 < begins.count(0) < 32 and len(set(begins)) > 5


def test_files_have_qualities_from_40_to_100_and_leave_every_pixel_in_its_place(
    photo: Tensor, monkeypatch: pytest.MonkeyPatch
) -> None:
    met: list[tuple[Tensor, bool]] = []
    monkeypatch.setattr(jpeg, "jpeg", lambda images, *how: met.append(how) or images)  # no loss
    for step in range(60):
        images = photo[..., :32, :48].repeat(10, 1, 1, 1)
        assert torch.equal(jpeg.saved(images, step_generator(3, step)), images)
    qualities = torch.cat([quality.flatten() for quality, _ in met])
    least, middle, most = qualities.quantile(torch.tensor([0.0, 0.5, 1.0])).tolist()
    assert 40.0 <= least < 47.0 and middle == pytest.approx(82.4, abs=2.0) and 99.0 < most <= 100.0
    assert 15 < sum(subsample for _, subsample in met) < 45


def test_stages_are_met_as_often_as_they_should_and_the_target_is_no_file(
    photo: Tensor, monkeypatch: pytest.MonkeyPatch
) -> None:
    shares = {
        "_in_camera_denoise": 0.8,
        "_sharpen": 0.5,
        "demosaic_bilinear": 0.4,
        "enlarged": 0.6,
        "resized": 0.4,
    }
    met = dict.fromkeys(shares, 0)

    def counted(name: str, stage: Callable[..., Tensor]) -> Callable[..., Tensor]:
        def run(*given: object) -> Tensor:
            met[name] += 1
            return stage(*given)

        return run

    for name in shares:
        monkeypatch.setattr(simulated_camera, name, counted(name, getattr(simulated_camera, name)))
    monkeypatch.setattr(simulated_camera, "saved", lambda images, _: torch.zeros_like(images))
    frames = [camera(photo[..., :32, :32], step_generator(seed, 0)) for seed in range(60)]
    assert {name: count / 60 for name, count in met.items()} == pytest.approx(shares, abs=0.17)
    black = sum(float(noisy.max()) == 0.0 for noisy, _ in frames)
    assert black / 60 == pytest.approx(1 - 0.85 * 0.25, abs=0.12) and all(
        target.any() for _, target in frames
    )


def test_every_camera_of_a_batch_gives_a_grey_wall_back_as_it_is() -> None:
    wall = torch.full((16, 3, 32, 32), 0.4)
    for seed in range(4):
        assert torch.allclose(camera(wall, step_generator(seed, 0))[1], wall, atol=3e-3)


def test_sensors_see_less_red_and_blue_than_green_and_less_light_than_the_photo() -> None:
    grey = torch.full((200, 3, 1, 1), 0.5)
    sensor = _draw_sensor(grey, step_generator(1, 0))
    red, green, blue = (_to_raw(grey, sensor)[:, i, 0, 0] for i in range(3))
    for ratio, most in ((green / red, 2.3), (green / blue, 2.1)):
        assert 1.2 <= ratio.min() < 1.25 and most - 0.05 < ratio.max() <= most + 1e-4
    assert 0.5 <= sensor.exposure.min() < 0.52 and 0.98 < sensor.exposure.max() <= 1.0
    plain = sensor.contrast[:, 0, 0, 0] == 0
    light = 0.214 * sensor.exposure[:, 0, 0, 0]  # half of white in sRGB
    assert torch.allclose(green[plain], light[plain], rtol=1e-3) and 70 < plain.sum() < 130
