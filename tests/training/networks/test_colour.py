import numpy as np
import pytest
import skimage.color
import torch
from torch import Tensor

from denoisectl_training.networks.colour import lab_to_rgb, linear_to_srgb, rgb_to_lab, srgb_to_linear


def test_white_black_and_red_have_the_textbook_values() -> None:
    rgb = torch.tensor([[1.0, 1.0, 1.0], [0.0, 0.0, 0.0], [1.0, 0.0, 0.0]]).T.reshape(1, 3, 1, 3)
    expected = torch.tensor([[100.0, 0.0, 0.0], [0.0, 0.0, 0.0], [53.24, 80.09, 67.20]]).T.reshape(1, 3, 1, 3)
    torch.testing.assert_close(rgb_to_lab(rgb), expected, atol=0.01, rtol=0)


def test_agrees_with_scikit_image_to_1e_4(photo: Tensor) -> None:
    random = torch.rand((1, 3, 128, 128), generator=torch.Generator().manual_seed(0))
    for image in (photo, random):
        pixels = image[0].permute(1, 2, 0).double().numpy()
        expected = torch.from_numpy(skimage.color.rgb2lab(pixels)).permute(2, 0, 1)[None]
        assert (rgb_to_lab(image).double() - expected).abs().max() < 1e-4
        back = torch.from_numpy(skimage.color.lab2rgb(expected[0].permute(1, 2, 0).numpy()))
        found = lab_to_rgb(expected.float())[0].permute(1, 2, 0).clamp(0, 1)
        assert (found.double() - back).abs().max() < 1e-4


def test_the_round_trip_over_the_whole_rgb_cube_stays_within_half_a_level() -> None:
    levels = torch.arange(256.0) / 255.0
    plane = torch.stack(torch.meshgrid(levels, levels, indexing="ij"))[None]  # green and blue
    worst = 0.0
    for red in range(256):
        colours = torch.cat([torch.full((1, 1, 256, 256), red / 255.0), plane], dim=1)
        worst = max(worst, (lab_to_rgb(rgb_to_lab(colours)) - colours).abs().max().item())
    assert worst < 0.5 / 255.0


@pytest.mark.parametrize("value", [-0.4, -0.01, 0.0, 0.04, 0.0405, 1.0, 1.7])
def test_values_outside_the_range_survive_the_round_trip(value: float) -> None:
    rgb = torch.tensor([value, 0.5, 1.0 - value]).reshape(1, 3, 1, 1)
    torch.testing.assert_close(lab_to_rgb(rgb_to_lab(rgb)), rgb, atol=2e-4, rtol=0)


def test_the_transfer_curve_is_its_own_inverse() -> None:
    values = torch.from_numpy(np.linspace(-0.2, 1.5, 1000, dtype=np.float32))
    torch.testing.assert_close(linear_to_srgb(srgb_to_linear(values)), values, atol=2e-4, rtol=0)


def test_gradients_are_finite_everywhere() -> None:
    rgb = torch.tensor([-1.0, 0.0, 1e-8, 0.04045, 1.0, 2.0]).repeat(3).reshape(1, 3, 1, 6).requires_grad_()
    lab_to_rgb(rgb_to_lab(rgb)).sum().backward()
    assert rgb.grad is not None and rgb.grad.isfinite().all()


def test_autocast_leaves_the_conversion_in_float32(photo: Tensor) -> None:
    with torch.autocast("cpu", torch.bfloat16):
        inside = rgb_to_lab(photo)
    assert inside.dtype == torch.float32
    assert torch.equal(inside, rgb_to_lab(photo))
