"""Bayer mosaics and two ways back to three colours, as masked convolutions on a whole batch."""

from __future__ import annotations

import torch
from torch import Generator, Tensor
from torch.nn import functional as F

_GREEN_AT_COLOUR = ((0, 0, -1, 0, 0), (0, 0, 2, 0, 0), (-1, 2, 4, 2, -1), (0, 0, 2, 0, 0), (0, 0, -1, 0, 0))
_COLOUR_IN_ROW = (
    (0, 0, 0.5, 0, 0), (0, -1, 0, -1, 0), (-1, 4, 5, 4, -1), (0, -1, 0, -1, 0), (0, 0, 0.5, 0, 0),
)  # fmt: skip
_COLOUR_DIAGONAL = (
    (0, 0, -1.5, 0, 0), (0, 2, 0, 2, 0), (-1.5, 0, 6, 0, -1.5), (0, 2, 0, 2, 0), (0, 0, -1.5, 0, 0),
)  # fmt: skip


def bayer_masks(images: Tensor, generator: Generator) -> Tensor:
    """Which colour each pixel of `(B, 3, H, W)` sees: 1 or 0, the pattern's phase drawn for each image."""
    batch, _, height, width = images.shape
    device = images.device
    shift = torch.randint(0, 2, (2, batch, 1, 1), generator=generator, device=device)
    row = (torch.arange(height, device=device).view(1, -1, 1) + shift[0]) % 2
    column = (torch.arange(width, device=device).view(1, 1, -1) + shift[1]) % 2
    red, blue = (row == 0) & (column == 0), (row == 1) & (column == 1)
    return torch.stack([red, row != column, blue], dim=1).float()


def demosaic_bilinear(mosaic: Tensor, masks: Tensor) -> Tensor:
    """Average the nearest samples of each colour: `(B, 1, H, W)` and its masks to `(B, 3, H, W)`."""
    kernel = torch.tensor([[1.0, 2.0, 1.0], [2.0, 4.0, 2.0], [1.0, 2.0, 1.0]], device=mosaic.device)
    weights = kernel.expand(3, 1, 3, 3)
    total = F.conv2d(F.pad(mosaic * masks, (1, 1, 1, 1)), weights, groups=3)
    near = total / F.conv2d(F.pad(masks, (1, 1, 1, 1)), weights, groups=3)
    return torch.where(masks > 0, mosaic, near)


def demosaic_gradient_corrected(mosaic: Tensor, masks: Tensor) -> Tensor:
    """Malvar, He and Cutler (2004): bilinear estimates corrected by the gradient of the colour that is there."""
    rows = torch.tensor(_COLOUR_IN_ROW)
    bank = torch.stack([torch.tensor(_GREEN_AT_COLOUR), rows, rows.T, torch.tensor(_COLOUR_DIAGONAL)]).to(
        mosaic.device
    )
    padded = F.pad(mosaic, (2, 2, 2, 2), mode="reflect")
    green, in_row, in_column, diagonal = torch.split(F.conv2d(padded, bank[:, None] / 8.0), 1, dim=1)
    red_at, green_at, blue_at = torch.split(masks, 1, dim=1)
    # A green pixel has red beside it in red's rows and above it in blue's; the mask shifted tells which.
    red_row = F.max_pool2d(red_at, (1, 3), stride=1, padding=(0, 1))
    along_red = torch.where(red_row > 0, in_row, in_column)
    along_blue = torch.where(red_row > 0, in_column, in_row)
    red = red_at * mosaic + green_at * along_red + blue_at * diagonal
    blue = blue_at * mosaic + green_at * along_blue + red_at * diagonal
    return torch.cat([red, green_at * mosaic + (1.0 - green_at) * green, blue], dim=1)
