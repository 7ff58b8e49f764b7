"""Each corruption against what it claims to do to a real photo, and against purity."""

from collections.abc import Callable

import cv2
import numpy as np
import pytest
import skimage.data
import torch
from torch import Generator, Tensor

from denoisectl_training.corruption import (
    blur,
    camera,
    corrupt,
    corrupt_one_kind,
    developed,
    gaussian,
    knockout,
    poisson,
    salt_and_pepper,
)
from denoisectl_training.corruption.basic import gaussian_blur
from denoisectl_training.corruption.frames import resized
from denoisectl_training.corruption.simulated_camera import _hot_pixels
from denoisectl_training.recipes import CorruptionSettings

CORRUPTIONS: dict[str, Callable[[Tensor, Generator], Tensor]] = {
    "gaussian": gaussian,
    "poisson": poisson,
    "salt and pepper": salt_and_pepper,
    "blur": blur,
    "knockout": knockout,
    "camera": lambda clean, generator: camera(clean, generator)[0],
    "developed": lambda clean, generator: developed(clean, generator)[0],
}


def seeded(seed: int = 0) -> Generator:
    return Generator().manual_seed(seed)


@pytest.fixture(scope="module")
def grey() -> Tensor:
    return torch.full((2, 3, 256, 256), 0.5)


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_the_same_generator_gives_the_same_noise_and_the_input_is_left_alone(
    name: str, photo: Tensor
) -> None:
    before = photo.clone()
    first, again, other = (CORRUPTIONS[name](photo, seeded(seed)) for seed in (3, 3, 4))
    assert first.shape == photo.shape and first.dtype == torch.float32 and first.isfinite().all()
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert torch.equal(photo, before)


def test_gaussian_noise_has_the_sigma_asked_for(grey: Tensor) -> None:
    noise = gaussian(grey, seeded(), 25.0, fixed=True) - grey
    assert noise.std().item() * 255 == pytest.approx(25.0, rel=0.02)
    assert abs(noise.mean().item()) * 255 < 0.3


def test_gaussian_magnitudes_differ_between_the_images_of_a_batch() -> None:
    clean = torch.full((64, 3, 16, 16), 0.5)
    sigmas = (gaussian(clean, seeded(), 50.0) - clean).std(dim=(1, 2, 3)) * 255
    assert sigmas.max() > 40 and sigmas.min() < 10


def test_poisson_variance_grows_with_the_signal() -> None:
    clean = torch.cat([torch.full((1, 3, 256, 128), 0.2), torch.full((1, 3, 256, 128), 0.8)], dim=3)
    noise = poisson(clean, seeded()) - clean
    assert noise[..., 128:].var().item() / noise[..., :128].var().item() == pytest.approx(4.0, rel=0.1)


def test_poisson_noise_is_never_stronger_than_asked_for() -> None:
    noisy = poisson(torch.ones(32, 3, 64, 64), seeded(), 0.001)
    deviations = noisy.flatten(1).std(dim=1)
    assert deviations.max().item() == pytest.approx(0.001, rel=0.05)


def test_salt_and_pepper_hits_its_share_of_pixels_in_all_channels(grey: Tensor) -> None:
    noisy = salt_and_pepper(grey, seeded(), 0.05)
    salt, pepper = (noisy == 1).float().mean().item(), (noisy == 0).float().mean().item()
    assert (salt, pepper) == pytest.approx((0.025, 0.025), rel=0.1)
    assert torch.equal(noisy[:, 0], noisy[:, 1]) and torch.equal(noisy[:, 0], noisy[:, 2])
    assert not torch.equal(noisy[0], noisy[1]), "each image has its own pixels"


def test_blur_is_the_gaussian_that_opencv_computes(photo: Tensor) -> None:
    blurred = blur(photo, seeded(), 1.5, fixed=True)[0].permute(1, 2, 0).numpy()
    expected = cv2.GaussianBlur(
        photo[0].permute(1, 2, 0).numpy(), (11, 11), 1.5, borderType=cv2.BORDER_REFLECT_101
    )
    assert np.abs(blurred - expected).max() < 2e-3


def test_each_image_of_a_batch_is_blurred_by_its_own_sigma(photo: Tensor) -> None:
    sigmas = torch.tensor([0.6, 2.5]).view(2, 1, 1, 1)
    together = gaussian_blur(photo.repeat(2, 1, 1, 1), sigmas)
    for found, sigma in zip(together, sigmas, strict=True):
        assert torch.allclose(found, gaussian_blur(photo, sigma[None])[0], atol=5e-3)


@pytest.mark.parametrize("fixed", [True, False])
def test_knockout_removes_about_its_share(grey: Tensor, fixed: bool) -> None:
    gone = knockout(grey, seeded(), 9, 0.02, fixed=fixed) == 0
    assert gone.float().mean().item() == pytest.approx(0.02, rel=0.25)


def test_knockout_takes_as_much_of_the_borders_as_of_the_middle() -> None:
    gone = (knockout(torch.ones(100, 3, 64, 64), seeded(), 9, 0.02, fixed=True) == 0).float()
    corners = gone[..., [0, 0, -1, -1], [0, -1, 0, -1]].mean().item()
    edges = torch.cat([gone[..., 0, :], gone[..., -1, :], gone[..., 0], gone[..., -1]]).mean().item()
    assert edges == pytest.approx(0.02, rel=0.15) and 0.005 < corners < 0.05


def test_fixed_knockout_removes_whole_blocks(grey: Tensor) -> None:
    gone = (knockout(grey, seeded(), 9, 0.02, fixed=True) == 0)[0, 0].numpy().astype(np.uint8)
    inside = slice(8, -8)  # where no block is cut by the edge of the image
    in_blocks = {
        side: cv2.morphologyEx(gone, cv2.MORPH_OPEN, np.ones((side, side)))[inside, inside]
        for side in (9, 10)
    }
    assert np.array_equal(in_blocks[9], gone[inside, inside]), "every pixel that is gone lies in a block"
    assert in_blocks[10].sum() < in_blocks[9].sum() / 2, "a block alone is no larger"


def test_knockout_takes_blocks_of_every_side_up_to_the_largest(grey: Tensor) -> None:
    gone = (knockout(grey, seeded(), 5, 0.02) == 0)[0, 0].numpy().astype(np.uint8)
    left = [
        cv2.morphologyEx(gone, cv2.MORPH_OPEN, np.ones((side, side), np.uint8)).sum() for side in range(1, 7)
    ]
    shares = -np.diff(left) / left[0]
    assert (shares > 0.05).all() and left[5] < 0.05 * left[0], "a fifth for each side, but where blocks touch"


def test_a_camera_without_light_or_noise_range_stays_in_range(photo: Tensor) -> None:
    noisy, target = camera(photo.repeat(4, 1, 1, 1), seeded())
    for image in (noisy, target):
        assert image.min() >= 0.0 and image.max() <= 1.0


def camera_noise(level: float, draws: int = 24) -> Tensor:
    """Noise of many cameras on a flat patch, `(draws, 3, 64, 64)`."""
    clean = torch.full((draws, 3, 64, 64), level)
    pairs = [camera(clean[i : i + 1], seeded(i)) for i in range(draws)]
    return torch.cat([noisy - target for noisy, target in pairs])


def test_camera_noise_is_spread_over_neighbours() -> None:
    noise = camera_noise(0.4)
    noise = noise - noise.mean(dim=(2, 3), keepdim=True)
    beside = (noise[..., 1:] * noise[..., :-1]).mean(dim=(1, 2, 3)) / noise.square().mean(dim=(1, 2, 3))
    assert beside.median().item() > 0.15  # white noise has 0


def test_camera_noise_is_strong_in_chroma() -> None:
    noise = camera_noise(0.4)
    luma = noise.mean(dim=1, keepdim=True)
    ratio = (noise - luma).square().mean() / luma.square().mean()
    assert ratio.item() > 0.5


def test_camera_noise_differs_from_camera_to_camera() -> None:
    sigmas = camera_noise(0.4).std(dim=(1, 2, 3)) * 255
    assert sigmas.min() < 3 and sigmas.max() > 10


def test_simulated_jpeg_is_close_to_a_real_one() -> None:
    from denoisectl_training.corruption.jpeg import jpeg

    pixels = skimage.data.astronaut()[:128, 130:322]
    image = torch.from_numpy(pixels.copy()).permute(2, 0, 1)[None].float() / 255.0
    for quality, subsample in ((90, False), (60, True), (20, True)):
        sampling = cv2.IMWRITE_JPEG_SAMPLING_FACTOR_420 if subsample else cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444
        flags = [cv2.IMWRITE_JPEG_QUALITY, quality, cv2.IMWRITE_JPEG_SAMPLING_FACTOR, sampling]
        _, encoded = cv2.imencode(".jpg", pixels[..., ::-1], flags)
        real = cv2.imdecode(encoded, cv2.IMREAD_COLOR)[..., ::-1].astype(np.float32)
        ours = (
            jpeg(image, torch.full((1, 1, 1, 1), float(quality)), subsample)[0].permute(1, 2, 0).numpy() * 255
        )
        loss = np.abs(real - pixels).mean()
        assert np.abs(ours - real).mean() < 0.35 * loss  # far closer to the codec than the codec to the photo


def test_a_mixture_draws_kinds_by_weight(photo: Tensor) -> None:
    mixture = (
        CorruptionSettings(kind="clean", weight=3.0),
        CorruptionSettings(kind="salt_and_pepper", weight=1.0),
    )
    clean = photo[..., :32, :32].repeat(400, 1, 1, 1)
    noisy, target = corrupt(clean, mixture, seeded())
    untouched = (noisy == clean).flatten(1).all(dim=1).float().mean().item()
    assert untouched == pytest.approx(0.75, abs=0.08)
    assert torch.equal(target, clean)


@pytest.mark.parametrize(
    ("kind", "function", "magnitude"),
    [
        ("gaussian", gaussian, 12.0),
        ("poisson", poisson, 0.03),
        ("salt_and_pepper", salt_and_pepper, 0.2),
        ("blur", blur, 0.8),
        ("knockout", knockout, 5.0),
    ],
)
def test_a_kind_is_what_it_is_called_and_as_strong_as_asked(
    kind: str, function: Callable[..., Tensor], magnitude: float, photo: Tensor
) -> None:
    noisy, target = corrupt_one_kind(
        photo, CorruptionSettings.model_validate({"kind": kind, "magnitude": magnitude}), seeded()
    )
    assert torch.equal(noisy, function(photo, seeded(), magnitude)) and torch.equal(target, photo)


@pytest.mark.parametrize(("kind", "function"), [("camera", camera), ("developed", developed)])
def test_the_targets_of_a_mixture_are_those_of_its_cameras(
    kind: str, function: Callable[[Tensor, Generator], tuple[Tensor, Tensor]], photo: Tensor
) -> None:
    pairs = corrupt(photo, (CorruptionSettings.model_validate({"kind": kind}),), seeded(2))
    assert not torch.equal(pairs[1], photo)
    again = seeded(2)
    torch.multinomial(torch.ones(1), 1, generator=again)
    for found, expected in zip(pairs, function(photo, again), strict=True):
        assert torch.equal(found, expected)


def test_clipped_noise_is_what_an_8_bit_file_would_hold(photo: Tensor) -> None:
    noisy, _ = corrupt(photo, (CorruptionSettings(kind="gaussian", magnitude=50.0, clipped=1.0),), seeded())
    assert noisy.min() >= 0 and noisy.max() <= 1
    torch.testing.assert_close(noisy * 255, (noisy * 255).round())
    some = CorruptionSettings(kind="gaussian", magnitude=50.0, clipped=0.8)
    many, _ = corrupt(photo[..., :16, :16].repeat(100, 1, 1, 1), (some,), seeded())
    assert 70 < ((many * 255 - (many * 255).round()).abs() < 1e-3).all(dim=(1, 2, 3)).sum() < 90


def test_a_grey_share_is_grey_in_both(photo: Tensor) -> None:
    noisy, target = corrupt(photo, (CorruptionSettings(kind="gaussian"),), seeded(), grey=1.0)
    for image in (noisy, target):
        assert torch.equal(image[:, 0], image[:, 1]) and torch.equal(image[:, 0], image[:, 2])


def test_a_pair_is_grey_in_both_or_in_neither_and_so_often_as_asked(photo: Tensor) -> None:
    clean = photo[..., :16, :16].repeat(100, 1, 1, 1)
    pairs = corrupt(clean, (CorruptionSettings(kind="gaussian"),), seeded(), grey=0.3)
    noisy, target = ((image == image[:, :1]).all(dim=(1, 2, 3)) for image in pairs)
    assert torch.equal(noisy, target) and 15 < noisy.sum() < 45


def test_hot_pixels_are_few_bright_and_in_some_frames_only() -> None:
    dark = torch.zeros((200, 1, 64, 64))
    hot = _hot_pixels(dark, seeded())
    share = (hot > 0).float().mean(dim=(1, 2, 3))
    assert 0.1 < (share > 0).float().mean() < 0.3
    assert share.max() < 2.5e-3 and hot.max() <= 1.0
    assert torch.equal(_hot_pixels(torch.ones_like(dark), seeded()), torch.ones_like(dark))  # never darker


@pytest.mark.parametrize("scale", [0.75, 0.99, 1.0, 1.01, 1.9])
def test_resizing_keeps_the_size_and_the_middle_and_changes_the_slope(scale: float) -> None:
    ramp = torch.linspace(0.0, 1.0, 96).expand(1, 3, 96, 96)
    scaled = resized(ramp, scale)
    assert scaled.shape == ramp.shape
    row = scaled[0, 0, 48, 32:64]
    assert row.mean().item() == pytest.approx(0.5, abs=0.008)
    assert (row[-1] - row[0]).item() == pytest.approx(31 / 95 / scale, rel=0.02)


def test_enlarging_correlates_noise_further() -> None:
    noise = torch.randn((1, 3, 128, 128), generator=seeded())
    larger = resized(noise, 1.9)
    neighbours = (larger[..., 1:] * larger[..., :-1]).mean() / larger.square().mean()
    assert neighbours > 0.5


def test_reducing_lets_no_detail_finer_than_a_pixel_through() -> None:
    stripes = torch.tensor([0.0, 1.0]).repeat(64).expand(1, 3, 128, 128)
    assert resized(stripes, 0.75)[..., 32:96, 32:96].std() < 0.5 * stripes.std()
