"""A named folder looked through for inputs: in natural order, without what earlier runs made or kept there."""

from __future__ import annotations

import os
import re
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path

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
from denoisectl.batch.selection import Found, Selection
from denoisectl.errors import UsageError
from denoisectl.images.formats import SUFFIXES


class Walk:
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
            if why := self._why_closed(link):
                self._notice(f"{link}: left out, it is a link to {why}")
            else:
                yield from self._visit(link)

    def _why_closed(self, link: Path) -> str:
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
            entries = self._look_into(folder)
        except OSError as error:
            yield self._unopened(
                folder, f"{folder}: cannot be looked into: {error.strerror}; mend its permissions"
            )
            return
        except UsageError as error:  # a journal that a later version wrote
            yield self._unopened(folder, str(error))
            return
        for entry in entries:
            path = folder / entry.name
            relative = path.relative_to(self._root)
            if _is_folder(entry):
                if self._selection.recursive and not self._selection.excludes(relative):
                    yield from self._enter(path, is_link=entry.is_symlink())
            elif path not in self._results and self._selection.takes(relative):
                yield Found(path, self._selection.place(path, self._root), named=False)
        if not self._selection.recursive:
            self._tell_not_entered(folder, entries)

    def _tell_not_entered(self, folder: Path, entries: list[os.DirEntry[str]]) -> None:
        """Photos in subfolders might be missed."""
        folders = [entry for entry in entries if _is_folder(entry) and not entry.is_symlink()]
        if missed := sum(self._holds_inputs(folder / entry.name) for entry in folders):
            which = "1 subfolder with photos is" if missed == 1 else f"{missed} subfolders with photos are"
            self._notice(f"{folder}: {which} not looked into; --recursive does that")

    def _holds_inputs(self, folder: Path) -> bool:
        """Whether files in a subfolder are called as photos are, and would be inputs if it were entered."""
        relative = folder.relative_to(self._root)
        left_out = identity(folder) == self._avoided or _holds_results_only(folder)
        if left_out or self._selection.excludes(relative):
            return False
        try:
            with os.scandir(folder) as found:  # as far as the first photo
                names = (entry.name for entry in found if not entry.name.startswith("."))
                photos = (name for name in names if Path(name).suffix.lower() in SUFFIXES)
                return any(self._selection.takes(relative / name) for name in photos)
        except OSError:
            return False

    def _unopened(self, folder: Path, problem: str) -> Found:
        return Found(folder, self._selection.place(folder, self._root), named=False, problem=problem)

    def _look_into(self, folder: Path) -> list[os.DirEntry[str]]:
        """What lies in a folder; what earlier runs left there is noted, and told."""
        lines = in_place_lines(folder)
        entries = _entries(folder, kept_originals(lines))
        made = _results_in(folder, self._avoided, is_root=folder == self._root)
        self._results.update(made)
        if made:
            self._notice(f"{folder}: results of an earlier run, in it or below, are left out ({len(made)})")
        if replaced_photos(lines) and not self._selection.in_place:
            self._notice(
                f"{folder}: photos in it were denoised in place by an earlier run. They are denoised once more now. To "
                "begin at their originals, restore those first: in place, with strength 0"
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
    return sorted(entries, key=lambda e: natural_order(e.name))


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


def natural_order(name: str) -> list[tuple[int, int, str]]:
    """Sort key that puts `img2` before `img10`."""
    parts = re.split(r"([0-9]+)", name)  # every second part is a number
    return [(0, int(part), "") if place % 2 else (1, 0, part) for place, part in enumerate(parts) if part]
