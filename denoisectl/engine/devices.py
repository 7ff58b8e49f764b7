"""What `--device` may say, and how many processors there are to use."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from denoisectl.errors import UsageError

__all__ = ["AUTO", "CPU", "Device", "parse_device", "usable_cpus"]


@dataclass(frozen=True, slots=True)
class Device:
    """One place to run on."""

    kind: str
    """"auto", "cpu" or "cuda"."""
    index: int = 0

    def __str__(self) -> str:
        """As `--device` spells it."""
        return f"cuda:{self.index}" if self.kind == "cuda" else self.kind


AUTO = Device("auto")
CPU = Device("cpu")


def parse_device(text: str) -> Device:
    """Read `auto`, `cpu`, `cuda` or `cuda:N`.

    Raises:
        UsageError: the text is none of these.
    """
    if text in ("auto", "cpu"):
        return Device(text)
    if match := re.fullmatch(r"cuda(?::(\d{1,3}))?", text):
        return Device("cuda", int(match[1] or 0))
    several = "; for several GPUs start a process for each, with --shard" if "," in text else ""
    raise UsageError(f'unknown device "{text}": use auto, cpu, cuda or cuda:N{several}')


def usable_cpus() -> int:
    """Processors this process may use: a container's share, not the machine's count."""
    count = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(count, _cgroup_cpus(count)))


def _cgroup_cpus(count: int) -> int:
    """The quota of the control group, rounded up, or `count` where there is none."""
    try:
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text().split()
        return -(-int(quota) // int(period))
    except (OSError, ValueError):  # no such file, or a quota of "max"
        return count
