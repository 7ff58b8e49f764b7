"""Photos from one depth to another."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from denoisectl.errors import ImageError
from denoisectl.images import Alpha, Format, Metadata, Origin, Photo, check_depth, decode, encode, with_depth

GREY = Origin(Format.PNG, 8, "grey", Alpha.STRAIGHT)


def test_eight_bits_widen_exactly() -> None:
    photo = Photo(np.array([[0, 1, 128, 255]], np.uint8), np.array([[255, 0, 1, 2]], np.uint8), origin=GREY)
    wide = with_depth(photo, 16)
    assert wide.pixels.tolist() == [[0, 257, 32896, 65535]] and wide.pixels.dtype == np.uint16
    assert wide.alpha is not None and wide.alpha.tolist() == [[65535, 0, 257, 514]]


def test_more_bits_and_float_are_rounded() -> None:
    deep = Photo(np.array([[0, 128, 129, 65535]], np.uint16), None)
    assert with_depth(deep, 8).pixels.tolist() == [[0, 0, 1, 255]]
    bright = Photo(np.array([[-0.5, 0.5, 1.5]], np.float32), None)
    assert with_depth(bright, 8).pixels.tolist() == [[0, 128, 255]]
    assert with_depth(bright, 16).pixels.tolist() == [[0, 32768, 65535]]


@pytest.mark.parametrize(("kind", "expected"), [(Format.PNG, np.uint16), (Format.WEBP, np.uint8)])
def test_a_format_without_float_gets_the_next_depth_below_that_it_has(kind: Format, expected: type) -> None:
    bright = Photo(np.full((8, 8, 3), 0.5, np.float32), None, origin=Origin(Format.TIFF, 32, "rgb"))
    assert decode(encode(bright, format=kind), name="a").pixels.dtype == expected


@given(st.integers(0, 255))
def test_there_and_back_changes_nothing(level: int) -> None:
    photo = Photo(np.array([[level]], np.uint8), None)
    assert with_depth(with_depth(photo, 16), 8).pixels[0, 0] == level


def test_the_same_depth_is_the_same_photo() -> None:
    photo = Photo(np.zeros((1, 1), np.uint8), None)
    assert with_depth(photo, 8) is photo


def test_chunks_that_count_in_levels_do_not_outlive_them() -> None:
    chunks = ((b"sBIT", b"\x05"), (b"gAMA", b"\0\0\xb1\x8f"))
    photo = Photo(np.zeros((1, 1), np.uint8), None, Metadata(png_chunks=chunks))
    assert with_depth(photo, 16).metadata.png_chunks == chunks[1:]
    assert with_depth(photo, 8).metadata.png_chunks == chunks


@pytest.mark.parametrize("kind", [Format.JPEG, Format.WEBP, Format.BMP])
def test_formats_of_eight_bits_say_which_hold_more(kind: Format) -> None:
    check_depth(kind, 8)
    check_depth(kind, None)
    with pytest.raises(ImageError, match=f"{kind.brand} does not hold 16 bits .*PNG or TIFF.*--format png"):
        check_depth(kind, 16)
    check_depth(Format.PNG, 16)
    check_depth(Format.TIFF, 16)
