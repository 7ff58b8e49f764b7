"""Outputs that take their inputs' places: where originals are kept, and what an earlier run has done already.

The order is what makes it safe: the output is written whole beside its target, the journal notes it, the
original gets its second name, and only then does the output take the first one. Whenever the process dies,
each name holds either the original or the whole output, and an output's original is under its second name.
An original that is kept is never written over.
"""

from __future__ import annotations

import errno
import filecmp
import os
from dataclasses import dataclass, field, replace
from pathlib import Path

from denoisectl.batch.earlier_results import photos_among_results
from denoisectl.batch.failure_code import FailureCode
from denoisectl.batch.identity import identity
from denoisectl.batch.job import Job, Plan
from denoisectl.batch.journal import Journal
from denoisectl.batch.journal_lines import Line
from denoisectl.batch.originals import holds_originals, is_marked
from denoisectl.batch.shard import Shard
from denoisectl.errors import UsageError
from denoisectl.whole_file import where_possible, write_whole

OWN_ORIGINAL = "it is its own original, and nothing is asked for that changes it"
"""Why a photo stays as it is."""


@dataclass(slots=True)
class InPlaceJournals:
    """The journals of folders whose photos were replaced: one beside the photos in each of them."""

    settings: str
    """Digest of this run's settings and model."""
    shard: Shard | None = None
    _open: dict[Path, Journal] = field(default_factory=dict)
    _problems: dict[Path, str] = field(default_factory=dict)

    def of(self, folder: Path) -> Journal:
        """The journal of one folder."""
        if folder not in self._open:
            self._open[folder] = Journal(folder, self.settings, self.shard, in_place=True)
        return self._open[folder]

    def problem_in(self, folder: Path) -> str:
        """Why nothing can be replaced in this folder; empty if it can."""
        if folder not in self._problems:
            self._problems[folder] = ""
            try:
                self.of(folder).check_writable()
            except UsageError as error:
                self._problems[folder] = str(error)
        return self._problems[folder]

    def record(self, job: Job, output: os.stat_result, data: bytes) -> None:
        """Note that this job's output, `data`, is about to take its input's place, with this size and time."""
        self.of(job.source.parent).record(job, output, data)


def mark_in_place(
    plan: Plan, journals: InPlaceJournals, kept: Path | None = None, *, restoring: bool = False
) -> Plan:
    """The plan with a reason to skip on what is done, and originals as the inputs of what is done again.

    Args:
        plan: of photos that their results replace.
        journals: what earlier runs did.
        kept: the folder for originals, if there is one.
        restoring: the settings change nothing, so originals come back, and a photo that is its own stays.

    Raises:
        UsageError: a backup would stand where an input stands, or photos in the folder for originals.
    """
    _refuse_backups_among_inputs(plan)
    if kept:
        _refuse_inputs_among_backups(plan, kept)
        _refuse_photos_among_originals(kept)
    jobs = (_settled(job, journals, restoring=restoring) if job.pending else job for job in plan.jobs)
    return replace(plan, jobs=tuple(jobs))


def _settled(job: Job, journals: InPlaceJournals, *, restoring: bool) -> Job:
    try:
        settled = _looked_at(job, journals)
        settled = _restored(settled) if restoring and settled.pending else settled
        problem = journals.problem_in(job.source.parent) if settled.pending else ""
        return _not_replaced(settled, problem) if problem else settled
    except UsageError as error:  # its folder's journal
        return _not_replaced(job, str(error))
    except OSError as error:
        problem = f"{job.source}: it or its original {job.backup} cannot be read: {error.strerror}"
        return replace(job, problem=problem, code=FailureCode.UNREADABLE)


def _restored(job: Job) -> Job:
    return replace(job, restored=True, again=False) if job.from_backup else replace(job, skip=OWN_ORIGINAL)


def _not_replaced(job: Job, problem: str) -> Job:
    return replace(job, problem=f"{job.source}: not replaced: {problem}", code=FailureCode.WRITE)


def keep_original(job: Job) -> None:
    """Give the original its second name, unless an earlier run did; what gives way must still be what was found.

    Raises:
        OSError: that cannot be done, something else bears that name, or somebody changed the photo meanwhile.
    """
    assert job.backup is not None
    now = job.source.stat()
    found = (job.replaced_size, job.replaced_mtime_ns) if job.from_backup else (job.size, job.mtime_ns)
    if (now.st_size, now.st_mtime_ns) != found:
        raise OSError(errno.EBUSY, "it was changed meanwhile; run again")
    if job.from_backup:
        return
    try:
        job.backup.parent.mkdir(parents=True, exist_ok=True)
        _second_name(job.source, job.backup, now)
        _flush_folder(job.backup.parent)
    except OSError as error:
        raise OSError(error.errno, f"its original is not kept as {job.backup}: {error.strerror}") from error


def _looked_at(job: Job, journals: InPlaceJournals) -> Job:
    """The job as it stands after earlier runs: skipped, begun at the original, refused, or as it is."""
    assert job.backup is not None
    journal = journals.of(job.source.parent)
    if job.source.name in journal.kept or holds_originals(job.source.parent):
        return replace(job, skip="it is the original of a denoised photo, kept by an earlier run")
    done = journal.line_of(job, job.source.stat())
    if not os.path.lexists(job.backup):
        return _kept_elsewhere(job, journal, done)
    if done is None and not _alike(job.source, job.backup):
        if journal.backup_of(job.source) is not None:
            return replace(job, skip=_changed(job.backup))
        problem = f"{job.source}: {job.backup} is there already and not its original; choose another --backup"
        return replace(job, problem=problem, code=FailureCode.WRITE)
    return _from_backup(job, job.backup, journal, "already done")


def _kept_elsewhere(job: Job, journal: Journal, done: Line | None) -> Job:
    """The same where no original lies in the place that this run has for it; `done` tells of the photo as it stands."""
    earlier = journal.backup_of(job.source)
    if earlier is not None and done is not None:
        return _from_backup(job, earlier, journal, f"already denoised; its original is {earlier}")
    if earlier is not None:
        return job if _alike(job.source, earlier) else replace(job, skip=_changed(earlier))
    if done is None or done.restored:
        return job
    return replace(job, skip=_original_gone(done, journal.settings))


def _from_backup(job: Job, backup: Path, journal: Journal, reason: str) -> Job:
    """The job with its original, which stays where it is kept, as the input; `reason` to skip it if nothing changed."""
    original, output = backup.stat(), job.source.stat()
    again = replace(
        job,
        backup=backup,
        size=original.st_size,
        mtime_ns=original.st_mtime_ns,
        from_backup=True,
        replaced_size=output.st_size,
        replaced_mtime_ns=output.st_mtime_ns,
    )
    if journal.made_alike(again, output):
        return replace(again, skip=reason)
    return replace(again, again=journal.made_otherwise(again, output))


def _original_gone(done: Line, settings: str) -> str:
    """Why a result stays; one of other settings is not what this run is asked for."""
    if done.settings == settings:
        return "already denoised; no original is left"
    return "denoised with other settings, and no original is left"


def _changed(backup: Path) -> str:
    return f"changed since it was denoised; {backup} keeps its original: move that to denoise this"


def _alike(one: Path, other: Path) -> bool:
    """Whether a run that was killed, or somebody who restored the original, left it under both names."""
    return other.is_file() and (one.samefile(other) or filecmp.cmp(one, other, shallow=False))


def _refuse_inputs_among_backups(plan: Plan, kept: Path) -> None:
    """The folder would be marked as one of originals, and no run would take a photo in it again."""
    real = Path(os.path.realpath(kept))  # for a link to itself, which is told later, `resolve` raises
    for folder in {job.source.parent for job in plan.jobs}:
        if folder.resolve().is_relative_to(real):
            raise UsageError(
                f"--backup {kept}: the photos in {folder} lie in that folder, which is to hold originals; choose "
                "one beside them, or a suffix such as .orig"
            )


def _refuse_backups_among_inputs(plan: Plan) -> None:
    """A folder of backups that holds inputs would make originals of one run the inputs of the next."""
    inputs = {place for job in plan.jobs if (place := identity(job.source.parent))}
    for job in plan.jobs:
        if job.backup and job.backup.name == job.source.name and identity(job.backup.parent) in inputs:
            raise UsageError(
                f"--backup: {job.backup.parent} is a folder of inputs; choose one outside, or a suffix such as "
                ".orig"
            )


def _refuse_photos_among_originals(kept: Path) -> None:
    """Photos in a folder that holds originals from now on would never be denoised."""
    if is_marked(kept):
        return
    try:
        photos = photos_among_results(kept)
    except OSError:  # told where the folder is made
        return
    if photos:
        raise UsageError(
            f"--backup {kept}: photos lie there already (the first is {photos[0]}), and the folder is to hold "
            "originals only; choose a new one, or a suffix such as .orig"
        )


def _second_name(source: Path, backup: Path, stat: os.stat_result) -> None:
    """A link where the disk has them, which neither copies nor writes over anything; else a copy."""

    def still_free(_: os.stat_result) -> None:
        if os.path.lexists(backup):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST))

    try:
        os.link(source, backup, follow_symlinks=False)
    except FileExistsError:
        raise
    except (OSError, NotImplementedError):
        write_whole(backup, source.read_bytes(), times_of=stat, mode_of=stat, before_rename=still_free)


def _flush_folder(folder: Path) -> None:
    """The second name has to be on the disk before the first one is given away."""
    if os.name == "posix":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            with where_possible():  # some network file systems flush files only
                os.fsync(descriptor)
        finally:
            os.close(descriptor)
