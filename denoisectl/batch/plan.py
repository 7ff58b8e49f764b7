"""The plan: which input becomes which output, settled before anything is written."""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path, PurePath
from stat import S_ISDIR, S_ISREG

from denoisectl.batch.backup import Backup
from denoisectl.batch.collisions import fail_collisions, listed, refuse_collisions, told_apart
from denoisectl.batch.failure_code import FailureCode
from denoisectl.batch.identity import identity
from denoisectl.batch.job import Ignored, Job, Plan
from denoisectl.batch.selection import Found
from denoisectl.batch.shard import Shard
from denoisectl.errors import UsageError
from denoisectl.images import Format, is_raw_photo, sniff, stated
from denoisectl.images.formats import FOREIGN_SUFFIXES, HEAD, SUFFIXES, foreign_kind, refusal

_ENDINGS = SUFFIXES | FOREIGN_SUFFIXES


@dataclass(frozen=True, slots=True)
class Naming:
    """How outputs are called."""

    out: Path
    """The folder that outputs go to; or the output file, see `single`."""
    format: Format | None = None
    suffix: str = ""
    """Added to the stem: `a.jpg` becomes `a-clean.jpg`."""
    rename: bool = False
    """Whether outputs that collide get names of their own; else they are refused."""
    single: bool = False
    """Whether `out` is the output file itself."""
    backup: Backup | None = None
    """Outputs take their inputs' places, and originals go here; `out` counts for nothing then."""

    @property
    def kept(self) -> Path | None:
        """The folder for originals; None if there are none, or they stay beside their photos."""
        return self.backup.folder if self.backup else None

    def target(self, relative: PurePath, kind: Format) -> Path:
        """The output for an input of that place and kind; its name's ending always tells the truth."""
        if self.single:
            return self.out
        wanted = self.format or kind
        given = relative.suffix if relative.suffix.lower() in _ENDINGS else ""  # not the 15 of 2024.01.15
        ending = given if given.lower() in wanted.suffixes else wanted.default_suffix
        return self.out / relative.with_name(f"{relative.name.removesuffix(given)}{self.suffix}{ending}")


def make_plan(
    found: Iterable[Found],
    naming: Naming,
    shard: Shard | None = None,
    *,
    unfit: Callable[[Format], str] = lambda _: "",
    made_here: Callable[[Path], bool] = lambda _: False,
    watching: bool = False,
) -> Plan:
    """Map inputs to outputs, or refuse the whole of it.

    Args:
        found: the inputs.
        naming: how outputs are called.
        shard: the part of the plan that is wanted.
        unfit: why an input of that kind cannot become what is asked for; empty if it can.
        made_here: whether a file is a result of an earlier run into the same folder, and so no input.
        watching: nothing to do is no mistake, since there may be later; and what cannot be done fails by itself.

    Raises:
        UsageError: two inputs want one output, an output is an input, or there is nothing to do.
    """
    files = _each_once(found, naming)
    entries = [_entry(each, naming, unfit, made_here) for each in files]
    jobs = tuple(entry for entry in entries if isinstance(entry, Job))
    ignored = tuple(entry for entry in entries if isinstance(entry, Ignored))
    jobs = told_apart(jobs) if naming.rename else jobs
    if watching:
        jobs = _fail_overwriting(fail_collisions(jobs))
    else:
        _refuse_nothing(files, jobs)
        refuse_collisions(jobs)
        if not naming.backup:
            _refuse_overwriting(jobs)
    part = tuple(job for job in jobs if not shard or shard.takes(job.relative))
    return Plan(part, ignored)


def _each_once(found: Iterable[Found], naming: Naming) -> tuple[Found, ...]:
    """No file twice; one that is named stays so, wherever the folder that holds it stands."""
    files: dict[object, Found] = {}
    for each in found:
        place = _known_by(each, naming)
        if not (place in files and files[place].named):
            files[place] = each
    return tuple(files.values())


def _known_by(found: Found, naming: Naming) -> tuple[object, PurePath | str]:
    """The same for one file that was named twice, in two spellings; in place also by two ways to its folder."""
    if naming.backup:
        return identity(found.path.parent) or found.path.parent, found.path.name
    return os.path.abspath(found.path), found.relative  # noqa: PTH100


def _entry(
    found: Found, naming: Naming, unfit: Callable[[Format], str], made_here: Callable[[Path], bool]
) -> Job | Ignored:
    """The job for one file, unless it is no image and was not asked for by name."""
    job = Job(found.path, None, found.relative)
    if found.problem:
        return replace(job, problem=found.problem, code=FailureCode.UNREADABLE)
    if made_here(found.path):
        return replace(job, skip="is a result of an earlier run into this folder; give another --out for it")
    try:
        stat = found.path.stat()
        if S_ISDIR(stat.st_mode):
            return job.failed(FailureCode.NOT_AN_IMAGE, "is a folder, and a list names files")
        if not S_ISREG(stat.st_mode):
            return _no_file(found, job)  # not opened: a pipe would wait for its other end
        with found.path.open("rb") as file:
            head = file.read(HEAD)
            pixels = stated(file).pixels
            kind = sniff(head)
            if kind is Format.TIFF and not found.named and is_raw_photo(file):
                return Ignored(found.path, "a raw photo")
    except FileNotFoundError:
        if found.path.is_symlink():
            link = found.path.readlink()
            return job.failed(FailureCode.MISSING, f"is a link to {link}, which is not there; mend the link")
        return job.failed(FailureCode.MISSING, "no such file or folder; check the name")
    except OSError as error:
        return job.failed(FailureCode.UNREADABLE, f"cannot be read: {error.strerror}")
    job = replace(job, size=stat.st_size, mtime_ns=stat.st_mtime_ns, pixels=pixels)
    if kind and (reason := unfit(kind)):
        return job.failed(FailureCode.UNFIT, reason)
    if kind and naming.backup:
        return _replaced(job, found, naming.backup)
    if kind:
        return replace(job, target=naming.target(found.relative, kind))
    if found.named or found.path.suffix.lower() in SUFFIXES:
        return job.failed(FailureCode.NOT_AN_IMAGE, refusal(head))
    return Ignored(found.path, foreign_kind(head) or "")


def _no_file(found: Found, job: Job) -> Job | Ignored:
    """A pipe or a device is not taken for a photo; in a folder it is passed over."""
    if not found.named:
        return Ignored(found.path, "")
    way = f"send it in by stdin: denoisectl run - --out FILE < {shlex.quote(str(found.path))}"
    return job.failed(FailureCode.NOT_AN_IMAGE, f"is a pipe or a device; {way}")


def _replaced(job: Job, found: Found, backup: Backup) -> Job:
    """The job for a photo whose output takes its place. A link to a photo is not a photo."""
    if found.path.is_symlink():
        reason = f"is a link to {found.path.readlink()}; name that file to denoise it"
        if found.named:
            return job.failed(FailureCode.UNFIT, reason)
        return replace(job, target=found.path, skip=reason)
    return replace(job, target=found.path, backup=backup.place(found.path, found.relative))


def _refuse_nothing(files: tuple[Found, ...], jobs: tuple[Job, ...]) -> None:
    """A run without anything to do is a mistake in what was named."""
    if not files:
        raise UsageError(
            "nothing to do: no files were found; --recursive also looks into subfolders, --include and --exclude leave "
            "files out"
        )
    if not jobs:
        raise UsageError(
            f"nothing to do: no photos found, only other files ({len(files)}); --recursive also looks into subfolders"
        )
    if all(job.code in (FailureCode.MISSING, FailureCode.UNFIT) for job in jobs):
        raise UsageError(listed("nothing to do", (job.problem for job in jobs)))


def _refuse_overwriting(jobs: tuple[Job, ...]) -> None:
    if taken := [str(job.target) for job in _overwriting(jobs)]:
        reason = (
            "an output would overwrite an input; choose another --out, or another --suffix, or leave such "
        )
        raise UsageError(listed(f"{reason}inputs out with --exclude", taken))


def _fail_overwriting(jobs: tuple[Job, ...]) -> tuple[Job, ...]:
    taken = {id(job) for job in _overwriting(jobs)}
    return tuple(
        job.failed(FailureCode.COLLISION, f"would overwrite {job.target}, an input")
        if id(job) in taken
        else job
        for job in jobs
    )


def _overwriting(jobs: tuple[Job, ...]) -> Iterator[Job]:
    """Jobs whose output would stand where any input stands, under whatever name the two are reached."""
    inputs = {place for job in jobs if not job.skip and (place := identity(job.source))}
    for job in jobs:
        if job.target and identity(job.target) in inputs:
            yield job
