"""What a training run shows: by time, from its first step on, and its last."""

import io

import pytest
from rich.console import Console

from denoisectl.cli import console, training_display
from denoisectl_training.fit.loop import Progress


def after(images: int, loss: float | None = None) -> Progress:
    """A step of a run of 100 images."""
    return Progress(images, 100, loss, loss is not None, 1e-3, None, False, 0.5)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time that the display sees, in seconds; a test sets it."""
    now = [0.0]
    monkeypatch.setattr(training_display.time, "monotonic", lambda: now[0])
    return now


def test_lines_come_by_time_and_end_with_the_last(
    clock: list[float], capsys: pytest.CaptureFixture[str]
) -> None:
    with training_display.training_display("toy", 0, 100) as display:
        for clock[0], progress in (
            (1.0, after(4)), (6.0, after(8)), (35.0, after(12)), (37.0, after(16, 2.5)), (38.0, after(104, 2.5)),
        ):  # fmt: skip
            display.report(progress)
    assert capsys.readouterr().err.splitlines() == [
        "toy: 8 of 100 images · 0.50 images/s",
        "toy: 16 of 100 images · loss 2.500 · 0.50 images/s",
        "toy: 100 of 100 images · loss 2.500 · 0.50 images/s",
    ]


def test_lines_of_a_run_with_a_time_count_towards_it(
    clock: list[float], capsys: pytest.CaptureFixture[str]
) -> None:
    with training_display.training_display("toy", 0, 100, seconds=90.0) as display:
        clock[0] = 45.0
        display.report(after(8))
    assert capsys.readouterr().err == "toy: 8 of 100 images, 45 of 90 s · 0.50 images/s\n"


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """What a terminal is sent."""
    terminal = io.StringIO()
    monkeypatch.setattr(console, "is_live", lambda: True)
    monkeypatch.setattr(console, "stderr", lambda: Console(file=terminal, force_terminal=True, width=100))
    return terminal


def test_a_live_line_tells_images_and_speed_from_the_first_step_on(drawn: io.StringIO) -> None:
    with training_display.training_display("toy", 0, 100) as display:
        display.report(after(4))
    assert "4/100" in drawn.getvalue() and "0.50 images/s" in drawn.getvalue()


def test_the_live_line_of_a_resumed_run_begins_where_that_stopped(drawn: io.StringIO) -> None:
    with training_display.training_display("toy", 40, 100):
        pass
    assert " 40/100" in drawn.getvalue() and " 0/" not in drawn.getvalue()


def test_the_live_line_says_when_the_photos_are_read(drawn: io.StringIO) -> None:
    with training_display.training_display("toy", 0, 100) as display:
        assert "reading photos" in drawn.getvalue()
        display.begin()
    assert drawn.getvalue().rindex("first step") > drawn.getvalue().rindex("reading photos")


def test_the_live_line_of_a_run_with_a_time_counts_towards_it(drawn: io.StringIO) -> None:
    with training_display.training_display("toy", 0, 10**6, seconds=90.0) as display:
        display.report(after(4))
    assert "0 of 90 s" in drawn.getvalue()
