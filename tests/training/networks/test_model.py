import pytest
import torch
from torch import Tensor

from denoisectl_training.networks.model import build_model
from denoisectl_training.networks.profile import profile
from denoisectl_training.recipes import ModelSettings, load_recipe, parse_recipe
from tests.conftest import benchmark

TINY = {"architecture": "small", "widths": (4, 8)}


@pytest.mark.parametrize("colour", ["l", "lab", "rgb"])
def test_rgb_in_rgb_out_and_eval_mode_clips(colour: str, photo: Tensor) -> None:
    torch.manual_seed(0)
    model = build_model(ModelSettings.model_validate({**TINY, "colour": colour})).eval()
    with torch.no_grad():
        clean = model(photo * 3.0 - 1.0)
    assert clean.shape == photo.shape
    assert clean.min() >= 0.0 and clean.max() <= 1.0


def test_an_untrained_residual_model_returns_its_input(photo: Tensor) -> None:
    model = build_model(load_recipe("photo").model).eval()
    with torch.no_grad():
        torch.testing.assert_close(model(photo), photo)


@pytest.mark.parametrize("colour", ["l", "lab", "rgb"])
def test_planes_are_nominally_in_the_unit_range(colour: str, photo: Tensor) -> None:
    planes = build_model(ModelSettings.model_validate({**TINY, "colour": colour})).planes(photo)
    assert planes.min() >= 0.0 and planes.max() <= 1.0 + 1e-6


@pytest.mark.parametrize("scale", ["signed", "unit", "standardised"])
def test_silent_outputs_are_counted_at_the_scale_that_the_network_sees(scale: str, photo: Tensor) -> None:
    told = {**TINY, "colour": "rgb", "input_scale": scale, "output": "hard_clamp"}
    recipe = parse_recipe({"name": "x", "model": told, "corruption": [{"kind": "clean"}]}, origin="x")
    torch.manual_seed(0)
    model = build_model(recipe.model).eval()
    with torch.no_grad():
        clean = model.predict(photo)
    at_an_end = ((clean == 0.0) | (clean == 1.0)).float().mean().item()
    assert benchmark("silent_outputs").silence(model, recipe, photo)[0] == pytest.approx(at_an_end)
    assert 0.1 < at_an_end < 0.9


def test_lab_planes_go_back_to_the_same_photo(photo: Tensor) -> None:
    model = build_model(ModelSettings.model_validate({**TINY, "colour": "lab"}))
    torch.testing.assert_close(model.to_rgb(model.planes(photo), photo), photo, atol=1e-4, rtol=0)


def test_mode_l_keeps_lightness_and_smooths_colour(photo: Tensor) -> None:
    model = build_model(ModelSettings.model_validate({**TINY, "colour": "l", "chroma_sigma": 3.0}))
    noisy = photo + 0.1 * torch.randn(photo.shape, generator=torch.Generator().manual_seed(0))
    perfect = model.to_rgb(model.planes(photo), noisy)  # the true L with the noisy image's smoothed A and B
    grey = photo.mean(dim=1, keepdim=True).expand_as(photo)
    assert (perfect - photo).square().mean() < 0.1 * (noisy - photo).square().mean()
    assert (perfect - photo).square().mean() < (grey - photo).square().mean()


@pytest.mark.parametrize(
    ("recipe", "parameters", "macs", "halo"),
    [
        ("book-small", 123_201, 79_456, 19),
        ("book-noskip", 1_816_513, 154_208, 55),
        ("book-skip", 1_917_889, 200_288, 55),
        ("photo", 1_588_940, 80_448, 67),
        ("photo-slim", 864_492, 31_424, 67),
        ("photo-best", 5_026_636, 165_792, 211),
    ],
)
def test_sizes_are_what_the_documentation_states(
    recipe: str, parameters: int, macs: float, halo: int
) -> None:
    model = build_model(load_recipe(recipe).model)
    size = profile(model)
    assert (size.parameters, size.macs_per_pixel, model.halo) == (parameters, macs, halo)
