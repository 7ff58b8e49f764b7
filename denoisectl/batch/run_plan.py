"""Whole runs: a plan's jobs through the pipeline, with the output folder's journal."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from denoisectl.batch.budget import Budget
from denoisectl.batch.job import Job, Plan
from denoisectl.batch.pipeline import pipeline
from denoisectl.batch.process import Process
from denoisectl.batch.result import FileResult
from denoisectl.batch.settings import Settings
from denoisectl.batch.work import Worker
from denoisectl.whole_file import remove_stale


@dataclass(frozen=True, slots=True)
class Resources:
    """What the stages around the network may use."""

    memory: int = 512 * 2**20
    """Bytes for pixels between reading and writing; one image larger than that still passes, alone."""
    readers: int = 2
    """Threads that read and decode."""
    writers: int = 2
    """Threads that encode and write."""


def run_plan(
    process: Process | None,
    plan: Plan,
    settings: Settings,
    record: Callable[[Job, os.stat_result, bytes], None] | None = None,
    resources: Resources = Resources(),
) -> Generator[FileResult, None, None]:
    """Do what the plan says; yields the result of every input, in order.

    Closing the iterator early stops the run; what was written stays, and a later run goes on from there.

    Args:
        process: a `Denoiser`, as a rule; may be None if all that is pending is restored.
        plan: from `make_plan`, and then `mark_done` or `mark_in_place`.
        settings: what is done to every image.
        record: told of every output before it gets its name, as `Journal.record` is; None if nobody is.
        resources: memory and threads around the network.
    """
    budget = Budget(resources.memory)
    worker = Worker(process, settings, budget, record=record)
    for folder in plan.folders():
        _sweep(folder.absolute())
    yield from pipeline(
        enumerate(plan.jobs),
        read=worker.read,
        infer=worker.infer,
        write=worker.write,
        close=budget.close,
        readers=resources.readers,
        writers=resources.writers,
        inferers=process.lanes if process else 1,
    )


@cache  # or a loop over single files would look through all the results before, at every file
def _sweep(folder: Path) -> None:
    """Remove what killed runs left in a folder, the first time that this process writes there."""
    remove_stale([folder])
