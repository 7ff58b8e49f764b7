"""`--bit-depth`: what the network computed arrives with 16 bits, and formats without room for it are named."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
import tifffile
from skimage.data import astronaut

from denoisectl import Denoiser
from denoisectl.batch.one_image import loaded
from denoisectl.batch.settings import Settings
from denoisectl.errors import ImageError, UsageError
from denoisectl.images import Format
from tests.denoisectl.conftest import Pictures


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "in" / "astronaut.png"
    path.parent.mkdir()
    cv2.imwrite(str(path), astronaut()[100:148, 200:264, ::-1])
    return path


def stored(path: Path) -> np.ndarray:
    return cv2.imread(str(path), cv2.IMREAD_UNCHANGED)


def test_sixteen_bits_hold_what_the_network_computed(denoiser: Denoiser, photo: Path, tmp_path: Path) -> None:
    denoiser.file(photo, tmp_path / "b.png", bit_depth=16)
    deep = stored(tmp_path / "b.png")
    assert deep.dtype == np.uint16 and len(np.unique(deep)) > 256
    exact = denoiser.image(astronaut()[100:148, 200:264].astype(np.float32) / np.float32(255))
    expected = np.rint(np.clip(exact, 0, 1) * 65535)[..., ::-1]
    assert np.abs(deep - expected).max() <= 1


def test_sixteen_bits_are_rounded_to_eight(denoiser: Denoiser, photo: Path, tmp_path: Path) -> None:
    denoiser.file(photo, tmp_path / "deep.tif", bit_depth=16)
    denoiser.file(tmp_path / "deep.tif", tmp_path / "flat.tif", bit_depth=8, strength=0)
    flat, deep = tifffile.imread(tmp_path / "flat.tif"), tifffile.imread(tmp_path / "deep.tif")
    assert flat.dtype == np.uint8 and np.array_equal(flat, (deep.astype(np.uint32) + 128) // 257)


def test_strength_zero_widens_and_the_same_depth_copies(
    denoiser: Denoiser, photo: Path, tmp_path: Path
) -> None:
    denoiser.file(photo, tmp_path / "deep.png", bit_depth=16, strength=0)
    assert np.array_equal(stored(tmp_path / "deep.png"), stored(photo).astype(np.uint16) * 257)
    denoiser.file(photo, tmp_path / "same.png", bit_depth=8, strength=0)
    assert (tmp_path / "same.png").read_bytes() == photo.read_bytes()


def test_sixteen_bit_floats_are_not_taken_for_sixteen_bits(denoiser: Denoiser, tmp_path: Path) -> None:
    half = tmp_path / "half.tif"
    tifffile.imwrite(half, (astronaut()[:48, :64] / 255).astype(np.float16), photometric="rgb")
    denoiser.file(half, tmp_path / "deep.tif", bit_depth=16, strength=0)
    assert tifffile.imread(tmp_path / "deep.tif").dtype == np.uint16


def test_formats_without_room_fail_beside_others_and_refuse_alone(
    denoiser: Denoiser, photo: Path, tmp_path: Path, pictures: Pictures
) -> None:
    pictures(photo.parent, "b.jpg")
    good, bad = denoiser.folder(photo.parent, tmp_path / "out", bit_depth=16)
    assert (good.status, bad.status, bad.code) == ("ok", "failed", "unfit")
    assert "JPEG does not hold 16 bits" in bad.reason and "--format png" in bad.reason
    photo.unlink()
    with pytest.raises(UsageError, match=r"b\.jpg: JPEG does not hold 16 bits"):
        denoiser.folder(photo.parent, tmp_path / "out", bit_depth=16)
    assert [r.status for r in denoiser.folder(photo.parent, tmp_path / "o", format="png", bit_depth=16)] == [
        "ok"
    ]


def test_a_depth_that_the_named_format_has_not_is_refused_at_once(denoiser: Denoiser, photo: Path) -> None:
    with pytest.raises(UsageError, match="--bit-depth 16: WebP does not hold 16 bits"):
        Settings(format=Format.WEBP, bit_depth=16)
    with pytest.raises(UsageError, match="--bit-depth 16: JPEG"):
        denoiser.file(photo, photo.with_name("b.jpg"), bit_depth=16)


def test_losses_do_not_name_what_was_asked_for(denoiser: Denoiser, photo: Path, tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "deep.tif", stored(photo).astype(np.uint16) * 257, photometric="rgb")
    assert denoiser.file(tmp_path / "deep.tif", tmp_path / "a.jpg").lost == ("16 bits",)
    assert denoiser.file(tmp_path / "deep.tif", tmp_path / "b.jpg", bit_depth=8).lost == ()


def test_a_pipe_is_refused_too(photo: Path) -> None:
    jpeg = cv2.imencode(".jpg", stored(photo))[1].tobytes()
    with pytest.raises(ImageError, match="stdin: JPEG does not hold 16 bits"):
        loaded(jpeg, Settings(bit_depth=16), name="stdin")
