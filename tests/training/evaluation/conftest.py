"""A small test set: real photos, the same with real-looking noise beside them, and a tiny untrained run."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
import skimage.data

from denoisectl_training.devices import choose_device
from denoisectl_training.fit.state import TrainingState
from denoisectl_training.recipes import parse_recipe
from denoisectl_training.records.checkpoint import save_checkpoint


@pytest.fixture(scope="session")
def test_photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`a.png` and `b.png`, 65 x 50 pixels: sizes that no network divides."""
    folder = tmp_path_factory.mktemp("test")
    cv2.imwrite(str(folder / "a.png"), skimage.data.astronaut()[:50, 200:265, ::-1])
    cv2.imwrite(str(folder / "b.png"), skimage.data.coffee()[100:150, 200:265, ::-1])
    return folder


@pytest.fixture(scope="session")
def real_photos(test_photos: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`X_real.png` and `X_mean.png` for each test photo."""
    folder, rng = tmp_path_factory.mktemp("real"), np.random.default_rng(0)
    for path in test_photos.iterdir():
        clean = cv2.imread(str(path))
        noisy = np.clip(clean + rng.normal(0, 8, clean.shape), 0, 255).astype(np.uint8)
        cv2.imwrite(str(folder / f"{path.stem}_mean.png"), clean)
        cv2.imwrite(str(folder / f"{path.stem}_real.png"), noisy)
    return folder


def _checkpoint(path: Path, model: dict[str, object]) -> Path:
    recipe = parse_recipe({"name": "toy", "model": model, "corruption": [{"kind": "clean"}]}, origin="toy")
    save_checkpoint(path, TrainingState.start(recipe, choose_device("cpu"), "float32").to_checkpoint())
    return path


@pytest.fixture(scope="session")
def untrained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint with batch normalisation, so that train and eval mode differ."""
    model = {"architecture": "small", "widths": [4, 8], "colour": "rgb"}
    return _checkpoint(tmp_path_factory.mktemp("runs") / "untrained.pt", model)


@pytest.fixture(scope="session")
def identity(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint that returns its input: a residual network before its first step."""
    model = {"architecture": "small", "widths": [4, 8], "colour": "rgb", "output": "residual"}
    return _checkpoint(tmp_path_factory.mktemp("runs") / "identity.pt", model)
