"""Outputs that want the same name: refused, or told apart by the names of their inputs."""

from __future__ import annotations

import hashlib
import os
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from denoisectl.batch.failure_code import FailureCode
from denoisectl.batch.job import Job
from denoisectl.errors import UsageError

_SHOWN = 5  # names in an error message


def told_apart(jobs: tuple[Job, ...]) -> tuple[Job, ...]:
    """The jobs with names of their own for outputs that collide; all others keep theirs.

    A new name comes from the input alone, never from its number, so another run or another shard gives the
    same one: first the whole name of the input (`a.jpg.png` beside `a.png`), and where that is not enough
    (`x/a.jpg` and `y/a.jpg`) a digest of the path by which the input was named.
    """
    for rename in (_whole_name, _digested_name):
        jobs = _renamed(jobs, rename)
    return jobs


def refuse_collisions(jobs: tuple[Job, ...]) -> None:
    """Two inputs for one output would lose one of them.

    Raises:
        UsageError: there are such; the message lists them.
    """
    clashes = [
        f"{same[0].backup or same[0].target} from {_and(str(job.source) for job in same)}"
        for same in _colliding(jobs)
    ]
    if clashes and any(job.backup for job in jobs):
        reason = "two originals would be kept under one name; give each its own --backup folder, or a suffix"
        raise UsageError(listed(reason, clashes))
    if clashes:
        reason = "two inputs would become one output; run them apart, name a common --base folder, or give "
        raise UsageError(listed(f"{reason}--on-collision rename", clashes))


def fail_collisions(jobs: tuple[Job, ...]) -> tuple[Job, ...]:
    """The jobs, of which those that collide fail: a watched folder goes on with all others."""
    problems = {
        id(job): f"would become {job.target}, as would "
        f"{_and(str(other.source) for other in same if other is not job)}; rename one, or watch with "
        "--on-collision rename"
        for same in _colliding(jobs)
        for job in same
    }
    return tuple(
        job.failed(FailureCode.COLLISION, problems[id(job)]) if id(job) in problems else job for job in jobs
    )


def same_file_message(target: Path, other: Path) -> str:
    """Say that an output would take another one's place, on a disk that does not tell their names apart."""
    return (
        f"{target} and {other}, the result of another photo, are one file there, as on disks that take capital and "
        "small letters for the same; rename one of the photos, or choose another --out"
    )


def listed(message: str, names: Iterable[str]) -> str:
    """A message with the first few names below it."""
    names = list(names)
    more = [f"and {len(names) - _SHOWN} more"] if len(names) > _SHOWN else []
    return "\n  ".join([f"{message}:", *names[:_SHOWN], *more])


def _renamed(jobs: tuple[Job, ...], rename: Callable[[Job], Path | None]) -> tuple[Job, ...]:
    names = {id(job): rename(job) for same in _colliding(jobs) for job in same}
    return tuple(replace(job, target=names[id(job)]) if id(job) in names else job for job in jobs)


def _whole_name(job: Job) -> Path | None:
    target = job.target
    if target is None or target.suffix.lower() == job.relative.suffix.lower():
        return target
    # Between the input's stem and the output's ending stands the input's ending, and --suffix if there is one.
    return target.with_name(target.stem + job.relative.suffix + target.suffix)


def _digested_name(job: Job) -> Path | None:
    digest = hashlib.sha256(os.fsencode(job.source)).hexdigest()[:8]
    return job.target and job.target.with_name(f"{job.target.stem}-{digest}{job.target.suffix}")


def _colliding(jobs: tuple[Job, ...]) -> Iterator[list[Job]]:
    sources: dict[str, list[Job]] = defaultdict(list)
    for job in jobs:
        if place := job.backup or job.target:
            sources[os.path.normcase(place)].append(job)
    return (same for same in sources.values() if len(same) > 1)


def _and(names: Iterable[str]) -> str:
    names = list(names)
    more = [f"{len(names) - _SHOWN} more"] if len(names) > _SHOWN else []
    return " and ".join([*names[:_SHOWN], *more])
