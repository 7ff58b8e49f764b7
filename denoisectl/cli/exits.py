"""Errors to words and exit codes: the only place that knows both.

0 done or skipped · 1 some inputs failed · 2 usage, collision, nothing matched · 3 device · 4 model ·
5 stopped: failure limit, full disk · 70 internal error · 130 / 143 interrupt, terminate · 141 reader gone
"""

from __future__ import annotations

import errno
import functools
import os
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import IntEnum
from pathlib import Path
from typing import ParamSpec

import typer

from denoisectl import errors
from denoisectl.cli import console
from denoisectl.cli.signals import Interrupted, interruptible
from denoisectl.cli.stdout import full_disk_told
from denoisectl.whole_file import DISK_IS_DONE

P = ParamSpec("P")


class ExitCode(IntEnum):
    """What the process tells the shell."""

    OK = 0
    SOME_FAILED = 1
    USAGE = 2
    DEVICE = 3
    MODEL = 4
    STOPPED = 5
    INTERNAL = 70
    READER_GONE = 141


# The first match counts, so the base class comes last.
_CODES: tuple[tuple[type[errors.DenoiseError], ExitCode], ...] = (
    (errors.UsageError, ExitCode.USAGE),
    (errors.MissingExtraError, ExitCode.USAGE),
    (errors.DeviceError, ExitCode.DEVICE),
    (errors.ModelError, ExitCode.MODEL),
    (errors.StoppedError, ExitCode.STOPPED),
    (errors.DenoiseError, ExitCode.SOME_FAILED),
)


def guarded(command: Callable[P, None]) -> Callable[P, None]:
    """Wrap a command so that whatever it raises ends as one message and one exit code."""

    @functools.wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            with interruptible(), console.telling_logs():
                command(*args, **kwargs)
        except Exception as error:
            raise typer.Exit(_told(error)) from None
        except KeyboardInterrupt as stop:
            raise typer.Exit(stop.code if isinstance(stop, Interrupted) else 130) from None

    return run


@contextmanager
def last_resort() -> Iterator[None]:
    """Bear with a full stdout where no command is at work: help, the version, and what Python flushes at the end."""
    try:
        with full_disk_told():
            yield
    except errors.StoppedError as error:
        console.error(str(error))
        sys.exit(ExitCode.STOPPED)
    finally:
        try:
            if sys.stdout is not None:
                sys.stdout.flush()
        except OSError:  # told by now
            _point_nowhere(1)


def _told(error: Exception) -> int:
    if isinstance(error, typer.Exit):
        return error.exit_code
    if isinstance(error, BrokenPipeError):
        return _reader_gone()
    if isinstance(error, errors.DenoiseError):
        console.error(str(error))
        if _disk_is_done(error):
            return ExitCode.STOPPED
        return next(code for kind, code in _CODES if isinstance(error, kind))
    if isinstance(error, OSError) and error.errno == errno.ENAMETOOLONG:
        console.error(f"{error.filename}: no file has a name that long; check what was typed")
        return ExitCode.USAGE
    return _internal(error)


def _disk_is_done(error: BaseException) -> bool:
    cause = error.__cause__
    return isinstance(cause, OSError) and cause.errno in DISK_IS_DONE


def _reader_gone() -> int:
    _point_nowhere(1, 2)
    return ExitCode.READER_GONE


def _point_nowhere(*descriptors: int) -> None:
    """Python flushes stdout and stderr once more while it shuts down; that must not fail a second time."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for descriptor in descriptors:
        os.dup2(nowhere, descriptor)


def _internal(error: Exception) -> int:
    trace = "".join(traceback.format_exception(error))
    console.error(f"internal error: {type(error).__name__}: {error}")
    try:
        handle, name = tempfile.mkstemp(prefix="denoisectl-", suffix=".log")
    except OSError:  # no folder can be written
        console.error(f"this is a bug in denoisectl; please report it with these details:\n{trace}")
        return ExitCode.INTERNAL
    with os.fdopen(handle, "w", errors="backslashreplace") as log:
        log.write(f"{sys.argv}\n{trace}")
    console.error(f"this is a bug in denoisectl; please report it with {Path(name)}, which holds the details")
    console.detail(trace)
    return ExitCode.INTERNAL
