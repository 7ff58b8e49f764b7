"""What is to be done about outputs that are already there."""

from __future__ import annotations

import os
from dataclasses import replace
from enum import StrEnum
from pathlib import Path

from denoisectl.batch.failure_code import FailureCode
from denoisectl.batch.job import Job, Plan
from denoisectl.batch.journal import Journal
from denoisectl.errors import UsageError


class IfExists(StrEnum):
    """What to do with an input whose output is already there."""

    SKIP = "skip"
    """Leave it, unless this tool made it from an input, settings or a model that have changed since."""
    OVERWRITE = "overwrite"
    """Make it again."""
    ERROR = "error"
    """Refuse the run before anything is written."""
    NEWER = "newer"
    """Make it again if the input was changed after it."""

    @classmethod
    def _missing_(cls, value: object) -> None:
        raise UsageError(f"if_exists {value!r}: give one of {', '.join(cls)}")


def mark_done(plan: Plan, if_exists: IfExists, journal: Journal | None = None) -> Plan:
    """The plan with a reason to skip on every job that need not be done.

    Raises:
        UsageError: `if_exists` is `ERROR` and an output exists.
    """
    stats = [_stat(job.target) for job in plan.jobs]
    if if_exists is IfExists.ERROR:
        _refuse([job.target for job, stat in zip(plan.jobs, stats, strict=True) if stat])
    jobs = (
        _looked_at(job, stat, if_exists, journal) if stat else job
        for job, stat in zip(plan.jobs, stats, strict=True)
    )
    return replace(plan, jobs=tuple(jobs))


def _looked_at(job: Job, output: os.stat_result, if_exists: IfExists, journal: Journal | None) -> Job:
    reason = _reason_to_skip(job, output, if_exists, journal)
    if reason or job.problem or journal is None or if_exists is not IfExists.SKIP:
        return replace(job, skip=reason)
    if other := journal.made_from_another(job, output):
        problem = (
            f"{job.source}: {job.target} is there already and was made from another photo, {other}; choose another "
            "--out, or --overwrite"
        )
        return replace(job, problem=problem, code=FailureCode.COLLISION)
    return job


def _refuse(existing: list[Path | None]) -> None:
    if existing:
        others = f" (and {len(existing) - 1} more)" if len(existing) > 1 else ""
        raise UsageError(
            f"{existing[0]}{others} exists already; --if-exists overwrite replaces it, skip leaves it"
        )


def _reason_to_skip(job: Job, output: os.stat_result, if_exists: IfExists, journal: Journal | None) -> str:
    if if_exists is IfExists.OVERWRITE:
        return ""
    if if_exists is IfExists.NEWER:
        return "" if job.mtime_ns > output.st_mtime_ns else "the output is newer than the input"
    if journal is None:
        return "the output exists; --if-exists overwrite replaces it"
    made_alike = journal.made_alike(job, output)
    if made_alike is None:
        return "the output exists, and not from this tool as it stands; --if-exists overwrite replaces it"
    return "already done" if made_alike else ""


def _stat(path: Path | None) -> os.stat_result | None:
    try:
        return path.stat() if path else None
    except OSError:
        return None
