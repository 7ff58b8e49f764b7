"""How many processors there are to use, and what they are fast at."""

from __future__ import annotations

import os
from pathlib import Path

import cv2

_AVX2 = 11  # as OpenCV numbers the features of processors


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


def fast_at_8_bits() -> bool:
    """Whether this processor is about twice as fast at 8-bit integers: x86 with AVX2, and more so with VNNI.

    Others may be too (ARM with dot products); that was not measured.
    """
    return cv2.checkHardwareSupport(_AVX2)
