"""Reasons to stop a run between two steps, where nothing is lost: a signal, or the time it was given."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType

from denoisectl.stop_signals import end_at_the_next, heeded


@dataclass(slots=True)
class Stop:
    """Asked before every step; true once a signal came or the time is over.

    Not for the time before the first step: reading the photos may take longer, and a run that is resumed again and
    again would never move.
    """

    deadline: float | None
    signum: int | None = None
    asked: bool = False

    def __call__(self) -> bool:
        """Whether to stop now."""
        first, self.asked = not self.asked, True
        over = self.deadline is not None and time.monotonic() >= self.deadline
        return self.signum is not None or (over and not first)


@contextmanager
def stoppable(max_seconds: float | None = None) -> Iterator[Stop]:
    """Turn the first SIGINT or SIGTERM into a request to stop; a second one ends the process at once.

    One that the process was started to ignore, as shells start jobs in the background, stays ignored.
    """
    stop = Stop(None if max_seconds is None else time.monotonic() + max_seconds)

    def request(signum: int, _frame: FrameType | None) -> None:
        stop.signum = signum
        end_at_the_next()

    before = {each: signal.signal(each, request) for each in heeded()}
    try:
        yield stop
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
