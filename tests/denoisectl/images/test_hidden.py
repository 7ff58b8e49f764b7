from __future__ import annotations

import numpy as np
import pytest

from denoisectl.images import decode, encode
from denoisectl.images.hidden import fill_hidden
from tests.denoisectl.images.samples import alpha_of, photo, pil, tiff


def test_hidden_pixels_take_the_nearest_visible_colour() -> None:
    row = np.array([[9, 1, 99, 99, 99, 2, 99]], np.uint8)
    hidden = np.array([[0, 0, 1, 1, 1, 0, 1]], bool)
    assert fill_hidden(row, hidden)[0, [0, 1, 2, 4, 5, 6]].tolist() == [9, 1, 1, 2, 2, 2]
    assert fill_hidden(row, hidden)[0, 3] in (1, 2)
    assert row[0, 2] == 99


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
def test_colours_come_from_visible_pixels_only(dtype: str) -> None:
    pixels = photo(dtype)
    hidden = np.random.default_rng(1).random(pixels.shape[:2]) < 0.7
    filled = fill_hidden(pixels, hidden)
    assert filled.dtype == pixels.dtype
    assert np.array_equal(filled[~hidden], pixels[~hidden])
    visible = {tuple(colour) for colour in pixels[~hidden].tolist()}
    assert {tuple(colour) for colour in filled[hidden].tolist()} <= visible


def test_each_hidden_pixel_has_the_colour_of_a_nearest_visible_one_across_bands() -> None:
    rng = np.random.default_rng(3)
    height, width = 600, 30
    places = np.arange(height * width, dtype=np.uint16).reshape(height, width)
    hidden = rng.random((height, width)) < 0.99
    seen = np.argwhere(~hidden)
    filled = fill_hidden(places, hidden)
    for row, column in rng.permutation(np.argwhere(hidden))[:300]:
        nearest = np.hypot(*(seen - (row, column)).T).min()
        chosen = np.hypot(*(np.array(divmod(int(filled[row, column]), width)) - (row, column)))
        assert chosen <= nearest * 1.1


def test_nothing_visible_changes_nothing() -> None:
    pixels = photo()
    assert np.array_equal(fill_hidden(pixels, np.ones(pixels.shape[:2], bool)), pixels)


def test_a_photo_without_hidden_pixels_is_not_copied() -> None:
    read = decode(pil(photo(), "PNG"), name="a")
    assert read.for_network is read.pixels
    opaque = decode(pil(np.dstack([photo(), np.full((40, 56), 9, np.uint8)]), "PNG"), name="a")
    assert opaque.for_network is opaque.pixels


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
def test_hidden_colours_are_neither_used_nor_changed(dtype: str) -> None:
    pixels, alpha = photo(dtype).copy(), alpha_of(photo(dtype))
    hidden = alpha == 0
    pixels[hidden] = pixels.max()
    read = decode(tiff(np.dstack([pixels, alpha]), extrasamples=["unassalpha"]), name="a")
    other = pixels.copy()
    other[hidden] = 0
    same = decode(tiff(np.dstack([other, alpha]), extrasamples=["unassalpha"]), name="a")
    assert np.array_equal(read.for_network, same.for_network)
    denoised = read.for_network // 2 if dtype != "float32" else read.for_network / 2
    again = decode(encode(read.with_denoised(denoised)), name="a")
    assert np.array_equal(again.alpha, alpha)
    assert np.array_equal(again.pixels[hidden], pixels[hidden])
    assert np.array_equal(again.pixels[~hidden], denoised[~hidden])


def test_the_denoised_array_is_not_changed() -> None:
    read = decode(pil(np.dstack([photo(), alpha_of(photo())]), "PNG"), name="a")
    denoised = np.zeros_like(read.pixels)
    read.with_denoised(denoised)
    assert not denoised.any()


@pytest.mark.parametrize("wrong", [np.zeros((40, 56), np.uint8), np.zeros((40, 56, 3), np.float32)])
def test_a_result_of_another_shape_or_dtype_is_an_error(wrong: np.ndarray) -> None:
    read = decode(pil(photo(), "PNG"), name="a")
    with pytest.raises(ValueError, match="denoised must be"):
        read.with_denoised(wrong)
