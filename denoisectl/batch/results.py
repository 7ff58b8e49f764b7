"""Results of earlier runs that lie among the photos they were made from: no run denoises them once more."""

from __future__ import annotations

import os
from pathlib import Path

from denoisectl.batch.journal_lines import JOURNAL_FOLDER, Line, whole_lines

__all__ = ["results_beside_their_photos"]


def results_beside_their_photos(folder: Path) -> frozenset[Path]:
    """Files in `folder` or below that its journal tells of, as they stand, and whose photos are in it, too.

    Results alone are photos like others to whoever names their folder.

    Raises:
        OSError: a journal cannot be read.
    """
    journals = (folder / JOURNAL_FOLDER).glob("journal*.jsonl")
    lines = (line for journal in journals for line in whole_lines(journal.read_bytes()))
    return frozenset(folder / str(line.output[0]) for line in lines if _is_beside_its_photo(folder, line))


def _is_beside_its_photo(folder: Path, line: Line) -> bool:
    if not line.source or line.source.startswith(".."):
        return False
    result, photo = folder / str(line.output[0]), folder / line.source
    try:
        stat = result.stat()
        return line.output[1:] == (stat.st_size, stat.st_mtime_ns) and os.path.isfile(photo)  # noqa: PTH113 - pathlib's raises where permission is missing
    except OSError:
        return False
