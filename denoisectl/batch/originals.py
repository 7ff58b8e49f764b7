"""The originals that runs in place keep: no run takes them for photos to denoise."""

from __future__ import annotations

from pathlib import Path

from denoisectl.batch.journal_lines import IN_PLACE_JOURNAL, JOURNAL_FOLDER, whole_lines

__all__ = ["holds_originals", "kept_originals", "mark_originals"]

_MARK = "originals"
"""The file in the journal's folder which says that the photos around it are kept originals."""


def mark_originals(folder: Path) -> None:
    """Mark a folder as one of kept originals, which no run replaces."""
    (folder / JOURNAL_FOLDER).mkdir(exist_ok=True)
    (folder / JOURNAL_FOLDER / _MARK).touch()


def holds_originals(folder: Path) -> bool:
    """Whether this folder, or one that it is in, is marked so."""
    real = folder.resolve()
    return any((above / JOURNAL_FOLDER / _MARK).is_file() for above in (real, *real.parents))


def kept_originals(folder: Path) -> frozenset[str]:
    """Names in `folder` under which earlier runs keep the originals of photos that they replaced there.

    Raises:
        OSError: a journal cannot be read.
    """
    journals = folder.glob(f"{IN_PLACE_JOURNAL}*.jsonl")
    backups = (line.backup for journal in journals for line in whole_lines(journal.read_bytes()))
    return frozenset(name for name in backups if name and "/" not in name)
