"""A stable part of a plan, so that N processes or machines share one folder without talking to each other."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePath

from denoisectl.errors import UsageError


@dataclass(frozen=True, slots=True)
class Shard:
    """Part `index` of `count`, counted from one."""

    index: int = 1
    count: int = 1

    @classmethod
    def parse(cls, text: str, environment: Mapping[str, str] = os.environ) -> Shard:
        """Read `I/N`, or `slurm` for the place of this task in its job array."""
        if text == "slurm":
            text = _slurm(environment)
        match = re.fullmatch(r"([0-9]+)/([0-9]+)", text)
        if not match or not 1 <= int(match[1]) <= int(match[2]):
            raise UsageError(f"--shard {text}: give I/N with I from 1 to N, for example 1/4, or slurm")
        return cls(int(match[1]), int(match[2]))

    def takes(self, relative: PurePath) -> bool:
        """Whether this part holds the file; this depends on its place in the tree and on nothing else."""
        digest = hashlib.sha256(relative.as_posix().encode("utf-8", "surrogateescape")).digest()
        return int.from_bytes(digest[:8], "big") % self.count == self.index - 1


def _slurm(environment: Mapping[str, str]) -> str:
    try:
        task, first, count = (int(environment[f"SLURM_ARRAY_TASK_{name}"]) for name in ("ID", "MIN", "COUNT"))
        step = int(environment.get("SLURM_ARRAY_TASK_STEP", "1"))
    except (KeyError, ValueError):
        raise UsageError(
            "--shard slurm: SLURM_ARRAY_TASK_ID, _MIN and _COUNT are not set; use it in a job array"
        ) from None
    return f"{(task - first) // step + 1}/{count}"
