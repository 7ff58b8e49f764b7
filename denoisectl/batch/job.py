"""What a plan is made of: jobs, and the files that it passes over."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable
from dataclasses import dataclass, replace
from pathlib import Path, PurePath

from denoisectl.batch.failure_code import FailureCode


@dataclass(frozen=True, slots=True)
class Job:
    """One input and what is to become of it."""

    source: Path
    target: Path | None
    """None when the input cannot be an image; `problem` says why."""
    relative: PurePath
    size: int = 0
    """Bytes of the input file."""
    mtime_ns: int = 0
    """When the input was last changed."""
    pixels: int = 0
    """Pixels of the input, as its header states them; 0 where that cannot be read."""
    backup: Path | None = None
    """Where the original is kept, if the output takes its place."""
    from_backup: bool = False
    """Whether that original is the input: an earlier run has put an output in its place."""
    replaced_size: int = 0
    """Bytes of that output; `size` is the original's."""
    replaced_mtime_ns: int = 0
    """When that output was last changed; `mtime_ns` is the original's."""
    problem: str = ""
    """Why it fails without being tried."""
    code: FailureCode | None = None
    """The same for scripts."""
    skip: str = ""
    """Why it need not be done."""
    restored: bool = False
    """Whether that original takes its own place again, as it is."""
    again: bool = False
    """Whether an earlier run did it, with another model or other settings."""

    @property
    def pending(self) -> bool:
        """Whether there is work to be done for it."""
        return not (self.problem or self.skip)

    def failed(self, code: FailureCode, why: str) -> Job:
        """This job as one that fails without being tried."""
        return replace(self, target=None, problem=f"{self.source}: {why}", code=code)

    @property
    def original(self) -> Path:
        """The file that is read."""
        return self.backup if self.backup and self.from_backup else self.source


@dataclass(frozen=True, slots=True)
class Ignored:
    """A file that a run passes over."""

    path: Path
    kind: str
    """What it is, if it is an image of a kind that is not read: `a HEIC image`; else empty."""


def kinds_of(ignored: Iterable[Ignored]) -> str:
    """Photos of kinds that are not read, with their numbers: `a GIF image, 2 HEIC images`; empty if there are none."""
    kinds = Counter(file.kind for file in ignored if file.kind)
    return ", ".join(
        f"{count} {kind.partition(' ')[2]}s" if count > 1 else kind for kind, count in kinds.items()
    )


@dataclass(frozen=True, slots=True)
class Plan:
    """Every input that a run has to answer for, in order."""

    jobs: tuple[Job, ...]
    ignored: tuple[Ignored, ...] = ()
    """Files inside named folders that are no images of ours and do not claim to be."""

    @property
    def pending(self) -> tuple[Job, ...]:
        """The jobs for which there is work to be done."""
        return tuple(job for job in self.jobs if job.pending)

    def only(self, sources: Container[Path]) -> Plan:
        """The part of the plan that concerns these inputs."""
        return replace(self, jobs=tuple(job for job in self.jobs if job.source in sources))

    def folders(self) -> set[Path]:
        """The folders that outputs, and the originals of outputs, go to."""
        files = (file for job in self.jobs for file in (job.target, job.backup) if file)
        return {file.parent for file in files}
