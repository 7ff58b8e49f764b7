"""The format that an output file's name asks for."""

from __future__ import annotations

from pathlib import Path

from denoisectl.images import Format

__all__ = ["format_of"]


def format_of(path: Path) -> Format | None:
    """The format with this file name ending; None if it belongs to none."""
    return next((kind for kind in Format if path.suffix.lower() in kind.suffixes), None)
