"""Where the originals of photos go that are replaced: beside them under another name, or into a folder."""

from __future__ import annotations

import glob
import os
from dataclasses import dataclass
from pathlib import Path, PurePath

from denoisectl.batch.originals import mark_originals
from denoisectl.errors import UsageError
from denoisectl.images.formats import SUFFIXES
from denoisectl.whole_file import check_writable

_LONGEST_NAME = 255  # bytes, on all usual file systems
_SUFFIX_STARTS = (".", "~", "-", "_")


@dataclass(frozen=True, slots=True)
class Backup:
    """A suffix or a folder, never both."""

    suffix: str = ""
    folder: Path | None = None

    @classmethod
    def parse(cls, text: str) -> Backup:
        """Read `--backup`: a word that begins like a suffix and names no folder is one."""
        if text in ("", ".", "..", "-", "~"):
            raise UsageError(f"--backup '{text}': give a suffix such as .orig, or a folder such as originals")
        if text.startswith(_SUFFIX_STARTS) and "/" not in text and not os.path.isdir(text):  # noqa: PTH112 - see find
            if Path(f"photo{text}").suffix.lower() in SUFFIXES:
                raise UsageError(
                    f"--backup {text}: originals would end like photos, and could not be told from them; give a suffix "
                    "such as .orig, or a folder"
                )
            if len(os.fsencode(text)) >= _LONGEST_NAME:
                raise UsageError(
                    f"--backup {text}: no file has a name that long; give a suffix such as .orig"
                )
            return cls(suffix=text)
        return cls(folder=Path(text))

    @property
    def globs(self) -> tuple[str, ...]:
        """Names in folders that are originals, not inputs."""
        return (f"*{glob.escape(self.suffix)}",) if self.suffix else ()

    def prepare(self) -> None:
        """Make the folder, and mark it as one whose photos are kept as they are.

        Raises:
            UsageError: it cannot be written to.
        """
        if self.folder:
            check_writable(self.folder, f"--backup {self.folder}:")
            try:
                mark_originals(self.folder)
            except OSError as error:
                raise UsageError(
                    f"--backup {self.folder}: it cannot be marked as a folder of originals ({error.filename}: "
                    f"{error.strerror}); choose another folder"
                ) from None

    def place(self, source: Path, relative: PurePath) -> Path:
        """Where the original of `source` is kept; a folder mirrors the tree, as --out does."""
        return self.folder / relative if self.folder else source.with_name(source.name + self.suffix)
