"""What `Denoiser.file`, `folder` and `in_place` do: the runs of the command line, for programs and notebooks."""

from __future__ import annotations

import logging
import os
from collections.abc import Generator, Iterable, Sequence
from pathlib import Path, PurePath

from denoisectl.batch.backup import Backup
from denoisectl.batch.destination import Destination
from denoisectl.batch.existing import IfExists
from denoisectl.batch.identity import identity
from denoisectl.batch.inputs import find
from denoisectl.batch.job import kinds_of
from denoisectl.batch.plan import Naming
from denoisectl.batch.process import Digested
from denoisectl.batch.result import FileResult, Status
from denoisectl.batch.run_plan import Resources, run_plan
from denoisectl.batch.selection import Found, Selection
from denoisectl.batch.settings import Settings
from denoisectl.choices import IfExistsName
from denoisectl.errors import ImageError, UsageError
from denoisectl.images import Format
from denoisectl.images.formats import SUFFIXES

_log = logging.getLogger("denoisectl")


def denoise_file(
    denoiser: Digested,
    source: str | Path,
    target: str | Path,
    *,
    settings: Settings | None = None,
    if_exists: IfExistsName = "error",
) -> FileResult:
    """Denoise one image file: `Denoiser.file` says more.

    Raises:
        ImageError: the image cannot be read, denoised or written; nothing is left behind.
        UsageError: there is no such file, one of the two is a folder, the target exists, is the source or has no
            format's ending, or its folder is not writable.
    """
    _refuse_nul(source, target)
    source, target = Path(source), Path(target)
    for path in (source, target):
        if os.path.isdir(path):  # noqa: PTH112 - pathlib's raises where a name is too long
            raise UsageError(f"{path}: is a folder; name a file, or use `Denoiser.folder`")
    if target.suffix.lower() not in SUFFIXES:
        kinds = ", ".join(kind.default_suffix for kind in Format)
        raise UsageError(f"{target}: its ending is to say its format; give one of {kinds}")
    if (place := identity(source)) and place == identity(target):
        raise UsageError(f"{target}: is the source; name another target, or use `Denoiser.in_place`")
    if if_exists == "error" and os.path.exists(target):  # noqa: PTH110 - pathlib's raises where a name is too long
        raise UsageError(f'{target} exists already; if_exists="overwrite" replaces it, "skip" leaves it')
    destination = Destination(Naming(target, single=True), settings or Settings(), lambda: denoiser.digest)
    found = [Found(source, PurePath(source.name), named=True)]  # whatever its name is made of
    plan = destination.plan(found, IfExists(if_exists))
    destination.prepare(plan)
    (result,) = run_plan(denoiser, plan, destination.settings)
    if result.status is Status.FAILED:
        raise ImageError(result.reason)
    return result


def denoise_folder(
    denoiser: Digested,
    folder: str | Path,
    out: str | Path,
    *,
    recursive: bool = False,
    include: str | Sequence[str] = (),
    exclude: str | Sequence[str] = (),
    settings: Settings | None = None,
    if_exists: IfExistsName = "skip",
    rename: bool = False,
    resources: Resources | None = None,
) -> Generator[FileResult, None, None]:
    """Denoise the photos in a folder, yielding what became of each, in order: `Denoiser.folder` says more.

    Raises:
        UsageError: nothing to denoise, outputs that collide or exist, or `out` cannot be written.
    """
    _refuse_nul(folder, out)
    out, settings = Path(out), settings or Settings()
    _check_folder(folder)
    selection = Selection(recursive, _globs(include), _globs(exclude), out)
    naming = Naming(out, settings.format, rename=rename)
    destination = Destination(naming, settings, lambda: denoiser.digest)
    return _run(
        denoiser, destination, find([str(folder)], selection, _log.warning), IfExists(if_exists), resources
    )


def denoise_in_place(
    denoiser: Digested,
    folder: str | Path,
    backup: str | Path,
    *,
    recursive: bool = False,
    include: str | Sequence[str] = (),
    exclude: str | Sequence[str] = (),
    settings: Settings | None = None,
    resources: Resources | None = None,
) -> Generator[FileResult, None, None]:
    """Put denoised photos in their own places, yielding what became of each: `Denoiser.in_place` says more.

    Raises:
        UsageError: nothing to denoise, or a backup that would stand among the inputs or cannot be written.
    """
    _refuse_nul(folder, backup)
    kept = Backup(folder=backup) if isinstance(backup, Path) else Backup.parse(backup)
    _check_folder(folder)
    selection = Selection(
        recursive, _globs(include), (*_globs(exclude), *kept.globs), kept.folder, in_place=True
    )
    naming = Naming(Path(), backup=kept)
    destination = Destination(naming, settings or Settings(), lambda: denoiser.digest)
    return _run(denoiser, destination, find([str(folder)], selection, _log.warning), IfExists.SKIP, resources)


def _run(
    denoiser: Digested,
    destination: Destination,
    found: Iterable[Found],
    if_exists: IfExists,
    resources: Resources | None,
) -> Generator[FileResult, None, None]:
    plan = destination.plan(found, if_exists)
    if kinds := kinds_of(plan.ignored):
        _log.warning("passed over, since such photos are not read: %s", kinds)
    destination.prepare(plan)
    return run_plan(denoiser, plan, destination.settings, destination.record, resources or Resources())


def _globs(given: str | Sequence[str]) -> tuple[str, ...]:
    """One glob or several: a string is a sequence too, of letters."""
    return (given,) if isinstance(given, str) else tuple(given)


def _check_folder(folder: str | Path) -> None:
    if os.path.isfile(folder):  # noqa: PTH113 - pathlib's raises where a name is too long
        raise UsageError(f"{folder}: is a file; name a folder, or use `Denoiser.file`")
    try:
        os.stat(folder)  # noqa: PTH116 - tells why it is no folder
    except FileNotFoundError:
        raise UsageError(f"{folder}: no such folder; check the name") from None
    except OSError as error:
        raise UsageError(
            f"{folder}: cannot be looked into: {error.strerror}; mend that, or check the name"
        ) from None


def _refuse_nul(*names: str | Path) -> None:
    for name in map(str, names):
        if "\0" in name:
            raise UsageError(f"{name!r}: no file has NUL in its name; check where it comes from")
