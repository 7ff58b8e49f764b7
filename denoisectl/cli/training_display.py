"""What a training run shows on stderr: a live line on a terminal, a plain line now and then elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from denoisectl.cli import console
from denoisectl.cli.extras import needs_extra

if TYPE_CHECKING:
    from denoisectl_training.fit.loop import Progress


_FIRST_LINE, _LINES, _DRAWN = 5.0, 30.0, 0.25
"""Seconds: until the first plain line, between such lines, and between two states of the live line."""


@dataclass(frozen=True, slots=True)
class Display:
    """What a run reports to."""

    report: Callable[[Progress], None]
    """Is told of every step."""
    begin: Callable[[], None] = lambda: None
    """Is called once the photos are read."""


@contextmanager
def training_display(
    name: str, seen: int, total: int, events: Path | None = None, seconds: float | None = None
) -> Iterator[Display]:
    """Yield what a run reports to; TensorBoard events go to the folder `events`.

    The run has `seen` of its `total` images behind it, and stops after `seconds` from now, if given.
    """
    with _screen(name, seen, total, seconds) as shown:
        if events is None:
            yield shown
            return
        with needs_extra("tensorboard"):
            from denoisectl_training.fit.events import event_writer
        with event_writer(events) as written:

            def report(progress: Progress) -> None:
                shown.report(progress)
                written(progress)

            yield replace(shown, report=report)


@contextmanager
def _screen(name: str, seen: int, total: int, seconds: float | None) -> Iterator[Display]:
    if console.quiet():
        yield Display(lambda progress: None)
    elif console.is_live():
        with _live(name, seen, total, seconds) as live, _by_time(live.report, 0.0, _DRAWN) as report:
            yield replace(live, report=report)
    else:
        with _by_time(_plain(name, seconds), _FIRST_LINE, _LINES) as report:
            yield Display(report)


@contextmanager
def _by_time(
    show: Callable[[Progress], None], first: float, later: float
) -> Iterator[Callable[[Progress], None]]:
    """Show the step that is done `first` seconds from now, then one every `later` seconds, and the last."""
    due = time.monotonic() + first
    unseen: list[Progress] = []

    def report(progress: Progress) -> None:
        nonlocal due
        unseen[:] = [progress]
        if time.monotonic() >= due:
            due = time.monotonic() + later
            show(unseen.pop())

    yield report
    for progress in unseen:
        show(progress)


def _facts(progress: Progress) -> str:
    speed = progress.images_per_second
    loss = "" if progress.loss is None else f"loss {progress.loss:.3f} · "
    psnr = "" if progress.psnr is None else f"held out {progress.psnr:.2f} dB · "
    return f"{loss}{psnr}{speed:.{0 if speed >= 1 else 2}f} images/s"


def _plain(name: str, seconds: float | None) -> Callable[[Progress], None]:
    start = time.monotonic()

    def show(progress: Progress) -> None:
        seen = min(progress.images, progress.total)  # a last batch may go beyond
        spent = "" if seconds is None else f", {time.monotonic() - start:,.0f} of {seconds:,.0f} s"
        console.say(f"{name}: {seen:,} of {progress.total:,} images{spent} · {_facts(progress)}")

    return show


@contextmanager
def _live(name: str, seen: int, total: int, seconds: float | None) -> Iterator[Display]:
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[facts]}"),
        TimeRemainingColumn()
        if seconds is None
        else TextColumn(f"{{task.elapsed:,.0f}} of {seconds:,.0f} s"),
    )
    with Bar(*columns, console=console.stderr(), speed_estimate_period=120.0) as bar:
        task = bar.add_task(name, total=total, completed=seen, facts="reading photos")

        def draw(progress: Progress) -> None:
            bar.update(task, completed=progress.images, facts=_facts(progress))

        yield Display(draw, lambda: bar.update(task, facts="first step"))
