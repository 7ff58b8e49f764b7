"""What a training run shows on stderr: a live line on a terminal, a plain line now and then elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from denoisectl.cli import console
from denoisectl.cli.extras import needs_extra

if TYPE_CHECKING:
    from denoisectl_training.fit.loop import Progress


_PLAIN_SECONDS = 30.0


@contextmanager
def training_display(name: str, events: Path | None = None) -> Iterator[Callable[[Progress], None]]:
    """Yield the function that a run reports its progress to; TensorBoard events go to the folder `events`."""
    with _screen(name) as shown:
        if events is None:
            yield shown
            return
        with needs_extra("tensorboard"):
            from denoisectl_training.fit.events import event_writer
        with event_writer(events) as written:
            yield lambda progress: (shown(progress), written(progress))[0]


@contextmanager
def _screen(name: str) -> Iterator[Callable[[Progress], None]]:
    if console.quiet():
        yield lambda progress: None
    elif console.is_live():
        with _live(name) as report:
            yield report
    else:
        yield _plain(name)


def _facts(progress: Progress) -> str:
    psnr = "" if progress.psnr is None else f" · held out {progress.psnr:.2f} dB"
    return f"loss {progress.loss:.3f}{psnr} · {progress.images_per_second:.0f} images/s"


def _plain(name: str) -> Callable[[Progress], None]:
    last = time.monotonic() - _PLAIN_SECONDS  # the first report is shown at once

    def report(progress: Progress) -> None:
        nonlocal last
        if time.monotonic() - last >= _PLAIN_SECONDS:
            last = time.monotonic()
            console.say(f"{name}: {progress.images:,} of {progress.total:,} images · {_facts(progress)}")

    return report


@contextmanager
def _live(name: str) -> Iterator[Callable[[Progress], None]]:
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[facts]}"),
        TimeRemainingColumn(),
    )
    with Bar(*columns, console=console.stderr(), speed_estimate_period=120.0) as bar:
        task = bar.add_task(name, total=None, facts="reading photos")

        def report(progress: Progress) -> None:
            bar.update(task, total=progress.total, completed=progress.images, facts=_facts(progress))

        yield report
