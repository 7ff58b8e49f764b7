"""Which file or folder a path leads to, whatever it is called."""

from __future__ import annotations

from pathlib import Path


def identity(path: Path, *, follow_symlinks: bool = True) -> tuple[int, int] | None:
    """Device and number of what is there; None if nothing is, or nobody may look."""
    try:
        stat = path.stat(follow_symlinks=follow_symlinks)
    except OSError:
        return None
    return stat.st_dev, stat.st_ino
