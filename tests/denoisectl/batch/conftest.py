"""A folder of three photos, a place for their results, and what became of them."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from denoisectl import Denoiser
from denoisectl.batch.result import Status
from tests.denoisectl.batch.album import Album
from tests.denoisectl.conftest import Pictures

OK, SKIPPED, FAILED = Status.OK, Status.SKIPPED, Status.FAILED


@pytest.fixture
def photos(tmp_path: Path, pictures: Pictures) -> Path:
    pictures(tmp_path / "in", "a.png", "b.jpg", "c.png")
    return tmp_path / "in"


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"


def statuses(results: object) -> dict[str, Status]:
    return {Path(result.source).name: result.status for result in results}  # type: ignore[attr-defined]


def pixels(path: Path) -> np.ndarray:
    return cv2.imread(str(path), cv2.IMREAD_UNCHANGED)


@pytest.fixture
def album(tmp_path: Path, pictures: Pictures, denoiser: Denoiser) -> Album:
    """Two photos to replace, one of them in a subfolder."""
    pictures(tmp_path / "in", "a.png", "sub/b.jpg")
    return Album(tmp_path / "in", denoiser)
