"""How far a run is: a bar on a terminal, a line every 30 seconds anywhere else, nothing under `-q`."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

from denoisectl.batch.job import Plan
from denoisectl.batch.result import FileResult
from denoisectl.cli import console

Told = Callable[[FileResult], None]
"""Is told of every result."""

_INTERVAL = 30.0
"""Seconds between plain lines."""


@contextmanager
def progress(plan: Plan) -> Iterator[Told]:
    """Show how far the run is, in the way that fits where stderr goes."""
    if console.quiet():
        yield lambda result: None
    elif console.is_live():
        with _bar(plan) as bar:
            yield bar
    else:
        with lines(plan) as told:
            yield told


class _Pace:
    """Counts and speed. The parts that are done are told by pixels, in the order of the plan, as results come."""

    def __init__(self, plan: Plan) -> None:
        self.planned = len(plan.jobs)
        weights = [job.pixels if job.pending else 0 for job in plan.jobs]
        self._all = sum(weights)
        self._settled = sum(job.pixels for job in plan.jobs if not job.pending)
        self._weights = iter(weights)
        self.seen = 0
        self._done = 0
        self._megapixels = 0.0
        self._start = time.monotonic()

    def count(self, result: FileResult) -> None:
        self.seen += 1
        self._done += next(self._weights)
        self._megapixels += result.megapixels

    @property
    def done(self) -> float:
        """The part of the work that is done, 0 to 1."""
        return self._done / self._all if self._all else self.seen / max(1, self.planned)

    @property
    def complete(self) -> float:
        """The part of all files that is done, what earlier runs did included, 0 to 1."""
        return (self._settled + self._done) / (self._settled + self._all) if self._all else self.done

    def __str__(self) -> str:
        elapsed = time.monotonic() - self._start
        left = elapsed * (1 - self.done) / self.done if self.done else None
        told = "" if left is None else f", {timedelta(seconds=round(left))} left"
        speed = f"{self._megapixels / elapsed:.1f} MP/s" if elapsed and self._megapixels else "starting"
        return f"{self.seen}/{self.planned} files, {speed}{told}"


@contextmanager
def lines(plan: Plan, interval: float = _INTERVAL) -> Iterator[Told]:
    """One plain line every `interval` seconds, for logs."""
    pace = _Pace(plan)
    with _now_and_then(lambda: str(pace), interval):
        yield pace.count


@contextmanager
def under_way(what: str, interval: float = _INTERVAL) -> Iterator[Callable[[str], None]]:
    """Show what is under way, on a terminal at once, elsewhere as a line every `interval` seconds.

    Yields the function that is told what it is now.
    """
    now, start = [what], time.monotonic()

    def line() -> str:
        return f"{now[0]} ({timedelta(seconds=round(time.monotonic() - start))} so far)"

    if console.quiet():
        yield lambda text: None
    elif console.is_live():
        from rich.text import Text

        with console.stderr().status(Text(what)) as status:  # in a plain string, brackets are markup
            yield lambda text: status.update(Text(text))
    else:
        with _now_and_then(line, interval):
            yield lambda text: now.__setitem__(0, text)


@contextmanager
def _now_and_then(state: Callable[[], str], interval: float) -> Iterator[None]:
    over = threading.Event()

    def speak() -> None:
        while not over.wait(interval):
            console.say(state())

    thread = threading.Thread(target=speak, name="progress", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


@contextmanager
def _bar(plan: Plan) -> Iterator[Told]:
    from rich.progress import BarColumn, Progress, TextColumn

    pace = _Pace(plan)
    columns = (
        BarColumn(bar_width=None),
        TextColumn("{task.percentage:>3.0f}%"),
        TextColumn("{task.description}"),
    )
    with Progress(*columns, console=console.stderr(), transient=True) as shown:
        task = shown.add_task(str(pace), total=1.0, completed=pace.complete)  # type: ignore[arg-type] # as update() does

        def update(result: FileResult) -> None:
            pace.count(result)
            shown.update(task, completed=pace.complete, description=str(pace))

        yield update
