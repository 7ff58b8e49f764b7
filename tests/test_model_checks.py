"""The checks of benchmarks/model_checks.py see what they look for, and nothing in a model that does nothing."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np
import pytest

from tests.conftest import benchmark


@pytest.fixture(scope="module")
def checks() -> ModuleType:
    return benchmark("model_checks")


class Adds:
    """A model that adds something, in 8-bit levels, to what it gets."""

    def __init__(self, pattern: Any) -> None:
        self.pattern = pattern

    def image(self, photo: Any) -> Any:
        added = self.pattern(*photo.shape[:2]) if callable(self.pattern) else self.pattern
        return photo + np.float32(added / 255.0)


def every_second_column(height: int, width: int) -> Any:
    return np.broadcast_to(np.where(np.arange(width) % 2, 0.5, -0.5)[None, :, None], (height, width, 1))


def test_a_model_that_does_nothing_passes_everything(checks: ModuleType) -> None:
    nothing = Adds(0.0)
    assert checks.colour_drift(nothing) == 0.0
    assert checks.worst_checkerboard(nothing) == 0.0
    assert checks.invented(nothing)[0] == 0.0
    assert checks.shift_change(nothing) == 0.0


def test_a_tint_is_colour_drift(checks: ModuleType) -> None:
    assert checks.colour_drift(Adds(np.array([0.0, 0.0, 0.4]))) == pytest.approx(0.4, abs=1e-3)


def test_a_pattern_of_period_two_is_a_checkerboard_and_depends_on_place(checks: ModuleType) -> None:
    model = Adds(every_second_column)
    assert checks.worst_checkerboard(model) == pytest.approx(0.5, abs=1e-3)
    assert checks.invented(model)[0] == pytest.approx(0.5, abs=1e-3)
    assert checks.shift_change(model) == pytest.approx(1.0, abs=1e-3)
    assert checks.colour_drift(model) < 0.01


def test_white_noise_taken_whole_is_flat_and_a_texture_is_not(checks: ModuleType) -> None:
    class Flattens:
        def image(self, photo: Any) -> Any:
            return np.full_like(photo, photo.mean())

    assert checks.flatness(Flattens()) == pytest.approx(1 / 8, abs=0.01)
    assert checks.flatness(Adds(every_second_column)) > 0.99
