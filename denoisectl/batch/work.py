"""What the three stages do with one file. What concerns that file alone becomes its result, not an error."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from denoisectl.batch.budget import Budget
from denoisectl.batch.collisions import same_file_message
from denoisectl.batch.estimate import working_bytes
from denoisectl.batch.failure_code import FailureCode
from denoisectl.batch.identity import identity
from denoisectl.batch.in_place import OWN_ORIGINAL, keep_original
from denoisectl.batch.job import Job
from denoisectl.batch.one_image import denoised, loaded
from denoisectl.batch.process import Process
from denoisectl.batch.result import FileResult, Status
from denoisectl.batch.settings import Settings
from denoisectl.errors import ImageError
from denoisectl.images import Photo, encode, losses
from denoisectl.whole_file import DISK_IS_DONE, write_whole


class Failure(Exception):  # noqa: N818 - an end that one input can have, not an error of the program
    """This file comes to no output: `code` for scripts, the message for people."""

    def __init__(self, code: FailureCode, message: str, *, fatal: bool = False) -> None:
        """Say what happened; `fatal` if every later file would fail the same way."""
        super().__init__(message)
        self.code = code
        self.fatal = fatal


@dataclass(slots=True)
class Work:
    """One file on its way through the stages; `result` is set once nothing more is to be done for it."""

    place: int
    job: Job
    photo: Photo | None = None
    copy: bytes | None = None
    """The input file, if the output is to be just that."""
    stat: os.stat_result | None = None
    """Of the input file when it was read; it may be gone by the time the output is written."""
    result: FileResult | None = None
    milliseconds: dict[str, float] = field(default_factory=dict)
    engine: dict[str, str | int] = field(default_factory=dict)
    lost: tuple[str, ...] = ()

    @property
    def restored(self) -> bool:
        """Whether an original takes its own place again, as it is."""
        return self.job.from_backup and self.copy is not None

    def end(
        self, status: Status, reason: str = "", code: FailureCode | None = None, *, fatal: bool = False
    ) -> None:
        """Settle what became of the file, and let go of its pixels."""
        job, photo = self.job, self.photo
        self.photo = self.copy = None
        self.result = FileResult(
            source=str(job.source),
            target=job.target,
            backup=job.backup if status is Status.OK or job.from_backup else None,
            status=status,
            reason=reason,
            code=code,
            width=photo.width if photo else 0,
            height=photo.height if photo else 0,
            bits=photo.origin.bits if photo else 0,
            milliseconds=self.milliseconds,
            engine=self.engine,
            lost=self.lost,
            fatal=fatal,
        )

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Add to a stage's time; a `Failure` inside it ends the file."""
        start = time.perf_counter()
        try:
            yield
        except Failure as failure:
            self.end(Status.FAILED, str(failure), failure.code, fatal=failure.fatal)
        spent = self.milliseconds.get(name, 0.0) + 1000 * (time.perf_counter() - start)
        self.milliseconds[name] = round(spent, 1)


class Worker:
    """The stages of a run, which share its settings and its memory."""

    def __init__(
        self,
        process: Process | None,
        settings: Settings,
        budget: Budget,
        *,
        record: Callable[[Job, os.stat_result, bytes], None] | None = None,
    ) -> None:
        """Set up; nothing is opened or read yet.

        Args:
            process: shared by the whole run; None if all that is pending is restored.
            settings: what is done to every image.
            budget: memory for pixels.
            record: told of every output before it gets its name, with its status and content.
        """
        self._process = process
        self._settings = settings
        self._budget = budget
        self._record = record
        self._made: dict[tuple[int, int], Path] = {}
        """The results so far, by what they are on their disk."""
        self._renaming = threading.Lock()

    def read(self, ticket: tuple[int, Job]) -> Work:
        """Stage one: from a job and its place in the plan to an image in memory."""
        work = Work(*ticket)
        job, size = work.job, 0
        if job.problem:
            work.end(Status.FAILED, job.problem, job.code)
        elif job.skip:
            work.end(Status.SKIPPED, job.skip)
        else:
            with work.stage("decode"), _readable(job), job.original.open("rb") as file:
                size = working_bytes(file) * self._settings.widening
        self._budget.take(work.place, size)
        if work.result is None:
            with work.stage("decode"):
                self._load(work)
        return work

    def infer(self, work: Work) -> Work:
        """Stage two: denoise the pixels. Errors of the device or the model are everybody's, and pass."""
        if work.photo is not None and work.copy is None:
            with work.stage("infer"):
                work.photo = self._denoised(work, work.photo)
        return work

    def write(self, work: Work) -> FileResult:
        """Stage three: encode, write under the final name, and give the memory back."""
        try:
            if work.photo is not None:
                with work.stage("encode"):
                    self._put(work, self._encoded(work, work.photo))
            if work.result is None:
                work.end(Status.OK, f"restored from {work.job.backup}" if work.restored else "")
        finally:
            self._budget.give_back(work.place)
        assert work.result is not None
        return work.result

    def _load(self, work: Work) -> None:
        job = work.job
        with _readable(job):
            work.stat = job.original.stat()
            data = job.original.read_bytes()
        with _blamed_on(job, FailureCode.DECODE):
            work.photo = loaded(data, self._settings, name=str(job.source))
            work.copy = data if self._settings.copies(work.photo) else None
        if work.copy is not None and job.backup and not job.from_backup:
            work.end(Status.SKIPPED, OWN_ORIGINAL)

    def _denoised(self, work: Work, photo: Photo) -> Photo:
        process = self._process
        assert process is not None
        try:
            clean = denoised(process, photo, self._settings, name=str(work.job.source))
        except ImageError as error:
            raise Failure(FailureCode.INFERENCE, str(error)) from None
        work.engine = process.facts(photo.height, photo.width)
        work.lost = losses(clean, format=self._settings.format)
        return clean

    def _encoded(self, work: Work, photo: Photo) -> bytes:
        if work.copy is not None:
            return work.copy
        with _blamed_on(work.job, FailureCode.ENCODE):
            data = encode(photo, format=self._settings.format, quality=self._settings.quality)
        return data

    def _put(self, work: Work, data: bytes) -> None:
        job, original = work.job, work.stat
        assert job.target is not None and original is not None
        try:
            with ExitStack() as until_renamed:
                write_whole(
                    job.target,
                    data,
                    times_of=original if self._settings.preserve_times or work.restored else None,
                    # Others may see no more of a result than of its photo.
                    new_mode=0o600 | (original.st_mode & 0o666),
                    before_rename=partial(self._before_rename, job, data, until_renamed),
                )
        except OSError as error:
            fatal = error.errno in DISK_IS_DONE
            raise Failure(
                FailureCode.WRITE, f"{job.target}: cannot be written: {error.strerror}", fatal=fatal
            ) from None

    def _before_rename(self, job: Job, data: bytes, until_renamed: ExitStack, output: os.stat_result) -> None:
        if not job.backup:
            until_renamed.enter_context(self._renaming)
            self._tell_from_others(job, output)
        if self._record:
            self._record(job, output, data)
        if job.backup:
            keep_original(job)

    def _tell_from_others(self, job: Job, output: os.stat_result) -> None:
        """Where `a.png` and `A.PNG` are one file, the second result would take the place of the first."""
        assert job.target is not None
        there = identity(job.target, follow_symlinks=False)
        if there in self._made:
            raise Failure(
                FailureCode.COLLISION, f"{job.source}: {same_file_message(job.target, self._made[there])}"
            )
        self._made[output.st_dev, output.st_ino] = job.target


@contextmanager
def _readable(job: Job) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise Failure(FailureCode.UNREADABLE, f"{job.source}: cannot be read: {error.strerror}") from None
    except MemoryError:
        raise Failure(
            FailureCode.UNREADABLE, f"{job.source}: cannot be read: there is not enough memory for it"
        ) from None


@contextmanager
def _blamed_on(job: Job, code: FailureCode) -> Iterator[None]:
    """A codec that trips over one file in whatever way costs that file, never the run."""
    try:
        yield
    except ImageError as error:
        # A decoder names the file, an encoder does not know it.
        named = str(error).startswith(str(job.source))
        raise Failure(code, str(error) if named else f"{job.source}: {error}") from None
    except Exception as error:
        message = f"{job.source}: {code} failed unexpectedly ({type(error).__name__}: {error})"
        raise Failure(code, message) from error
