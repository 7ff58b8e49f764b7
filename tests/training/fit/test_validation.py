"""What a validation measures: all kinds of noise, on the middle of a photo, as it will be seen."""

import pytest
import torch
from torch import Tensor

from denoisectl_training.fit.validation import validate
from denoisectl_training.networks.model import build_model
from denoisectl_training.recipes import ModelSettings, Recipe

CLEAN, NOISY = {"kind": "clean"}, {"kind": "gaussian", "magnitude": 25.0}
GREY, WHITE = (torch.full((3, 320, 320), level, dtype=torch.uint8) for level in (128, 255))


def psnr(photo: Tensor, *kinds: dict[str, object]) -> float:
    """What is told of a U-net before its first step, which changes nothing."""
    settings = ModelSettings(
        architecture="unet", colour="rgb", output="residual", widths=(4, 8), encoder_blocks=(1, 1), decoder_blocks=(1,)
    )  # fmt: skip
    recipe = Recipe.model_validate({"name": "toy", "model": settings, "corruption": kinds})
    return validate(build_model(settings), [photo], recipe, torch.device("cpu")).psnr


def test_all_kinds_of_noise_count_alike_and_no_noise_counts_50() -> None:
    assert psnr(GREY, CLEAN) == pytest.approx(50.0)
    assert psnr(GREY, NOISY, CLEAN) == pytest.approx((psnr(GREY, NOISY) + 50.0) / 2)
    assert psnr(GREY, NOISY) < 40.0


def test_the_middle_of_a_photo_is_measured() -> None:
    framed = WHITE.clone()
    framed[:, 32:-32, 32:-32] = 128
    assert psnr(framed, NOISY) == psnr(GREY, NOISY)


def test_brighter_than_white_is_white() -> None:
    assert psnr(WHITE, NOISY) == pytest.approx(psnr(GREY, NOISY) + 3.01, abs=0.1), "half of the noise is gone"
