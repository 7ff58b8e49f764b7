"""Wall-clock and processor seconds, of this process and of a child."""

from __future__ import annotations

import resource
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

__all__ = ["Speed", "once", "timed", "timed_command"]


@dataclass(frozen=True)
class Speed:
    """How fast pixels went through."""

    megapixels: float
    seconds: float
    processor_seconds: float
    """Summed over the cores: what stays comparable on a machine that others use too."""

    @property
    def rate(self) -> float:
        """Megapixels a second."""
        return self.megapixels / self.seconds

    @property
    def cost(self) -> float:
        """Processor seconds a megapixel."""
        return self.processor_seconds / self.megapixels


def timed(work: Callable[[], object], megapixels: float, *, repeat: int = 2) -> Speed:
    """The fastest of `repeat` calls, after one that warms up."""
    work()
    return min((once(work, megapixels) for _ in range(repeat)), key=lambda speed: speed.seconds)


def once(work: Callable[[], object], megapixels: float) -> Speed:
    """A single call, for work that is long enough by itself."""
    wall, processor = time.perf_counter(), time.process_time()
    work()
    return Speed(megapixels, time.perf_counter() - wall, time.process_time() - processor)


def timed_command(arguments: Sequence[str], megapixels: float) -> Speed:
    """A whole `python -m denoisectl` process, start-up included."""
    before, wall = _children(), time.perf_counter()
    subprocess.run([sys.executable, "-m", "denoisectl", *arguments], check=True)
    return Speed(megapixels, time.perf_counter() - wall, _children() - before)


def _children() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime
