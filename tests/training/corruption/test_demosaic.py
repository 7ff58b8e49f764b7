"""Mosaics and the two ways back to three colours."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from denoisectl_training.corruption.demosaic import (
    bayer_masks,
    demosaic_bilinear,
    demosaic_gradient_corrected,
)
from denoisectl_training.photos.crops import step_generator

INSIDE = (..., slice(2, -2), slice(2, -2))


def masks_of(images: Tensor) -> Tensor:
    return bayer_masks(images, step_generator(1, 0))


def test_every_photosite_sees_one_colour_and_half_of_them_green_in_all_four_phases() -> None:
    masks = masks_of(torch.zeros(64, 3, 6, 8))
    assert torch.equal(masks.sum(dim=1), torch.ones(64, 6, 8))
    cells = masks[:, :, :2, :2]
    assert torch.equal(masks, cells.repeat(1, 1, 3, 4))
    assert torch.equal(cells.sum(dim=(2, 3)), torch.tensor([1.0, 2.0, 1.0]).expand(64, 3))
    assert torch.equal(cells[:, 0], cells[:, 2].flip(1, 2)), "red and blue lie across from each other"
    assert len({tuple(cell.flatten().tolist()) for cell in cells[:, 0]}) == 4


@pytest.mark.parametrize("demosaic", [demosaic_bilinear, demosaic_gradient_corrected])
def test_colours_that_change_evenly_come_back_as_they_were(
    demosaic: Callable[[Tensor, Tensor], Tensor],
) -> None:
    rows, columns = torch.linspace(0.0, 0.3, 12).view(-1, 1), torch.linspace(0.0, 0.4, 16)
    colours = torch.tensor([0.1, 0.2, 0.05]).view(3, 1, 1) + rows + columns
    images = colours.expand(8, 3, 12, 16)
    masks = masks_of(images)
    mosaic = (images * masks).sum(dim=1, keepdim=True)
    assert torch.allclose(demosaic(mosaic, masks)[INSIDE], images[INSIDE], atol=1e-6)


@pytest.mark.parametrize("demosaic", [demosaic_bilinear, demosaic_gradient_corrected])
def test_rows_are_treated_as_columns_are(demosaic: Callable[[Tensor, Tensor], Tensor], photo: Tensor) -> None:
    masks = masks_of(photo)
    mosaic = (photo * masks).sum(dim=1, keepdim=True)
    turned = demosaic(mosaic.transpose(2, 3), masks.transpose(2, 3)).transpose(2, 3)
    assert torch.allclose(turned, demosaic(mosaic, masks), atol=1e-6)


def test_bilinear_takes_each_colour_from_its_own_samples(photo: Tensor) -> None:
    """Green is added to: red and blue do not see it."""
    masks = masks_of(photo)
    green = torch.tensor([0.0, 1.0, 0.0]).view(3, 1, 1) * torch.rand(photo.shape[2:])
    before, after = (
        demosaic_bilinear((image * masks).sum(dim=1, keepdim=True), masks) for image in (photo, photo + green)
    )
    assert torch.equal(before[:, [0, 2]], after[:, [0, 2]]) and not torch.equal(before[:, 1], after[:, 1])


def test_samples_stay_and_gradients_make_every_colour_of_a_photo_better(photo: Tensor) -> None:
    photos = photo.repeat(4, 1, 1, 1)
    masks = masks_of(photos)
    mosaic = (photos * masks).sum(dim=1, keepdim=True)
    plain, corrected = demosaic_bilinear(mosaic, masks), demosaic_gradient_corrected(mosaic, masks)
    for found in (plain, corrected):
        assert torch.equal((found * masks).sum(dim=1, keepdim=True), mosaic)
    errors = [(found - photos)[INSIDE].square().mean(dim=(0, 2, 3)) for found in (plain, corrected)]
    gained = 10 * torch.log10(errors[0] / errors[1])
    assert gained.min() > 3.0
