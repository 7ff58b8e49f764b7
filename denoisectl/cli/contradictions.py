"""What `denoisectl run` cannot be asked together, or at all: each mistake with its way out."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from denoisectl.errors import UsageError

__all__ = ["Asked", "refuse_folders"]

Mistake = tuple[object, str]
"""Whether it was made (by truth value), and what to say about it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The options of a run that say which files and where to, or that can contradict each other, as they were given."""

    names: list[str]
    files_from: str | None
    null: bool
    recursive: bool
    include: list[str] | None
    exclude: list[str] | None
    base: Path | None
    shard: str | None
    watch: bool
    out: str | None
    in_place: bool
    backup: str | None
    policy: str | None
    """What `--if-exists` says, or "overwrite"."""
    format: str
    on_collision: str
    suffix: str
    preserve_times: bool
    dry_run: bool
    overlap: int | None
    seams: str
    fail_fast: bool
    max_failures: str | None
    failed_to: Path | None

    @property
    def piped(self) -> bool:
        """Whether one image comes from stdin or goes to stdout."""
        return "-" in self.names or self.out == "-"

    def check(self) -> None:
        """Raise the first mistake that was made.

        Raises:
            UsageError: it names the options and says what to do.
        """
        for mistakes in (self._in_values, self._in_place, self._missing, self._together, self._of_pipes):
            for made, message in mistakes():
                if made:
                    raise UsageError(message)
        refuse_folders(self.suffix)

    def _in_values(self) -> Iterator[Mistake]:
        empty = "INPUT" if "" in self.names else "--out"
        yield (
            "" in self.names or self.out == "",
            f"{empty} is empty: is a variable unset? . is the current folder",
        )
        yield "/dev/stdin" in self.names, "/dev/stdin: write - for an image from stdin"
        yield self.out == "/dev/stdout", "--out /dev/stdout: write --out - for stdout"
        yield (
            self.base is not None and not self.base.is_dir(),
            f"--base {self.base}: is not a folder; give the one below which the inputs lie",
        )
        yield (
            self.failed_to is not None and self.failed_to.is_dir(),
            f"--failed-to {self.failed_to}: is a folder; name the file to write",
        )

    def _missing(self) -> Iterator[Mistake]:
        yield (
            not self.names and self.files_from is None,
            "nothing to denoise: name files or folders, or give --files-from; `denoisectl run -h` helps",
        )
        yield (
            self.out is None and not self.in_place,
            "say where results go: --out FOLDER, or --in-place --backup .orig to replace the inputs",
        )
        yield (
            self.in_place and self.backup is None,
            "--in-place needs --backup, since nothing brings noise back: a suffix such as .orig, or a folder",
        )
        yield (
            self.null and self.files_from is None and self.failed_to is None,
            "-0 is for lists: it goes with --files-from or --failed-to; leave it out",
        )
        yield (
            self.backup is not None and not self.in_place,
            "--backup is for --in-place; leave it out, or give both",
        )

    def _in_place(self) -> Iterator[Mistake]:
        if not self.in_place:
            return
        yield (
            self.out is not None or "-" in self.names,
            "--in-place replaces the inputs: it goes with neither --out nor -; leave one out",
        )
        renames = self.suffix or self.format != "keep" or self.on_collision != "error"
        yield (
            renames or self.policy or self.watch,
            "--in-place keeps names and formats, and does what is not done yet: it goes with neither --suffix, "
            "--format, --on-collision, --if-exists, --overwrite nor --watch",
        )

    def _together(self) -> Iterator[Mistake]:
        yield (
            self.watch and (self.dry_run or self.failed_to or self.files_from == "-"),
            "--watch goes with neither --dry-run, --failed-to nor --files-from -; leave one out",
        )
        yield (
            self.dry_run and self.failed_to is not None,
            "--dry-run fails nothing: leave --failed-to out",
        )
        yield (
            self.watch and self.policy == "error",
            "--watch makes again what changes: it does not go with --if-exists error",
        )
        yield (
            self.overlap is not None and self.seams == "exact",
            "--overlap contradicts --seams exact; give one of them",
        )
        yield (
            self.fail_fast and self.max_failures is not None,
            "--fail-fast contradicts --max-failures; give one of them",
        )

    def _of_pipes(self) -> Iterator[Mistake]:
        if not self.piped:
            return
        yield (
            self.files_from is not None or self.dry_run or self.watch,
            "a pipe carries one image: - goes with neither --files-from, --dry-run nor --watch",
        )
        nameless = self.suffix or self.shard or self.failed_to or self.preserve_times
        yield (
            nameless or self.policy in ("skip", "newer"),
            "a pipe carries one image, without name and time: - goes with neither --suffix, --shard, --failed-to, "
            "--preserve-times, nor --if-exists skip or newer",
        )
        choice = self.recursive or self.include or self.exclude or self.base is not None
        faults = self.fail_fast or self.max_failures is not None
        yield (
            choice or faults or self.on_collision != "error",
            "a pipe carries one image, with no other to choose from or to spare: - goes with neither --recursive, "
            "--include, --exclude, --base, --on-collision, --fail-fast nor --max-failures; leave them out",
        )


def refuse_folders(suffix: str) -> None:
    """See that what `--suffix` adds to names is part of a name.

    Raises:
        UsageError: it holds a folder.
    """
    if {"/", os.sep} & set(suffix):
        raise UsageError(
            f"--suffix {suffix} is added to names, and names hold no folders; give folders to --out"
        )
