"""The LAB way of scaling the correction."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import skimage.color
import skimage.data
from hypothesis import given
from hypothesis import strategies as st

from denoisectl.strength import Strength, _lab, _rgb

Planes = np.ndarray[Any, Any]


@pytest.fixture(scope="module")
def noisy() -> Planes:
    return _planes(skimage.data.astronaut()[60:160, 150:270])


@pytest.fixture(scope="module")
def clean(noisy: Planes) -> Planes:
    """Another image that is near enough for the mixture to stay within the colours there are."""
    return np.clip(noisy + np.random.default_rng(0).normal(0, 0.02, noisy.shape), 0, 1).astype(np.float32)


def _planes(image: Planes) -> Planes:
    return np.ascontiguousarray(image.transpose(2, 0, 1)) / np.float32(255)  # (3, h, w)


def _skimage_lab(planes: Planes) -> Planes:
    return skimage.color.rgb2lab(planes.transpose(1, 2, 0)).transpose(2, 0, 1)


def test_full_strength_is_the_output_itself(noisy: Planes, clean: Planes) -> None:
    assert Strength.of(1, 1, 1).apply(noisy, clean) is clean


@pytest.mark.parametrize("share", [0.0, 0.3])
def test_luma_moves_lightness_alone(noisy: Planes, clean: Planes, share: float) -> None:
    mixed = Strength.of(1, 1, share).apply(noisy, clean)
    before, after, result = (_skimage_lab(planes) for planes in (noisy, clean, mixed))
    assert mixed.dtype == np.float32
    assert np.abs(result[0] - after[0]).max() < 0.01
    assert np.abs(result[1:] - (before + share * (after - before))[1:]).max() < 0.03


def test_without_luma_lightness_stays(noisy: Planes, clean: Planes) -> None:
    mixed = Strength.of(1, 0, 1).apply(noisy, clean)
    assert np.abs(_skimage_lab(mixed)[0] - _skimage_lab(noisy)[0]).max() < 0.01
    assert np.abs(_skimage_lab(mixed)[1:] - _skimage_lab(clean)[1:]).max() < 0.03


def test_strength_scales_both() -> None:
    assert Strength.of(0.5, 0.5, 1) == Strength(0.25, 0.5)
    assert Strength.of(0.5, 0.5, 1).for_grey() == Strength(0.25, 0.25)
    assert Strength.of(0, 1, 1).changes_nothing
    assert Strength.of(1, 0, 0).changes_nothing


def test_lab_is_scikit_images_and_comes_back() -> None:
    steps = np.linspace(0, 1, 18, dtype=np.float32)
    cube = np.stack(np.meshgrid(steps, steps, steps)).reshape(3, 18, -1)
    lab = _lab(cube)
    lab[0] -= 16
    # The two take the white point to 3 and to 6 digits; the difference is 0.02 of 100.
    assert np.abs(lab - _skimage_lab(cube)).max() < 0.03
    assert np.abs(_rgb(_lab(cube)) - cube).max() < 2e-5


@given(st.lists(st.floats(-0.5, 2, width=32), min_size=3, max_size=3))
def test_values_beyond_the_range_come_back_too(colour: list[float]) -> None:
    planes = np.array(colour, np.float32).reshape(3, 1, 1)
    assert np.abs(_rgb(_lab(planes)) - planes).max() < 1e-4
