"""From what the user named to the files that are meant, in an order that every run repeats.

Files, folders, quoted globs and lists become `Found` entries. What was named but is not there stays in the
list as a `Found` without a file, so that it can end as a failure and not as silence.
"""

from __future__ import annotations

import codecs
import glob
import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path, PurePath

from denoisectl.batch.selection import Found, Selection, path_below
from denoisectl.batch.walk import Walk, natural_order
from denoisectl.errors import UsageError


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
            yield from Walk(path, selection, notice)
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
    return sorted(ways.values(), key=natural_order)


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
            yield Found(Path(name), path_below(base, Path(name)) or PurePath(Path(name).name), named=True)
