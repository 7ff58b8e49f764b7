import cv2
import numpy as np
import pytest
import skimage.data
import torch

from denoisectl_training.corruption.images import (
    KINDS,
    CorruptionKind,
    Image,
    ImageCorruption,
    _generator,
    _to_planes,
)

PHOTO = skimage.data.astronaut()[:75, 130:231]


@pytest.fixture(params=["uint8", "uint16", "float32", "grey"])
def image(request: pytest.FixtureRequest) -> Image:
    if request.param == "uint16":
        return PHOTO.astype(np.uint16) * 257
    if request.param == "float32":
        return PHOTO.astype(np.float32) / np.float32(255)
    return PHOTO[..., 1] if request.param == "grey" else PHOTO


@pytest.mark.parametrize("kind", KINDS)
def test_shape_and_depth_are_kept_and_the_seed_decides(kind: str, image: Image) -> None:
    first, again, other = (ImageCorruption(kind, KINDS[kind].usual, seed).image(image) for seed in (1, 1, 2))
    assert first.shape == image.shape and first.dtype == image.dtype
    assert np.array_equal(first, again)
    assert not np.array_equal(first, image)
    assert kind == "blur" or not np.array_equal(first, other)


def test_the_amount_is_the_sigma() -> None:
    grey = np.full((200, 200), 128, np.uint8)
    noisy = ImageCorruption("gaussian", 10.0).image(grey)
    assert (noisy.astype(float) - 128).std() == pytest.approx(10.0, rel=0.03)


def test_the_amount_is_the_noise_at_white_and_the_side_of_blocks() -> None:
    white = np.ones((200, 200, 3), np.float32)
    for seed in range(3):
        assert ImageCorruption("poisson", 0.05, seed).image(white).std() == pytest.approx(0.05, rel=0.02)
        gone = (ImageCorruption("knockout", 5.0, seed).image(white)[..., 0] == 0).astype(np.uint8)
        in_blocks = cv2.morphologyEx(gone, cv2.MORPH_OPEN, np.ones((5, 5), np.uint8))
        assert np.array_equal(gone[8:-8, 8:-8], in_blocks[8:-8, 8:-8]) and gone.any()


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_what_is_left_alone_keeps_its_value_at_any_depth(dtype: type) -> None:
    image = PHOTO.astype(dtype) * dtype(np.iinfo(dtype).max // 255)
    noisy = ImageCorruption("salt_and_pepper", 0.05).image(image)
    black, white = (noisy == 0).all(axis=2), (noisy == np.iinfo(dtype).max).all(axis=2)
    assert np.array_equal(noisy[~(black | white)], image[~(black | white)])
    assert 0.015 < black.mean() < 0.035 and 0.015 < white.mean() < 0.035


def test_the_last_rows_and_columns_see_a_mirror_and_no_black() -> None:
    grey = np.full((75, 101, 3), 0.6, np.float32)
    assert np.abs(ImageCorruption("blur", 3.0).image(grey) - grey).max() < 1e-5


def test_floats_are_not_clipped_and_integers_are() -> None:
    white = np.ones((64, 64, 3), np.float32)
    assert ImageCorruption("gaussian", 25.0).image(white).max() > 1.0
    assert ImageCorruption("gaussian", 25.0).image(np.full((64, 64, 3), 255, np.uint8)).max() == 255


@pytest.mark.parametrize("kind", ["camera", "developed"])
def test_a_grey_photo_has_the_brightness_of_its_noisy_colours(kind: str) -> None:
    grey = PHOTO[..., 1]
    noisy = ImageCorruption(kind, 0.0, 3).image(grey).astype(float)
    colours = KINDS[kind].apply(_to_planes(grey), _generator(grey, 3), 0.0)[0, :, :75, :101]
    assert np.abs(noisy / 255 - colours[0].numpy()).max() <= 0.5 / 255 + 1e-6
    assert torch.equal(colours[0], colours[2])


@pytest.mark.parametrize("seed", range(8))
def test_a_camera_leaves_every_pixel_in_its_place(seed: int) -> None:
    noisy = ImageCorruption("camera", 0.0, seed).image(PHOTO)
    assert cv2.blur(noisy, (9, 9)).astype(float) == pytest.approx(cv2.blur(PHOTO, (9, 9)), abs=40)
    assert np.abs(cv2.blur(noisy, (9, 9)).astype(float) - cv2.blur(PHOTO, (9, 9))).mean() < 6


def test_an_image_that_does_not_fit_in_memory_is_not_an_error_of_the_program(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def apply(*_: object) -> torch.Tensor:
        return torch.empty(2**50)

    monkeypatch.setitem(KINDS, "gaussian", CorruptionKind(apply, 25.0))
    with pytest.raises(MemoryError):
        ImageCorruption("gaussian", 25.0).image(PHOTO)
