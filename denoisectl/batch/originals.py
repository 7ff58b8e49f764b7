"""The originals that runs in place keep: no run takes them for photos to denoise."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from denoisectl.batch.journal_lines import JOURNAL_FOLDER, Line

_MARK = "originals"
"""The file in the journal's folder which says that the photos around it are kept originals."""


def mark_originals(folder: Path) -> None:
    """Mark a folder as one of kept originals, which no run replaces."""
    (folder / JOURNAL_FOLDER).mkdir(exist_ok=True)
    (folder / JOURNAL_FOLDER / _MARK).touch()


def is_marked(folder: Path) -> bool:
    """Whether this very folder is marked so."""
    return os.path.isfile(folder / JOURNAL_FOLDER / _MARK)  # noqa: PTH113 - pathlib's raises where permission is missing


def holds_originals(folder: Path) -> bool:
    """Whether this folder, or one that it is in, is marked so."""
    real = folder.resolve()
    return any(is_marked(above) for above in (real, *real.parents))


def kept_originals(lines: Iterable[Line]) -> frozenset[str]:
    """Names under which the originals of replaced photos are kept beside them, by the folder's `in_place_lines`."""
    return frozenset(line.backup for line in lines if line.backup and "/" not in line.backup)


def replaced_photos(lines: Iterable[Line]) -> frozenset[str]:
    """Names of the photos that their results have replaced, but for those that are their originals again."""
    last = {str(line.output[0]): line for line in lines}
    return frozenset(name for name, line in last.items() if not line.restored)
