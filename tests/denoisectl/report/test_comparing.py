"""A user's own photos at several strengths: which detail is shown, and that it is what a run would give."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
import skimage.data

from denoisectl import Denoiser
from denoisectl.errors import ImageError, UsageError
from denoisectl.report.comparing import STRENGTHS, _comparison, write_comparison

SIDE = 200


@pytest.fixture
def noisy_corner(tmp_path: Path) -> Path:
    """A photo with noise in its lower right."""
    pixels = skimage.data.astronaut().astype(np.float64)
    pixels[300:, 310:] += np.random.default_rng(0).normal(0, 25, pixels[300:, 310:].shape)
    path = tmp_path / "corner.png"
    cv2.imwrite(str(path), np.clip(np.rint(pixels), 0, 255).astype(np.uint8)[..., ::-1])
    return path


def test_the_detail_that_changes_most_is_shown_as_a_run_would_make_it(noisy_corner: Path) -> None:
    denoiser = Denoiser.open("photo-fast", "cpu")
    (name, before), *panels = _comparison(denoiser, noisy_corner).panels
    assert name == "corner.png" and [text for text, _ in panels] == [f"strength {s:g}" for s in STRENGTHS]
    photo = cv2.imread(str(noisy_corner))[..., ::-1]
    (top, left), *more = zip(*_places(photo, before), strict=True)
    assert not more and 300 <= top <= 512 - SIDE and 310 <= left <= 512 - SIDE
    for share, (_, shown) in zip(STRENGTHS, panels, strict=True):
        expected = denoiser.image(np.ascontiguousarray(photo), strength=share)
        difference = shown.astype(int) - expected[top : top + SIDE, left : left + SIDE]
        assert np.abs(difference).max() <= 1


def _places(photo: np.ndarray, part: np.ndarray) -> tuple[np.ndarray, ...]:
    """Where a part lies in a photo."""
    return np.where(cv2.matchTemplate(photo, part, cv2.TM_SQDIFF) == 0)


def test_small_grey_and_deep_photos_have_their_place(tmp_path: Path, denoiser: Denoiser) -> None:
    cv2.imwrite(str(tmp_path / "grey.png"), skimage.data.camera()[:90, :300])
    cv2.imwrite(str(tmp_path / "deep.tif"), skimage.data.coffee()[:300, :250].astype(np.uint16) * 257)
    write_comparison(
        lambda: denoiser, [tmp_path / "grey.png", tmp_path / "deep.tif"], tmp_path / "look" / "it.png"
    )
    picture = cv2.imread(str(tmp_path / "look" / "it.png"))
    assert picture.shape[1] == 4 * (2 * SIDE + 8) and picture.shape[0] > 2 * (90 + SIDE)


def test_no_picture_is_overwritten_and_what_is_no_photo_is_named(tmp_path: Path, denoiser: Denoiser) -> None:
    (tmp_path / "it.png").touch()
    (tmp_path / "my photos").mkdir()
    with pytest.raises(UsageError, match=r"it\.png: exists already; give --out another folder"):
        write_comparison(lambda: denoiser, [], tmp_path / "it.png")
    with pytest.raises(UsageError, match=r"is a folder; name a few photos, such as '.*/my photos'/\*\.jpg"):
        write_comparison(lambda: denoiser, [tmp_path / "my photos"], tmp_path / "other.png")
    for name, message in (("gone.jpg", "cannot be read: No such file"), ("it.png", "empty")):
        with pytest.raises(ImageError, match=message):
            write_comparison(lambda: denoiser, [tmp_path / name], tmp_path / "other.png")
    assert not (tmp_path / "other.png").exists()
