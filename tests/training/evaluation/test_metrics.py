import cv2
import numpy as np
import pytest
import skimage.data

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


def test_ssim_is_the_papers_formula() -> None:
    """Wang et al. (2004): weighted means and variances of 11 x 11 windows that lie inside the image."""
    clean = skimage.data.astronaut()[:48, 200:264].astype(np.float64) / 255
    noisy = clean + np.random.default_rng(0).normal(0, 0.1, clean.shape)

    def mean(image: np.ndarray) -> np.ndarray:
        return cv2.GaussianBlur(image, (11, 11), 1.5)[5:-5, 5:-5]

    one, other = mean(clean), mean(noisy)
    first, second = mean(clean**2) - one**2, mean(noisy**2) - other**2
    both = mean(clean * noisy) - one * other
    brightness = (2 * one * other + 0.01**2) / (one**2 + other**2 + 0.01**2)
    structure = (2 * both + 0.03**2) / (first + second + 0.03**2)
    found = ssim(noisy.astype(np.float32), clean.astype(np.float32))
    assert found == pytest.approx(float((brightness * structure).mean()), abs=1e-4)
