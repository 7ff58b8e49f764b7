"""The library's front door: shapes, types, the law of the tiles, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import skimage.data
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from denoisectl import Denoiser
from denoisectl.errors import ImageError, UsageError
from tests import toy_models

Image = np.ndarray[Any, Any]


@pytest.fixture(scope="module")
def photo() -> Image:
    """451 x 300 of fur, eyes and whiskers."""
    return np.ascontiguousarray(skimage.data.chelsea())


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("models")


@pytest.fixture(scope="module", params=toy_models.ARCHITECTURES, ids=lambda build: build.__name__)
def network(request: pytest.FixtureRequest, folder: Path) -> Path:
    build: Callable[[Path], Path] = request.param
    return build(folder / f"{build.__name__}.onnx")


@pytest.fixture(scope="module")
def same(folder: Path) -> Denoiser:
    return Denoiser.open(toy_models.identity(folder / "identity.onnx"), "cpu")


def _levels(one: Image, other: Image) -> int:
    return int(np.abs(one.astype(int) - other.astype(int)).max())


@pytest.mark.parametrize(("height", "width"), [(300, 451), (299, 301), (131, 257), (33, 64), (7, 200)])
@pytest.mark.parametrize(("tile", "batch"), [(32, 8), (64, 3), (128, 1)])
def test_tiled_is_untiled(
    network: Path, photo: Image, height: int, width: int, tile: int, batch: int
) -> None:
    image = photo[:height, :width]
    whole = Denoiser.open(network, "cpu", tile=0).image(image)
    tiled = Denoiser.open(network, "cpu", tile=tile, batch=batch).image(image)
    assert _levels(tiled, whole) == 0
    assert _levels(whole, image) > 10, "the toy network does something"
