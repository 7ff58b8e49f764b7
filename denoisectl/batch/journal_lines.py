"""What a journal is on disk: where its files lie, and what each of their lines says."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from denoisectl.errors import UsageError

VERSION = 1
"""Of the lines; later versions may add fields."""

JOURNAL_FOLDER = ".denoisectl"
"""The hidden folder that marks a folder as one that an earlier run wrote into."""

IN_PLACE_JOURNAL = ".denoisectl-in-place"
"""What the names of journals begin with that lie beside photos which were replaced."""

Key = tuple[str | int, ...]

_TYPES = {
    "output": str,
    "bytes": int,
    "mtime_ns": int,
    "input": str,
    "input_bytes": int,
    "input_mtime_ns": int,
    "settings": str,
    "source": str,
    "backup": str,
    "sha256": str,
    "restored": bool,
}


@dataclass(frozen=True, slots=True)
class Line:
    """One output and where it came from."""

    output: Key
    """Name, size and time of what was made."""
    made_from: Key
    """Name, size and time of its input, and the settings."""
    source: str
    """Where the input was, from the output folder on; empty in lines of photos that were replaced."""
    backup: str
    """Where its original is kept."""
    digest: str
    """Of its content; empty where size and time tell it from its input."""
    restored: bool
    """Whether a photo that was replaced got its original's content back."""

    @property
    def settings(self) -> str:
        """Digest of the settings and the model that it was made with."""
        return str(self.made_from[-1])


def parsed(entry: dict[str, Any]) -> Line:
    """Read one line.

    Raises:
        KeyError: it says too little.
        TypeError, ValueError: it says what no line of ours does.
        UsageError: a later version wrote it.
    """
    if "v" in entry and entry["v"] > VERSION:
        raise UsageError("a later version of denoisectl wrote it; upgrade this one")
    for name, kind in _TYPES.items():
        if name in entry and not isinstance(entry[name], kind):
            raise TypeError(f"{name} is no {kind.__name__}")
    if any("\0" in path for path in (entry["output"], entry.get("source", ""), entry.get("backup", ""))):
        raise ValueError("no path holds NUL")
    return Line(
        output=(entry["output"], entry["bytes"], entry["mtime_ns"]),
        made_from=(entry["input"], entry["input_bytes"], entry["input_mtime_ns"], entry["settings"]),
        source=entry.get("source", ""),
        backup=entry.get("backup", ""),
        digest=entry.get("sha256", ""),
        restored=entry.get("restored", False),
    )


def in_place_lines(folder: Path) -> tuple[Line, ...]:
    """What is told of photos in this very folder that gave way to their results.

    Raises:
        OSError: a journal cannot be read.
        UsageError: a later version wrote it.
    """
    journals = sorted(folder.glob(f"{IN_PLACE_JOURNAL}*.jsonl"))  # one a shard
    return tuple(line for journal in journals for line in whole_lines(journal.read_bytes(), journal))


def whole_lines(data: bytes, journal: Path) -> Iterator[Line]:
    """Every whole line of a journal's content.

    One that a kill or a full disk cut short is of an output that never got its name.

    Raises:
        UsageError: a later version wrote the journal.
    """
    for line in data.split(b"\n"):
        try:
            yield parsed(json.loads(line))
        except (ValueError, KeyError, TypeError):
            continue
        except UsageError as error:
            raise UsageError(f"{journal}: {error}, or move this journal away to begin anew") from None
