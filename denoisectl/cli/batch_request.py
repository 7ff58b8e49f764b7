"""What the options of a run over many files ask for, in the terms of `denoisectl.batch`."""

from __future__ import annotations

import glob
import os
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import chain
from pathlib import Path

from denoisectl.batch.backup import Backup
from denoisectl.batch.existing import IfExists
from denoisectl.batch.failure_limit import FailureLimit
from denoisectl.batch.inputs import find, read_list
from denoisectl.batch.job import Plan
from denoisectl.batch.plan import Naming
from denoisectl.batch.result import Tally
from denoisectl.batch.run_plan import Resources
from denoisectl.batch.selection import Found, Selection
from denoisectl.batch.settings import Settings, format_of, refuse_misspelt
from denoisectl.batch.shard import Shard
from denoisectl.cli import console
from denoisectl.cli.run_options import RunOptions
from denoisectl.errors import UsageError
from denoisectl.images import sniff
from denoisectl.images.formats import HEAD, foreign_kind
from denoisectl.whole_file import check_place, write_whole


class Request:
    """Which files, and where their results go."""

    def __init__(self, asked: RunOptions) -> None:
        """Read what a run was asked for."""
        self.asked = asked
        self.backup = Backup.parse(asked.backup) if asked.backup is not None else None

    @property
    def single(self) -> bool:
        """Whether the input is one file by name, there or not."""
        if len(self.asked.names) != 1 or self.asked.files_from:
            return False
        (name,) = self.asked.names
        return not os.path.isdir(name) and (os.path.exists(name) or not glob.has_magic(name))  # noqa: PTH110, PTH112 - see find

    @property
    def only_listed(self) -> bool:
        """Whether every input comes from a list. An empty one is no mistake: it may be what is left of another run."""
        return self.asked.files_from is not None and not self.asked.names

    @property
    def output_file(self) -> Path | None:
        """The file that --out names, unless that is a folder."""
        out = Path(self.asked.out or "")
        return out if not os.path.isdir(out) and format_of(out) else None  # noqa: PTH112 - see find

    @property
    def policy(self) -> IfExists:
        """What to do about existing outputs; a file has no journal to tell what was made from what."""
        if self.asked.policy or not self.output_file:
            return IfExists(self.asked.policy or "skip")
        return IfExists.NEWER if self.asked.watch else IfExists.ERROR

    @property
    def part(self) -> Shard | None:
        """The part of the plan that is wanted; None for all of it."""
        return Shard.parse(self.asked.shard) if self.asked.shard else None

    def naming(self, settings: Settings) -> Naming:
        """Whether --out is a folder, the output file itself, or each input."""
        if self.backup:
            return Naming(Path(), backup=self.backup)
        out = Path(self.asked.out or "")
        if not self.output_file:
            if self.single and not (self.asked.out or "").endswith(os.sep):
                refuse_misspelt(out)
            return Naming(out, settings.format, self.asked.suffix, self.asked.on_collision == "rename")
        if not self.single:
            raise UsageError(f"--out {out} is one file and the input is not one file; give a folder")
        if self.asked.suffix:
            raise UsageError(
                f"--out {out} names one file, and --suffix {self.asked.suffix} is for a folder; leave one out"
            )
        return Naming(out, single=True)

    def refuse_missing(self) -> None:
        """See that what is to be watched is there.

        Raises:
            UsageError: a file or folder that was named is not.
        """
        for name in self.asked.names:
            if not os.path.lexists(name) and not glob.has_magic(name):
                raise UsageError(f"{name}: no such file or folder to watch; make it first, or check the name")

    def find(self, notice: Callable[[str], None]) -> Iterator[Found]:
        """The files that are meant: those named, then those listed; `notice` is told what is left out."""
        out = self.backup.folder if self.backup else Path(self.asked.out or "")
        kept = self.backup.globs if self.backup else ()
        selection = Selection(
            self.asked.recursive,
            tuple(self.asked.include or ()),
            (*(self.asked.exclude or ()), *kept),
            out,
            self.asked.base,
            in_place=self.backup is not None,
            more_to_come=self.asked.watch,
        )
        named = find(self.asked.names, selection, notice)
        if self.asked.files_from is None:
            return named
        listed = read_list(_list(self.asked.files_from), null=self.asked.null, base=self.asked.base or Path())
        return chain(named, listed)


class Faults:
    """What happens about failures."""

    def __init__(self, asked: RunOptions) -> None:
        """See that the limit is one before any work begins."""
        self.most = "0" if asked.fail_fast else asked.max_failures
        self.failed_to, self.null = asked.failed_to, asked.null
        # A link to a list stays one. Without a list any absolute path will do: the current folder may be gone.
        self._real = Path(os.path.realpath(asked.failed_to or "/"))
        if self.most is not None:
            FailureLimit.parse(self.most, planned=0)

    def limit(self, plan: Plan) -> FailureLimit:
        """How many failures this plan bears."""
        return FailureLimit() if self.most is None else FailureLimit.parse(self.most, len(plan.jobs))

    def check(self) -> None:
        """See that the list can be written, and that no photo is lost to it.

        Raises:
            UsageError: it cannot, or a photo is there: the shell may have put it behind the option.
        """
        if not self.failed_to:
            return
        if format_of(self.failed_to) or _is_image(self.failed_to):
            raise UsageError(
                f"--failed-to {self.failed_to}: is a photo, by name or content; name a text file to write to"
            )
        check_place(self._real.parent, f"--failed-to {self.failed_to}: its folder")
        with suppress(FileNotFoundError):
            self._real.lstat()  # raises where no file can have that name

    def list_failed(self, tally: Tally) -> None:
        """Write the list for another run; an empty one if nothing failed."""
        if self.failed_to:
            end = "\0" if self.null else "\n"
            failed = [failure.source for failure in tally.failures]
            folders = [name for name in failed if os.path.isdir(name)]  # noqa: PTH112 - see find
            closed = set(folders)
            names = [name for name in failed if name not in closed]
            try:
                write_whole(self._real, os.fsencode("".join(name + end for name in names)))
            except OSError as error:
                console.error(f"--failed-to {self.failed_to}: cannot be written: {error.strerror}")
                return
            if folders:
                console.warn(
                    f"--failed-to {self.failed_to}: lists files, and folders failed, too ({len(folders)}); name those "
                    f"once they are mended: {console.one_line(folders[0])}"
                )
            if not self.null and any("\n" in name or name.endswith("\r") for name in names):
                console.warn(
                    f"--failed-to {self.failed_to}: holds names with line ends, and --files-from takes a line for a "
                    "name; add -0 to both commands"
                )


def _is_image(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            head = file.read(HEAD)
    except OSError:
        return False
    return bool(sniff(head) or foreign_kind(head))


def _list(name: str) -> bytes:
    if name == "-" and sys.stdin is None:
        raise UsageError("--files-from -: stdin is closed; pipe a list in, or name a file that holds it")
    if name == "-" and sys.stdin.isatty():
        raise UsageError("--files-from -: stdin is a terminal; pipe a list in, or name a file that holds it")
    try:
        return sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
    except OSError as error:
        raise UsageError(f"--files-from {name}: cannot be read: {error.strerror}") from None


def resources(memory: int, jobs: str) -> Resources:
    """Memory for images, and the threads of `--jobs`."""
    match = re.fullmatch(r"([1-9][0-9]?):([1-9][0-9]?)", jobs)
    if not match:
        raise UsageError(f"--jobs {jobs}: give LOAD:SAVE, the threads that read and that write, such as 2:2")
    return Resources(memory, readers=int(match[1]), writers=int(match[2]))
