import numpy as np
import pytest

from denoisectl.errors import TrainingError
from denoisectl_training.evaluation.metrics import psnr, rms, ssim

GREY = np.full((32, 32, 3), 0.5, np.float32)


def test_psnr_of_a_known_error() -> None:
    assert psnr(GREY + np.float32(0.1), GREY) == pytest.approx(20.0, abs=1e-4)
    assert rms(GREY) == 0.5


def test_equal_images_score_a_finite_best() -> None:
    assert psnr(GREY, GREY) == 100.0
    assert ssim(GREY, GREY) == pytest.approx(1.0)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_what_is_no_image_has_no_score(value: float) -> None:
    broken = GREY.copy()
    broken[3, 4, 1] = value
    with pytest.raises(TrainingError, match="NaN or infinity"):
        psnr(broken, GREY)


def test_ssim_falls_with_noise() -> None:
    image = np.random.default_rng(0).random((32, 32, 3), np.float32)
    noise = np.random.default_rng(1).normal(size=image.shape).astype(np.float32)
    assert 1.0 > ssim(image + 0.05 * noise, image) > ssim(image + 0.2 * noise, image)
