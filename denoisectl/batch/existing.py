"""What is to be done about outputs that are already there."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import replace
from enum import StrEnum
from pathlib import Path

from denoisectl.batch.collisions import same_file_message
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
    owners = _owners(zip(plan.jobs, stats, strict=True), journal)
    jobs = (
        _looked_at(job, stat, if_exists, journal, owners.get((stat.st_dev, stat.st_ino), job))
        if stat
        else job
        for job, stat in zip(plan.jobs, stats, strict=True)
    )
    return replace(plan, jobs=tuple(jobs))


def _owners(
    outputs: Iterable[tuple[Job, os.stat_result | None]], journal: Journal | None
) -> dict[tuple[int, int], Job]:
    """Whose each output is that is there: some disks have one file for `a.png` and `A.PNG`."""
    owners: dict[tuple[int, int], Job] = {}
    for job, stat in outputs:
        if stat and stat.st_nlink == 1:  # links were made on purpose
            first = owners.setdefault((stat.st_dev, stat.st_ino), job)
            known = first is not job and journal and journal.made_alike(job, stat) is not None
            if known or (first is not job and _is_link(first)):
                owners[stat.st_dev, stat.st_ino] = job
    return owners


def _is_link(job: Job) -> bool:
    return bool(job.target and job.target.is_symlink())


def _looked_at(
    job: Job, output: os.stat_result, if_exists: IfExists, journal: Journal | None, owner: Job
) -> Job:
    alias = owner is not job and if_exists is not IfExists.OVERWRITE and not _is_link(job)
    if alias and job.target and owner.target:
        problem = f"{job.source}: {same_file_message(job.target, owner.target)}"
        return replace(job, problem=problem, code=FailureCode.COLLISION)
    reason = _reason_to_skip(job, output, if_exists, journal)
    if reason or job.problem or journal is None or if_exists is not IfExists.SKIP:
        return replace(job, skip=reason)
    if other := journal.made_from_another(job, output):
        problem = (
            f"{job.source}: {job.target} is there already and was made from another photo, {other}; choose another "
            "--out, or --if-exists overwrite"
        )
        return replace(job, problem=problem, code=FailureCode.COLLISION)
    return replace(job, again=journal.made_otherwise(job, output))


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
