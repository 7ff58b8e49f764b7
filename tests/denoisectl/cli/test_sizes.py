"""Numbers as people write them."""

import pytest
import typer

from denoisectl.cli.sizes import duration, share


@pytest.mark.parametrize(
    ("text", "seconds"), [("90s", 90), ("10m", 600), ("1h30m", 5400), ("1.5h", 5400), ("2", 120)]
)
def test_durations(text: str, seconds: float) -> None:
    assert duration(text) == seconds


@pytest.mark.parametrize("text", ["", "soon", "10x", "m10", "0", "0.0", "0s", "0h0m"])
def test_bad_durations_are_named(text: str) -> None:
    with pytest.raises(typer.BadParameter, match="expected a duration"):
        duration(text)


@pytest.mark.parametrize("text", ["0,7", "2", "-0.1", "nan", "half"])
def test_parts_of_the_whole_are_shown_by_example(text: str) -> None:
    with pytest.raises(typer.BadParameter, match="give a number from 0 to 1"):
        share(text)
