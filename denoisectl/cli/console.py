"""One voice: results go to stdout, everything else to stderr, and only here.

The loudness is set once a command: `-q` keeps errors and warnings, `-v` adds details. Colour follows
`--color`, or NO_COLOR, FORCE_COLOR, TERM and whether the stream is a terminal; rich decides that for each stream.
What the library logs is told here too: its warnings always, the rest as details.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum, StrEnum
from functools import cache
from typing import IO, TYPE_CHECKING, Literal, cast

from denoisectl.cli.stderr import Unheard
from denoisectl.cli.stdout import full_disk_told
from denoisectl.errors import UsageError

if TYPE_CHECKING:
    from rich.console import Console, RenderableType


class Loudness(IntEnum):
    """How much a command says on stderr."""

    QUIET = 0
    NORMAL = 1
    VERBOSE = 2


class Color(StrEnum):
    """When what is said has colours."""

    AUTO = "auto"
    ALWAYS = "always"
    NEVER = "never"


_CONTROLS = {code: rf"\x{code:02x}" for code in (*range(32), *range(127, 160)) if chr(code) not in "\n\t"}

_loudness = Loudness.NORMAL
_color = Color.AUTO


def set_loudness(*, quiet: bool = False, verbose: bool = False) -> Loudness:
    """Apply `-q` and `-v`; the quieter one wins."""
    global _loudness
    _loudness = Loudness.QUIET if quiet else Loudness.VERBOSE if verbose else Loudness.NORMAL
    return _loudness


def set_color(color: Color) -> None:
    """Apply `--color`."""
    global _color
    _color = color
    _console.cache_clear()


def quiet() -> bool:
    """Whether `-q` was given."""
    return _loudness is Loudness.QUIET


@cache
def _console(stream: Literal["stdout", "stderr"]) -> Console:
    from rich.console import Console

    class Voice(Console):
        def on_broken_pipe(self) -> None:
            raise BrokenPipeError  # rich would end the process, with 1

        @property  # type: ignore[misc] # nobody sets it
        def file(self) -> IO[str]:
            stream = super().file
            return cast(IO[str], Unheard(stream)) if self.stderr else stream

    # A colour system that is named is used whatever the stream is; it does not make a terminal of it.
    return Voice(
        stderr=stream == "stderr",
        highlight=False,
        soft_wrap=True,
        no_color=False if _color is Color.ALWAYS else None,
        color_system={Color.AUTO: "auto", Color.ALWAYS: "standard", Color.NEVER: None}[_color],
    )


def stderr() -> Console:
    """The rich console on stderr, for live displays."""
    return _console("stderr")


def is_live() -> bool:
    """Whether stderr is a terminal that can draw over what it shows."""
    return stderr().is_terminal and not stderr().is_dumb_terminal


def say(message: str) -> None:
    """Tell the user something; silent under `-q`."""
    if _loudness >= Loudness.NORMAL:
        _line(message)


def detail(message: str) -> None:
    """Tell the user something that only `-v` asked for."""
    if _loudness >= Loudness.VERBOSE:
        _line(message)


def warn(message: str) -> None:
    """Tell the user of something that went on, but not as asked; `-q` does not hide it."""
    _line(message, label="warning", style="yellow")


def error(message: str) -> None:
    """Tell the user what failed; `-q` does not hide it."""
    _line(message, label="error", style="bold red")


class _Teller(logging.Handler):
    """Tells log records in the voice of the command line."""

    def emit(self, record: logging.LogRecord) -> None:
        tell = warn if record.levelno >= logging.WARNING else detail
        tell(record.getMessage())


@contextmanager
def telling_logs() -> Iterator[None]:
    """Tell what the library logs, for the time of a command."""
    log, teller = logging.getLogger("denoisectl"), _Teller()
    before = log.level
    log.addHandler(teller)
    log.setLevel(logging.INFO)
    try:
        yield
    finally:
        log.removeHandler(teller)
        log.setLevel(before)


def one_line(text: object) -> str:
    """A sentence with a file name in it, whatever characters the name is made of, on one line."""
    return str(text).replace("\n", r"\n")


def emit(line: str) -> None:
    """Write one line of data to stdout, at once, so that a reader in a pipe need not wait."""
    if sys.stdout is None:
        raise UsageError("stdout is closed, and the result was to go there; open it")
    # File names are bytes: those that are no text go out as they came in, but commands go to no terminal.
    with full_disk_told():
        line = line.translate(_CONTROLS) if sys.stdout.isatty() else line
        sys.stdout.buffer.write(line.encode("utf-8", "surrogateescape") + b"\n")
        sys.stdout.flush()


def show(result: RenderableType) -> None:
    """Write a result made for people (a table, a panel) to stdout."""
    with full_disk_told():
        _console("stdout").print(result)


def _line(message: str, *, label: str = "", style: str = "") -> None:
    from rich.text import Text

    # A file name may hold bytes that are no text, or commands for the terminal; both are shown escaped.
    message = message.encode("utf-8", "backslashreplace").decode().translate(_CONTROLS)
    stderr().print(Text.assemble((f"{label}: ", style) if label else "", message))
