import pytest

from denoisectl_training.fit.divergence import diverged
from denoisectl_training.recipes import LossSettings

INFINITE = float("inf")


@pytest.mark.parametrize(
    ("loss", "best", "expected"),
    [
        (float("nan"), 2.0, True),
        (INFINITE, 2.0, True),
        (12.0, INFINITE, False),  # an untrained network
        (1e5, INFINITE, True),  # lost at the first record
        (3.0, 1.5, False),  # the curve is noisy
        (25.0, 1.5, True),  # worse than untrained
        (67.0, 13.0, True),  # the output map is saturated
        (25.0, 13.0, False),  # the first steps of a large rate
        (1.0, 0.01, False),  # a run without corruption: near zero, many times is nothing
    ],
)
def test_what_counts_as_divergence(loss: float, best: float, expected: bool) -> None:
    assert diverged(loss, best, LossSettings()) is expected


@pytest.mark.parametrize(
    ("loss", "best", "expected"),
    [
        (14.0, 0.3, False),  # photos without noise come first, then some with
        (35.0, 13.0, False),  # an untrained network
        (45.0, 13.0, True),  # worse than that
        (70.0, INFINITE, True),
    ],
)
def test_what_counts_as_divergence_in_decibels(loss: float, best: float, expected: bool) -> None:
    settings = LossSettings(ssd=0.0, l1=0.0, out_of_range=0.0, psnr=1.0)
    assert diverged(loss, best, settings) is expected


@pytest.mark.parametrize(
    ("loss", "best", "expected"),
    [(0.5, 0.02, False), (1.5, 0.02, True), (1.2, 0.45, False), (11.0, INFINITE, True)],
)
def test_what_counts_as_divergence_while_tuning_to_8_bits(loss: float, best: float, expected: bool) -> None:
    assert diverged(loss, best, None) is expected


@pytest.mark.parametrize(("loss", "expected"), [(2.0, False), (25.0, True), (400.0, True)])
def test_what_counts_as_divergence_in_absolute_differences(loss: float, expected: bool) -> None:
    assert diverged(loss, 0.1, LossSettings(ssd=0.0, l1=30.0)) is expected
