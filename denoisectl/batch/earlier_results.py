"""Results of earlier runs, by the journals that those runs left: no run denoises them once more unasked."""

from __future__ import annotations

import os
from bisect import bisect_left
from collections.abc import Iterator
from functools import lru_cache
from itertools import chain
from pathlib import Path

from denoisectl.batch.identity import identity
from denoisectl.batch.journal_lines import JOURNAL_FOLDER, Line, whole_lines
from denoisectl.errors import UsageError
from denoisectl.images.formats import SUFFIXES


def results_as_made(folder: Path) -> frozenset[Path]:
    """Files in `folder` or below that its journal tells of, as they stand.

    Raises:
        OSError: a journal cannot be read.
    """
    return frozenset(_result(folder, line) for line in _lines(folder) if _stands(folder, line))


def results_beside_their_photos(folder: Path) -> frozenset[Path]:
    """Those of `results_as_made` whose photos are in `folder`, too.

    Results alone are photos like others to whoever names their folder.

    Raises:
        OSError: a journal cannot be read.
    """
    lines = (line for line in _lines(folder) if _is_within(line) and _is_file(folder / line.source))
    return frozenset(_result(folder, line) for line in lines if _stands(folder, line))


def results_below(root: Path) -> frozenset[Path]:
    """Results in `root` and below, by all journals there; of `root` itself, those whose photos are there, too.

    Raises:
        OSError: a journal cannot be read.
    """
    folders = (journal.parent for journal in root.rglob(JOURNAL_FOLDER))
    made = (results_as_made(folder) for folder in folders if folder != root)
    return results_beside_their_photos(root).union(*made)


def results_of_runs_above(folder: Path, avoided: tuple[int, int] | None) -> Iterator[frozenset[Path]]:
    """For each folder that `folder` is in and a run wrote into: what lies in `folder` as a result beside its photo.

    Left out is the one with the identity `avoided`; journals that cannot be read, perhaps others', are passed over.
    """
    real = folder.resolve()
    for above in real.parents:
        if identity(above) == avoided:
            continue
        try:
            lines = _lines_below(above, real.relative_to(above).as_posix())
        except (OSError, UsageError):
            continue
        lines = [line for line in lines if _is_within(line) and _is_file(above / line.source)]
        made = (_result(above, line) for line in lines if _stands(above, line))
        yield frozenset(folder / path.relative_to(real) for path in made)


def held_photos(folder: Path) -> bool:
    """Whether a run had results in `folder` that were made from photos in it.

    Raises:
        OSError: a journal cannot be read.
    """
    return any(map(_is_within, _lines(folder)))


def photos_among_results(folder: Path) -> tuple[str, ...]:
    """Images in a folder and below that its journal does not tell of, by their paths from there; hidden ones apart.

    Raises:
        OSError: a journal cannot be read.
    """
    made = {_name(line) for line in _lines(folder)}
    return tuple(sorted(name for name in _images_below(folder) if name not in made))


def _images_below(folder: Path) -> Iterator[str]:
    for above, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        where = Path(above).relative_to(folder)
        yield from (
            (where / name).as_posix()
            for name in files
            if Path(name).suffix.lower() in SUFFIXES and not name.startswith(".")
        )


def _lines(folder: Path) -> Iterator[Line]:
    return chain.from_iterable(_journals(folder))


def _lines_below(folder: Path, name: str) -> list[Line]:
    """Those of what lies in the folder `name`, without a look at every other."""
    found: list[Line] = []
    for lines in _journals(folder):
        first = bisect_left(lines, f"{name}/", key=_name)
        last = bisect_left(lines, f"{name}0", key=_name)  # 0 is the character after the slash
        found.extend(lines[first:last])
    return found


def _journals(folder: Path) -> Iterator[tuple[Line, ...]]:
    for journal in (folder / JOURNAL_FOLDER).glob("journal*.jsonl"):
        stat = journal.stat()
        yield _read(journal, stat.st_size, stat.st_mtime_ns)


@lru_cache(maxsize=16)
def _read(journal: Path, _size: int, _mtime_ns: int) -> tuple[Line, ...]:
    """Its lines, sorted by name; a watched folder asks every second, for journals that have not changed since."""
    return tuple(sorted(whole_lines(journal.read_bytes(), journal), key=_name))


def _name(line: Line) -> str:
    return str(line.output[0])


def _is_within(line: Line) -> bool:
    return bool(line.source) and not line.source.startswith("..")


def _result(folder: Path, line: Line) -> Path:
    return folder / _name(line)


def _stands(folder: Path, line: Line) -> bool:
    try:
        stat = _result(folder, line).stat()
    except OSError:
        return False
    return line.output[1:] == (stat.st_size, stat.st_mtime_ns)


def _is_file(path: Path) -> bool:
    return os.path.isfile(path)  # noqa: PTH113 - pathlib's raises where permission is missing
