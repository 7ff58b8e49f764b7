"""What became of one input, and the sums of it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from denoisectl.batch.failure_code import FailureCode


class Status(StrEnum):
    """The three ends that an input can have."""

    OK = "ok"
    SKIPPED = "skipped"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class FileResult:
    """What became of one input file."""

    source: str
    """The input as the user would name it."""
    target: Path | None
    """The output's path; None when there is none to be."""
    status: Status
    backup: Path | None = None
    """Where the original is kept, if an output took its place, now or in an earlier run."""
    reason: str = ""
    """Why it was skipped or failed, in a sentence; or that it was not denoised but restored."""
    code: FailureCode | None = None
    """The kind of failure, for scripts."""
    width: int = 0
    height: int = 0
    bits: int = 0
    """Bits a channel in the file that was read."""
    milliseconds: dict[str, float] = field(default_factory=dict)
    """Time spent in `decode`, `infer` and `encode`; reading and writing belong to the codecs."""
    engine: dict[str, str | int] = field(default_factory=dict)
    """What it was made with: `device`, `precision`, `tile`, `tiles`, `self_ensemble`."""
    lost: tuple[str, ...] = ()
    """What the input held and the output's format cannot, in words."""
    fatal: bool = False
    """Whether every later file would fail the same way (a full disk)."""

    @property
    def megapixels(self) -> float:
        """Pixels of the image in millions."""
        return self.width * self.height / 1e6


@dataclass(slots=True)
class Tally:
    """The sums over the results seen so far."""

    planned: int
    counts: Counter[Status] = field(default_factory=Counter)
    failures: list[FileResult] = field(default_factory=list)
    megapixels: float = 0.0

    def add(self, result: FileResult) -> None:
        """Count one more result."""
        self.counts[result.status] += 1
        self.megapixels += result.megapixels
        if result.status is Status.FAILED:
            self.failures.append(result)

    @property
    def seen(self) -> int:
        """How many inputs have come to their end."""
        return self.counts.total()

    @property
    def remaining(self) -> int:
        """How many inputs were not reached."""
        return self.planned - self.seen
