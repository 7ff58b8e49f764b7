"""Drawn training images: varied, in range, and the same each time."""

from pathlib import Path

import pytest
import torch
from torch import Tensor

from denoisectl_training.photos.finding import find_photos
from denoisectl_training.photos.graphics import graphics
from denoisectl_training.photos.photo_set import load_photos
from denoisectl_training.recipes import DataSettings


def test_they_are_a_function_of_seed_and_number() -> None:
    first, again, other = (list(graphics(count, 128, seed=seed)) for count, seed in ((6, 0), (7, 0), (6, 1)))
    assert all(torch.equal(a, b) for a, b in zip(first, again, strict=False))
    assert not any(torch.equal(a, b) for a, b in zip(first, other, strict=True))


def test_every_kind_has_contrast_and_fine_detail() -> None:
    for image in graphics(6, 256):
        assert image.shape == (3, 256, 256) and image.dtype == torch.uint8
        levels = image.float()
        assert levels.std() > 5.0
        assert (levels[:, :, 1:] - levels[:, :, :-1]).abs().amax() > 20.0


def _area(images: list[Tensor]) -> int:
    return sum(image.shape[1] * image.shape[2] for image in images)


def test_a_recipe_asks_for_their_share_and_they_are_only_trained_on(photo_folder: Path) -> None:
    plain = load_photos(find_photos([photo_folder]), DataSettings(crop=32), 0)
    drawn = load_photos(find_photos([photo_folder]), DataSettings(crop=32, graphics=0.95), 0)
    added = drawn.training[len(plain.training) :]
    assert _area(added) / _area(drawn.training) == pytest.approx(0.95, abs=0.01)
    assert len(drawn.validation) == len(plain.validation)
    assert drawn.digest == plain.digest  # of the photos: the recipe tells the rest
