"""What `denoisectl run` cannot be asked together, or at all: each mistake with its way out."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator
from pathlib import Path

from denoisectl.cli.run_options import RunOptions
from denoisectl.errors import UsageError

_STREAMS = (Path("/dev"), Path("/dev/fd"), Path("/proc/self/fd"))

Mistake = tuple[object, str]
"""Whether it was made (by truth value), and what to say about it."""


def refuse_contradictions(asked: RunOptions) -> None:
    """Raise the first mistake that was made.

    Raises:
        UsageError: it names the options and says what to do.
    """
    for mistakes in (_in_dashes, _in_values, _in_place, _missing, _together, _of_pipes):
        for made, message in mistakes(asked):
            if made:
                raise UsageError(message)
    refuse_folders(asked.suffix)


def _in_dashes(asked: RunOptions) -> Iterator[Mistake]:
    """Files taken for options, and options taken for files."""
    for option, value in (("-d", asked.device), ("-m", asked.model)):
        name = f"{option}{value}"
        yield (
            value and os.path.isfile(name),  # noqa: PTH113 - pathlib's raises where a name is too long
            f"{name}: is taken for the option {option}; write ./{name} for the file of that name",
        )
    for name in asked.names:
        yield (
            name.startswith("-") and name != "-" and not os.path.lexists(name) and not glob.has_magic(name),
            f"{name}: no such file, and after -- everything is a file; give options before it",
        )


def _in_values(asked: RunOptions) -> Iterator[Mistake]:
    yield (
        asked.overwrite and asked.if_exists not in (None, "overwrite"),
        f"--overwrite contradicts --if-exists {asked.if_exists}; give one of them",
    )
    empty = "INPUT" if "" in asked.names else "--out"
    yield (
        "" in asked.names or asked.out == "",
        f"{empty} is empty: is a variable unset? . is the current folder",
    )
    yield "/dev/stdin" in asked.names, "/dev/stdin: write - for an image from stdin"
    yield asked.out == "/dev/stdout", "--out /dev/stdout: write --out - for stdout"
    yield (
        asked.base is not None and not os.path.isdir(asked.base),  # noqa: PTH112 - pathlib's raises where a name is too long
        f"--base {asked.base}: is not a folder; give the one below which the inputs lie",
    )
    yield (
        asked.failed_to is not None and (asked.failed_to == Path("-") or _is_no_file(asked.failed_to)),
        f"--failed-to {asked.failed_to}: the list goes to a file, not to a folder, a pipe, a device or stdout",
    )


def _missing(asked: RunOptions) -> Iterator[Mistake]:
    yield (
        not asked.names and asked.files_from is None,
        "nothing to denoise: name files or folders, or give --files-from; `denoisectl run -h` helps",
    )
    yield (
        asked.out is None and "-" in asked.names and not asked.in_place,
        "INPUT -: say where the image goes: --out - for stdout, or --out FILE",
    )
    yield (
        asked.out is None and not asked.in_place,
        "say where results go: --out FOLDER, or --in-place --backup .orig to replace the inputs",
    )
    yield (
        asked.in_place and asked.backup is None and asked.strength == 0,
        "--in-place --strength 0 restores originals: give the same --backup as before, which says where they are kept",
    )
    yield (
        asked.in_place and asked.backup is None,
        "--in-place needs --backup, since nothing brings noise back: a suffix such as .orig, or a folder",
    )
    yield (
        asked.null and asked.files_from is None and asked.failed_to is None,
        "-0 is for lists: it goes with --files-from or --failed-to; leave it out",
    )
    yield (
        asked.backup is not None and not asked.in_place,
        "--backup is for --in-place; leave it out, or give both",
    )


def _in_place(asked: RunOptions) -> Iterator[Mistake]:
    if not asked.in_place:
        return
    yield (
        asked.out is not None or "-" in asked.names,
        "--in-place replaces the inputs: it goes with neither --out nor -; leave one out",
    )
    renames = asked.suffix or asked.format != "keep" or asked.on_collision != "error"
    yield (
        renames or asked.policy or asked.watch,
        "--in-place keeps names and formats, and does what is not done yet: it goes with neither --suffix, "
        "--format, --on-collision, --if-exists, --overwrite nor --watch",
    )


def _together(asked: RunOptions) -> Iterator[Mistake]:
    yield (
        asked.watch and (asked.dry_run or asked.failed_to or asked.files_from == "-"),
        "--watch goes with neither --dry-run, --failed-to nor --files-from -; leave one out",
    )
    yield (
        asked.dry_run and asked.failed_to is not None,
        "--dry-run tries no file, so it has no list of failed ones: leave --failed-to out",
    )
    yield (
        asked.watch and asked.policy == "error",
        "--watch makes again what changes: it does not go with --if-exists error",
    )
    yield (
        asked.overlap is not None and asked.seams == "exact",
        "--overlap contradicts --seams exact; give one of them",
    )
    yield (
        asked.fail_fast and asked.max_failures is not None,
        "--fail-fast contradicts --max-failures; give one of them",
    )


def _of_pipes(asked: RunOptions) -> Iterator[Mistake]:
    if not asked.piped:
        return
    yield (
        asked.files_from is not None or asked.dry_run or asked.watch,
        "a pipe carries one image: - goes with neither --files-from, --dry-run nor --watch",
    )
    nameless = asked.suffix or asked.shard or asked.failed_to or asked.preserve_times
    yield (
        nameless or asked.policy in ("skip", "newer"),
        "a pipe carries one image, without name and time: - goes with neither --suffix, --shard, --failed-to, "
        "--preserve-times, nor --if-exists skip or newer",
    )
    choice = asked.recursive or asked.include or asked.exclude or asked.base is not None
    faults = asked.fail_fast or asked.max_failures is not None
    yield (
        choice or faults or asked.on_collision != "error",
        "a pipe carries one image, with no other to choose from or to spare: - goes with neither --recursive, "
        "--include, --exclude, --base, --on-collision, --fail-fast nor --max-failures; leave them out",
    )


def _is_no_file(path: Path) -> bool:
    if path.parent in _STREAMS:  # perhaps a file that a stream was sent to, which would be replaced
        return True
    return os.path.exists(path) and not os.path.isfile(path)  # noqa: PTH110, PTH113 - pathlib's raise where a name is too long


def refuse_folders(suffix: str) -> None:
    """See that what `--suffix` adds to names is part of a name.

    Raises:
        UsageError: it holds a folder.
    """
    if {"/", os.sep} & set(suffix):
        raise UsageError(
            f"--suffix {suffix} is added to names, and names hold no folders; give folders to --out"
        )
