"""Mode l: A and B smoothed, with or without L as a guide, and how far that looks."""

import cv2
import numpy as np
import pytest
import torch
from torch import Tensor, nn

from denoisectl_exports.graph import largest_difference, to_onnx
from denoisectl_training.networks.chroma import GaussianSmoothing, GuidedSmoothing
from denoisectl_training.networks.colour import rgb_to_lab
from denoisectl_training.networks.model import DenoisingAutoencoder, build_model
from denoisectl_training.recipes import ModelSettings


def model_l(**settings: object) -> DenoisingAutoencoder:
    values = {"architecture": "small", "widths": (4, 8), "colour": "l", "chroma_radius": 3, **settings}
    return build_model(ModelSettings.model_validate(values)).eval()


def test_a_flat_guide_leaves_two_box_filters() -> None:
    chroma = torch.rand(1, 2, 24, 24, generator=torch.Generator().manual_seed(0))
    smooth = GuidedSmoothing(2, 1e-3)(chroma, torch.full((1, 1, 24, 24), 0.5))
    padded = nn.functional.pad(chroma, (4,) * 4, mode="replicate")
    expected = nn.functional.avg_pool2d(nn.functional.avg_pool2d(padded, 5, 1), 5, 1)
    torch.testing.assert_close(smooth, expected)


def test_colour_follows_the_edges_of_the_guide() -> None:
    edge = torch.zeros(1, 1, 16, 32)
    edge[..., 16:] = 1.0
    chroma = torch.cat([40.0 * edge, -20.0 * edge], dim=1)
    smooth = GuidedSmoothing(4, 1e-4)(chroma, edge)
    torch.testing.assert_close(smooth, chroma, atol=0.1, rtol=0)


def test_a_texture_of_the_guide_whose_variance_is_epsilon_brings_half_of_its_colour() -> None:
    rows, columns = torch.meshgrid(torch.arange(32), torch.arange(32), indexing="ij")
    board = (1.0 - 2.0 * ((rows + columns) % 2)).view(1, 1, 32, 32)
    smooth = GuidedSmoothing(4, 0.1**2)(torch.cat([10.0 * board, -20.0 * board], dim=1), 0.5 + 0.1 * board)
    inside = (smooth * board)[..., 8:-8, 8:-8].mean(dim=(0, 2, 3))
    torch.testing.assert_close(inside, torch.tensor([5.0, -10.0]), atol=0.2, rtol=0)


def test_gaussian_smoothing_is_the_gaussian_that_opencv_computes(photo: Tensor) -> None:
    chroma = rgb_to_lab(photo)[:, 1:]
    found = GaussianSmoothing(2.0)(chroma, chroma[:, :1])[0].permute(1, 2, 0).numpy()
    pixels = np.ascontiguousarray(chroma[0].permute(1, 2, 0).numpy())
    expected = cv2.GaussianBlur(pixels, (13, 13), 2.0, borderType=cv2.BORDER_REPLICATE)
    assert np.abs(found - expected).max() < 1e-3


def test_guided_smoothing_beats_gaussian_given_the_true_lightness(photo: Tensor) -> None:
    noisy = photo + 0.1 * torch.randn(photo.shape, generator=torch.Generator().manual_seed(0))
    errors = []
    for smoothing in ("guided", "gaussian"):
        model = model_l(chroma_smoothing=smoothing, chroma_radius=8)
        errors.append((model.to_rgb(model.planes(photo), noisy) - photo).square().mean().item())
    assert errors[0] < errors[1]


@pytest.mark.parametrize("smoothing", ["gaussian", "guided"])
def test_the_halo_includes_the_smoothing(smoothing: str) -> None:
    model = model_l(chroma_smoothing=smoothing, chroma_sigma=4.0, output="identity").double()
    for parameter in model.parameters():
        nn.init.constant_(parameter, 0.01)
    side, middle = 2 * model.halo + 16, model.halo + 8
    generator = torch.Generator().manual_seed(0)
    reach = 0
    for phase in range(model.multiple_of):
        rgb = (
            0.2 + 0.6 * torch.rand(1, 3, side, side, generator=generator, dtype=torch.float64)
        ).requires_grad_()
        place = middle // 2 * 2 + phase
        model.train(False).to_rgb(model.predict(model.planes(rgb).double()).double(), rgb)[
            0, :, place, place
        ].sum().backward()
        assert rgb.grad is not None
        touched = (rgb.grad.abs().sum((0, 1)) > 0).nonzero()
        reach = max(reach, int((touched - place).abs().max()))
    assert reach == model.halo


@pytest.mark.parametrize("smoothing", ["gaussian", "guided"])
def test_grey_stays_grey(smoothing: str) -> None:
    grey = torch.rand((1, 1, 32, 32), generator=torch.Generator().manual_seed(1)).expand(1, 3, 32, 32)
    with torch.no_grad():
        clean = model_l(chroma_smoothing=smoothing)(grey)
    assert (clean.max(dim=1).values - clean.min(dim=1).values).max() < 1e-4


def test_guided_smoothing_exports() -> None:
    model = model_l(chroma_smoothing="guided")
    assert largest_difference(model, to_onnx(model)) < 1e-4
