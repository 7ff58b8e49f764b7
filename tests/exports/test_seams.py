"""Law 1 on the real architectures: tiled output equals untiled output after rounding to 8 bits."""

from pathlib import Path

import numpy as np
import pytest
import skimage.data
import torch

from denoisectl import Denoiser
from denoisectl.tiles.tiling import TileRules
from denoisectl_exports.facts import Facts
from denoisectl_exports.graph import to_onnx
from denoisectl_exports.write import new_card, write_model
from denoisectl_training.networks.model import DenoisingAutoencoder, build_model
from denoisectl_training.recipes import load_recipe

SIZES = {128: (301, 217), 256: (355, 411), 512: (131, 777), 1024: (1235, 101)}


def with_random_weights(recipe: str) -> DenoisingAutoencoder:
    """A network that mixes all it can reach: every convolution, the last one too, has weights that matter."""
    torch.manual_seed(0)
    model = build_model(load_recipe(recipe).model)
    for module in model.modules():
        if isinstance(module, torch.nn.Conv2d):
            torch.nn.init.kaiming_normal_(module.weight)
    last = [module for module in model.modules() if isinstance(module, torch.nn.Conv2d)][-1]
    with torch.no_grad():
        last.weight.mul_(0.1)
    return model.eval()


@pytest.fixture(scope="module", params=["book-small", "book-skip", "photo"])
def model_file(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    model, recipe = with_random_weights(request.param), load_recipe(request.param)
    path = tmp_path_factory.mktemp("model") / f"{request.param}.onnx"
    write_model(to_onnx(model), new_card(model, recipe, 0, Facts()), path)
    return path


def noisy_photo(height: int, width: int) -> np.ndarray:
    photo = np.pad(skimage.data.astronaut(), ((0, 800), (0, 300), (0, 0)), mode="symmetric")[:height, :width]
    noise = np.random.default_rng(0).normal(0, 20, photo.shape)
    return np.clip(photo + noise, 0, 255).astype(np.uint8)


@pytest.mark.parametrize("tile", SIZES)
def test_no_tile_can_be_seen(model_file: Path, tile: int) -> None:
    photo = noisy_photo(*SIZES[tile])
    whole_image = Denoiser.open(model_file, "cpu", tile=0, threads=1)
    card = whole_image.card
    smallest = TileRules(card.multiple_of, card.halo).smallest_tile
    tile = max(tile, smallest)  # for `photo`, 128 pixels leave no core
    whole = whole_image.image(photo)
    cut = Denoiser.open(model_file, "cpu", tile=tile, seams="exact", threads=1)
    assert len(cut.grid(*photo.shape[:2])) > 1
    difference = np.abs(cut.image(photo).astype(int) - whole)
    assert difference.max() <= 1
    assert (difference > 0).mean() <= 1e-6
    assert np.abs(whole.astype(int) - photo).mean() > 2  # the network did something to be compared


def test_an_overlap_short_of_the_halo_is_seen(tmp_path: Path) -> None:
    # The law's test can fail: without the halo the same comparison finds seams.
    model, recipe = with_random_weights("book-small"), load_recipe("book-small")
    path = tmp_path / "model.onnx"
    write_model(to_onnx(model), new_card(model, recipe, 0, Facts()), path)
    photo = noisy_photo(*SIZES[128])
    whole = Denoiser.open(path, "cpu", tile=0, threads=1).image(photo)
    cut = Denoiser.open(path, "cpu", tile=128, overlap=2, threads=1).image(photo)
    assert (cut != whole).mean() > 1e-4
