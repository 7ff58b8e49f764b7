"""From what the user named to the files that are meant, in an order that every run repeats.

Files, folders, quoted globs and lists become `Found` entries. What was named but is not there stays in the
list as a `Found` without a file, so that it can end as a failure and not as silence.
"""

from __future__ import annotations

import codecs
import glob
import os
import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path, PurePath

from denoisectl.batch.earlier_results import (
    held_photos,
    photos_among_results,
    results_as_made,
    results_beside_their_photos,
    results_of_runs_above,
)
from denoisectl.batch.identity import identity
from denoisectl.batch.journal_lines import JOURNAL_FOLDER, in_place_lines
from denoisectl.batch.originals import is_marked, kept_originals, replaced_photos
from denoisectl.errors import UsageError


@dataclass(frozen=True, slots=True)
class Found:
    """One input file."""

    path: Path
    relative: PurePath
    """Where it belongs under the output folder."""
    named: bool
    """Whether the user named this very file, rather than a folder that holds it."""
    problem: str = ""
    """Why it cannot be looked into, if it is a folder that cannot."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Which of the files inside named folders are meant."""

    recursive: bool = False
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    out: Path | None = None
    """The output folder; it is not entered."""
    base: Path | None = None
    """The folder from which results mirror the inputs' paths; None starts at each folder that was named."""
    in_place: bool = False
    """Whether photos are replaced. Links to folders are not entered then: photos there may be somebody else's."""
    more_to_come: bool = False
    """Whether inputs are watched: a glob may match nothing yet."""

    def place(self, path: Path, root: Path) -> PurePath:
        """Where the result of `path`, found in `root`, belongs under the output folder.

        Raises:
            UsageError: `base` is not above it.
        """
        if not self.base:
            return path.relative_to(root)
        if (relative := _relative(self.base, path)) is None:
            raise UsageError(
                f"--base {self.base}: {path} does not lie below it; name a folder that it lies in"
            )
        return relative

    def takes(self, relative: PurePath) -> bool:
        """Whether the globs let this file through; a glob without a slash looks at the name alone."""
        if self.include and not any(_matches(relative, pattern) for pattern in self.include):
            return False
        return not self.excludes(relative)

    def excludes(self, relative: PurePath) -> bool:
        """Whether this file, or this folder with all that is in it, is left out."""
        return any(_matches(relative, pattern.rstrip("/")) for pattern in self.exclude)


def find(
    inputs: Iterable[str], selection: Selection, notice: Callable[[str], None] = lambda _: None
) -> Iterator[Found]:
    """Yield the files that `inputs` mean: files, folders, and globs that the shell left alone.

    Args:
        inputs: what the user named.
        selection: which files inside folders are meant.
        notice: told what was left out on purpose and might be missed.

    Raises:
        UsageError: a glob matches nothing, and nothing more is to come.
    """
    for name in inputs:
        path = Path(name)
        if os.path.isdir(path):  # noqa: PTH112 - pathlib's raises where a name is too long
            yield from _Walk(path, selection, notice)
        elif os.path.lexists(path) or not glob.has_magic(name):
            yield Found(path, selection.place(path, path.parent), named=True)
        else:
            matches = _matching(name)
            if not matches and not selection.more_to_come:
                raise UsageError(f"{name}: no file matches this pattern")
            yield from find(matches, selection, notice)


def _matching(pattern: str) -> list[str]:
    """What a glob means, in natural order; a folder that a link leads back to is looked into once."""
    found = glob.glob(pattern, recursive=True)  # noqa: PTH207 - Path.glob takes no absolute patterns
    ways: dict[str, str] = {}
    for name in sorted(found, key=len):
        folder, file = os.path.split(name.rstrip(os.sep))
        ways.setdefault(os.path.join(os.path.realpath(folder), file), name)  # noqa: PTH118 - as glob gave them
    return sorted(ways.values(), key=_natural)


def read_list(data: bytes, *, null: bool, base: Path) -> Iterator[Found]:
    """Yield the files of a list, one a line, or one before each NUL; each keeps its path below `base`.

    Raises:
        UsageError: a NUL where lines were expected, or lines where NULs were.
    """
    if not null and b"\0" in data:
        raise UsageError("--files-from: the list holds NUL; add -0 if names end so, or name a text file")
    if null and b"\n" in data and b"\0" not in data:
        raise UsageError("--files-from: the list holds no NUL; leave out -0 if names end with their line")
    if not null:
        data = data.removeprefix(codecs.BOM_UTF8)  # editors on Windows begin with it
    for entry in data.split(b"\0" if null else b"\n"):
        name = os.fsdecode(entry if null else entry.rstrip(b"\r"))
        if name:
            yield Found(Path(name), _relative(base, Path(name)) or PurePath(Path(name).name), named=True)


def _relative(base: Path, path: Path) -> PurePath | None:
    # Not `resolve`: a link stands for the place where it is, not for the one it points to.
    absolute, root = Path(os.path.abspath(path)), Path(os.path.abspath(base))  # noqa: PTH100
    return absolute.relative_to(root) if absolute.is_relative_to(root) else None


class _Walk:
    """Files below `root` in natural order; hidden ones and the output folder are left out.

    Links to folders come last, so that a photo is found in its own place, and each folder is entered once.
    """

    def __init__(self, root: Path, selection: Selection, notice: Callable[[str], None]) -> None:
        self._root, self._selection, self._notice = root, selection, notice
        self._avoided = identity(selection.out) if selection.out else None
        self._seen: set[tuple[int, int]] = set()
        self._results: set[Path] = set()
        self._links: deque[Path] = deque()

    def __iter__(self) -> Iterator[Found]:
        yield from self._visit(self._root)
        while self._links:
            link = self._links.popleft()
            if why := self._closed(link):
                self._notice(f"{link}: left out, it is a link to {why}")
            else:
                yield from self._visit(link)

    def _closed(self, link: Path) -> str:
        """Where a link to a folder leads, if it is not entered; else empty."""
        if self._selection.in_place:
            return f"{link.readlink()}; name that folder to replace its photos"
        if self._root.resolve().is_relative_to(link.resolve()):
            return f"a folder that {self._root} is in"
        return "a folder that is looked into already" if identity(link) in self._seen else ""

    def _visit(self, folder: Path) -> Iterator[Found]:
        here = identity(folder)
        if here is None or here in self._seen:
            return
        if here == self._avoided and folder != self._root:
            if not self._selection.in_place:  # for originals such a folder is refused
                _tell_photos(folder, self._notice)
            return
        self._seen.add(here)
        try:
            entries = self._entries(folder)
        except OSError as error:
            yield self._closed_folder(
                folder, f"{folder}: cannot be looked into: {error.strerror}; mend its permissions"
            )
            return
        except UsageError as error:  # a journal that a later version wrote
            yield self._closed_folder(folder, str(error))
            return
        for entry in entries:
            path = folder / entry.name
            relative = path.relative_to(self._root)
            if _is_folder(entry):
                if self._selection.recursive and not self._selection.excludes(relative):
                    yield from self._enter(path, is_link=entry.is_symlink())
            elif path not in self._results and self._selection.takes(relative):
                yield Found(path, self._selection.place(path, self._root), named=False)

    def _closed_folder(self, folder: Path, problem: str) -> Found:
        return Found(folder, self._selection.place(folder, self._root), named=False, problem=problem)

    def _entries(self, folder: Path) -> list[os.DirEntry[str]]:
        """What lies in a folder; tells of what earlier runs left there."""
        lines = in_place_lines(folder)
        entries = _entries(folder, kept_originals(lines))
        made = _results_in(folder, self._avoided, is_root=folder == self._root)
        self._results.update(made)
        if made:
            self._notice(
                f"{folder}: {len(made)} files in it or below are left out, results of an earlier run"
            )
        if replaced_photos(lines) and not self._selection.in_place:
            self._notice(
                f"{folder}: photos in it were denoised in place by an earlier run, and go through once more; take the "
                "originals that it kept to begin at those"
            )
        return entries

    def _enter(self, folder: Path, *, is_link: bool) -> Iterator[Found]:
        if _holds_results_only(folder) and identity(folder) != self._avoided:
            self._notice(
                f"{folder}: left out, it holds results or originals of an earlier run; name it to denoise those"
            )
        elif is_link:
            self._links.append(folder)
        else:
            yield from self._visit(folder)


def _results_in(folder: Path, avoided: tuple[int, int] | None, *, is_root: bool) -> frozenset[Path]:
    """Results of earlier runs in or below a folder; of the one that was named, those whose photos are there, too.

    Those of the very folder that this run writes to are skipped one by one.

    Raises:
        OSError: a journal cannot be read.
    """
    look = results_beside_their_photos if is_root else results_as_made
    own = look(folder) if identity(folder) != avoided else frozenset[Path]()
    if not (is_root or folder.is_symlink()):  # the walk has been in the folders above
        return own
    return own.union(*results_of_runs_above(folder, avoided))


def _entries(folder: Path, left_out: frozenset[str]) -> list[os.DirEntry[str]]:
    """What lies in a folder, in natural order, but for what is hidden or kept by earlier runs."""
    with os.scandir(folder) as found:
        entries = [e for e in found if not e.name.startswith(".") and e.name not in left_out]
    return sorted(entries, key=lambda e: _natural(e.name))


def _is_folder(entry: os.DirEntry[str]) -> bool:
    """Links in a circle, and links into folders that are closed, are none: they fail as files that cannot be read."""
    try:
        return entry.is_dir()
    except OSError:
        return False


def _holds_results_only(folder: Path) -> bool:
    """Whether earlier runs had results, or kept originals, there and not among their photos or others."""
    if not os.path.isdir(folder / JOURNAL_FOLDER):  # noqa: PTH112 - pathlib's raises where permission is missing
        return False
    try:
        return is_marked(folder) or not (held_photos(folder) or photos_among_results(folder))
    except (OSError, UsageError):  # entered, and told there
        return False


def _tell_photos(folder: Path, notice: Callable[[str], None]) -> None:
    """Photos where this run puts results might be missed."""
    try:
        photos = photos_among_results(folder)
    except OSError:  # told where the folder is used
        return
    if photos:
        notice(
            f"{folder}: left out, this run writes there; images in it that are no results: {len(photos)}, the first is "
            f"{photos[0]}"
        )


def _matches(relative: PurePath, pattern: str) -> bool:
    return fnmatch(relative.as_posix() if "/" in pattern else relative.name, pattern)


def _natural(name: str) -> list[tuple[int, int, str]]:
    """Sort key that puts `img2` before `img10`."""
    parts = re.split(r"([0-9]+)", name)  # every second part is a number
    return [(0, int(part), "") if place % 2 else (1, 0, part) for place, part in enumerate(parts) if part]
