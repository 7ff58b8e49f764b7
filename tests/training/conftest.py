"""Real photos as tensors, and a training set small enough for a test."""

from __future__ import annotations

from pathlib import Path

import cv2
import pytest
import skimage.data
import torch
from torch import Tensor

torch.set_num_threads(1)  # toy sizes gain nothing from more, and wait for each other on a busy machine


@pytest.fixture(scope="session")
def photo() -> Tensor:
    """`(1, 3, 128, 192)` float32 in [0, 1]: a piece of scikit-image's astronaut."""
    pixels = torch.from_numpy(skimage.data.astronaut()[:128, 130:322].copy())
    return pixels.permute(2, 0, 1)[None].float() / 255.0


@pytest.fixture(scope="session")
def photo_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three real photos, one of them smaller than a crop, in a folder with a subfolder."""
    folder = tmp_path_factory.mktemp("photos")
    (folder / "more").mkdir()
    cv2.imwrite(str(folder / "astronaut.png"), skimage.data.astronaut()[:160, :160, ::-1])
    cv2.imwrite(str(folder / "coffee.jpg"), skimage.data.coffee()[:200, :180, ::-1])
    cv2.imwrite(str(folder / "more" / "cat.png"), skimage.data.chelsea()[100:120, 100:190, ::-1])
    return folder
