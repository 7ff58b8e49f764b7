"""Wall-clock and processor seconds, of this process and of a child; a child's peak memory."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

# A process of its own between: a child's peak memory begins at what its parent holds when it is started.
_ALONE = """
import json, resource, subprocess, sys, time
start = time.perf_counter()
done = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL)
seconds = time.perf_counter() - start
usage = resource.getrusage(resource.RUSAGE_CHILDREN)
print(json.dumps([done.returncode, seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024]))
"""


@dataclass(frozen=True)
class Speed:
    """How fast pixels went through."""

    megapixels: float
    seconds: float
    processor_seconds: float
    """Summed over the cores: what stays comparable on a machine that others use too."""
    peak_bytes: int = 0
    """Resident memory at most, of a process that was measured alone; 0 if it was not."""

    @property
    def rate(self) -> float:
        """Megapixels a second."""
        return self.megapixels / self.seconds

    @property
    def cost(self) -> float:
        """Processor seconds a megapixel."""
        return self.processor_seconds / self.megapixels

    def __add__(self, other: Speed) -> Speed:
        """Both together."""
        return Speed(
            self.megapixels + other.megapixels,
            self.seconds + other.seconds,
            self.processor_seconds + other.processor_seconds,
            max(self.peak_bytes, other.peak_bytes),
        )


def timed(work: Callable[[], object], megapixels: float, *, repeat: int = 2) -> Speed:
    """The fastest of `repeat` calls, after one that warms up."""
    work()
    return min((once(work, megapixels) for _ in range(repeat)), key=lambda speed: speed.seconds)


def once(work: Callable[[], object], megapixels: float) -> Speed:
    """A single call, for work that is long enough by itself."""
    wall, processor = time.perf_counter(), time.process_time()
    work()
    return Speed(megapixels, time.perf_counter() - wall, time.process_time() - processor)


def timed_command(arguments: Sequence[str], megapixels: float, *, cores: int | None = None) -> Speed:
    """A whole `python -m denoisectl` process, start-up included, on so many cores."""
    return run_alone([sys.executable, "-m", "denoisectl", *arguments], megapixels, cores=cores)


def _compiling() -> dict[str, str]:
    """The environment in which modules are compiled once, as installing the tool does, and not at every start."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def run_alone(command: Sequence[str], megapixels: float, *, cores: int | None = None) -> Speed:
    """Any command, with its peak memory.

    Raises:
        RuntimeError: the command failed.
    """
    before = os.sched_getaffinity(0)
    if cores is not None:
        os.sched_setaffinity(0, sorted(before)[:cores])  # inherited by the command
    try:
        wrapped = [sys.executable, "-c", _ALONE, *command]
        found = subprocess.run(wrapped, check=True, stdout=subprocess.PIPE, text=True, env=_compiling())
    finally:
        os.sched_setaffinity(0, before)
    code, seconds, processor, peak = json.loads(found.stdout)
    if code:
        raise RuntimeError(f"exit code {code} of {' '.join(command)}")
    return Speed(megapixels, seconds, processor, peak)
