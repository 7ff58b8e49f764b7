"""A model that is quick, a photo, and folders of small pictures."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
import skimage.data
from numpy.typing import NDArray

from denoisectl import Denoiser
from tests import toy_models

Pictures = Callable[..., list[Path]]


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A toy that is quick, or for the slow proofs the model file that DENOISECTL_PROOF_MODEL names."""
    if chosen := os.environ.get("DENOISECTL_PROOF_MODEL"):
        return Path(chosen).resolve()
    return toy_models.unet(tmp_path_factory.mktemp("model") / "toy.onnx")


@pytest.fixture(scope="session")
def denoiser(model: Path) -> Denoiser:
    return Denoiser.open(model, "cpu", threads=1)


@pytest.fixture(scope="session")
def photo() -> NDArray[np.uint8]:
    """300 x 451 of fur, eyes and whiskers."""
    return np.ascontiguousarray(skimage.data.chelsea())


def write_picture(path: Path, height: int = 24, width: int = 32, seed: int = 0) -> Path:
    """Noise in the format that the name asks for."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)
    done, data = cv2.imencode(path.suffix, pixels)
    assert done
    path.write_bytes(data.tobytes())
    return path


@pytest.fixture
def pictures() -> Pictures:
    """Write pictures of the given names below a folder, all different."""

    def write(folder: Path, *names: str) -> list[Path]:
        return [write_picture(folder / name, seed=seed) for seed, name in enumerate(names)]

    return write
