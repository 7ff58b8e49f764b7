from __future__ import annotations

import io
import struct

import numpy as np
import pytest
from PIL import Image, ImageOps

from denoisectl.images import decode, encode
from denoisectl.images.orientation import swaps_sides, upright
from tests.denoisectl.images import samples

SQUARE = np.array([[1, 2, 3], [4, 5, 6]], np.uint8)

FULL = {
    "jpeg": samples.full_jpeg,
    "png": samples.full_png,
    "webp": samples.full_webp,
    "tiff": samples.full_tiff,
}


@pytest.mark.parametrize(
    ("orientation", "expected"),
    [
        (1, [[1, 2, 3], [4, 5, 6]]),
        (2, [[3, 2, 1], [6, 5, 4]]),
        (3, [[6, 5, 4], [3, 2, 1]]),
        (4, [[4, 5, 6], [1, 2, 3]]),
        (5, [[1, 4], [2, 5], [3, 6]]),
        (6, [[4, 1], [5, 2], [6, 3]]),
        (7, [[6, 3], [5, 2], [4, 1]]),
        (8, [[3, 6], [2, 5], [1, 4]]),
        (0, [[1, 2, 3], [4, 5, 6]]),
        (9, [[1, 2, 3], [4, 5, 6]]),
    ],
)
def test_pixels_turn_as_exif_says(orientation: int, expected: list[list[int]]) -> None:
    assert upright(SQUARE, orientation).tolist() == expected
    colour = upright(np.dstack([SQUARE, SQUARE, SQUARE]), orientation)
    assert colour[..., 1].tolist() == expected
    assert colour.flags.c_contiguous


@pytest.mark.parametrize("kind", FULL)
@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_output_is_seen_as_the_input_was(kind: str, orientation: int) -> None:
    source = FULL[kind](orientation)
    seen = ImageOps.exif_transpose(Image.open(io.BytesIO(source)))
    read = decode(source, name="a")
    assert np.array_equal(read.pixels, np.asarray(seen))
    written = Image.open(io.BytesIO(encode(read)))
    assert written.size == seen.size
    assert written.getexif().get(0x0112, 1) == 1
    if kind != "tiff":
        camera = written.getexif().get_ifd(0x8769)
        assert (camera[0xA002], camera[0xA003]) == seen.size
    expected = b'tiff:Orientation="1"' if orientation > 1 else b'tiff:Orientation="6"'
    assert expected in decode(encode(read), name="a").metadata.xmp


@pytest.mark.parametrize(("kind", "count"), [(3, 2), (8, 1), (9, 1)])  # SHORT twice, SSHORT, SLONG
def test_a_turn_that_is_stored_in_another_way_is_taken_once(kind: int, count: int) -> None:
    entry = struct.pack("<HHIHH", 0x0112, kind, count, 6, 0)
    block = b"II*\0" + struct.pack("<IH", 8, 1) + entry + bytes(4)
    source = samples.pil(samples.photo(), "JPEG", exif=b"Exif\0\0" + block)
    written = Image.open(io.BytesIO(encode(decode(source, name="a"))))
    height, width, _ = samples.photo().shape
    assert written.size == (height, width) and written.getexif()[0x0112] == 1


@pytest.mark.parametrize("orientation", range(1, 9))
def test_alpha_turns_with_the_pixels(orientation: int) -> None:
    pixels = np.dstack([samples.photo(), samples.alpha_of(samples.photo())])
    read = decode(samples.full_png(orientation, pixels), name="a")
    assert np.array_equal(np.dstack([read.pixels, read.alpha]), upright(pixels, orientation))


def test_resolution_turns_with_the_pixels() -> None:
    source = samples.pil(samples.photo(), "JPEG", exif=samples.exif(6), dpi=(300, 150))
    assert swaps_sides(6)
    resolution = decode(source, name="a").metadata.resolution
    assert (resolution.x, resolution.y) == (150, 300)
