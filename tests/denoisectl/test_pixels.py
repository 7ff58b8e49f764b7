"""Between stored images and float planes: every level, every layout of the array, nothing that is not a number."""

from __future__ import annotations

import numpy as np
import pytest
from skimage import data

from denoisectl.errors import ImageError
from denoisectl.pixels import all_finite, check_image, load_planes, store_planes

_ALL = slice(None)


def test_every_8_bit_level_is_its_share_of_white() -> None:
    levels = np.arange(256, dtype=np.uint8).reshape(16, 16)
    planes = np.empty((3, 16, 16), np.float32)

    load_planes(levels, _ALL, _ALL, planes)

    for plane in planes:
        np.testing.assert_array_equal(plane, levels / np.float32(255))


def test_every_16_bit_level_is_its_share_of_white() -> None:
    levels = np.arange(65536, dtype=np.uint16).reshape(256, 256)
    planes = np.empty((3, 256, 256), np.float32)

    load_planes(levels, _ALL, _ALL, planes)

    np.testing.assert_array_equal(planes[2], levels / np.float32(65535))


@pytest.mark.parametrize("turns", range(4))
@pytest.mark.parametrize("order", [slice(None), slice(None, None, -1)], ids=["rgb", "bgr"])
def test_views_are_read_as_what_they_show(turns: int, order: slice) -> None:
    view = np.rot90(data.astronaut(), turns)[..., order]
    rows, columns = np.array([2, 1, 0, 1, 2]), slice(3, 10)
    planes = np.empty((3, 5, 7), np.float32)

    load_planes(view, rows, columns, planes)

    expected = view[[2, 1, 0, 1, 2], 3:10].transpose(2, 0, 1) / np.float32(255)
    np.testing.assert_array_equal(planes, expected)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_one_bad_value_is_found_wherever_it_is(value: float) -> None:
    planes = np.zeros((3, 33, 47), np.float32)
    planes[1, 32, 46] = value

    assert not all_finite(planes)
    assert not all_finite(planes[:, 5:, 5:])
    assert all_finite(planes[:, :32])


def test_large_values_are_not_taken_for_infinity() -> None:
    assert all_finite(np.full((3, 64, 64), -3e38, np.float32))


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_values_far_beyond_the_range_end_at_black_and_white(dtype: type) -> None:
    planes = np.tile(np.array([-1e12, -0.1, 1.1, 1e12], np.float32), (3, 1, 1))
    image, white = np.full((1, 4, 3), 7, dtype), np.iinfo(dtype).max

    store_planes(planes, image, _ALL, _ALL)

    assert image[0].tolist() == [[0] * 3, [0] * 3, [white] * 3, [white] * 3]


def test_floats_in_other_units_are_refused() -> None:
    photo = data.astronaut()[:32, :32].astype(np.float32)
    with pytest.raises(ImageError, match=r"in float32 1\.0 is white; divide them"):
        check_image(photo)
    noise = np.random.default_rng(0).normal(1.0, 0.2, photo.shape).astype(np.float32)
    check_image(noise)  # a white wall
    check_image(photo / 255)
