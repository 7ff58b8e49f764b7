"""What codecs print on stderr: the only sign they give of some damage.

libjpeg goes on after damaged data, with a line on stderr and no word to its caller. A program that owns its
process (the command line) may catch those lines: file descriptor 2 is then a nameless file, and Python's own
stderr stays where it was. A library must not do that to its host, so without `caught_warnings` nothing is
caught and nothing is known.
"""

from __future__ import annotations

import io
import os
import re
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TypeVar

from denoisectl.descriptors import nameless_file, redirected

Result = TypeVar("Result")

_CODECS = re.compile(
    rb"(Corrupt JPEG|Premature end of JPEG|libpng (warning|error)|Invalid SOS|Inconsistent prog)"
)


class _Turns:
    """Many may work at once, or one alone: a line that is printed meanwhile is then that one's."""

    def __init__(self) -> None:
        self._at_work = 0
        self._change = threading.Condition()

    @contextmanager
    def shared(self) -> Iterator[None]:
        with self._change:
            self._at_work += 1
        try:
            yield
        finally:
            with self._change:
                self._at_work -= 1
                self._change.notify_all()

    @contextmanager
    def alone(self) -> Iterator[None]:
        with self._change:  # nobody begins while this is held
            self._change.wait_for(lambda: self._at_work == 0)
            yield


_turns = _Turns()
_caught: int | None = None  # descriptor of the nameless file


def listened(work: Callable[[], Result]) -> tuple[Result, str]:
    """Do the work, and tell what it printed on file descriptor 2, if that is caught.

    Work is done at once with that of other threads; only when somebody printed something is it done again,
    alone, to see whose it was. An exception passes.
    """
    if _caught is None:
        return work(), ""
    with _turns.shared():
        before = _printed()
        result = work()
        silent = _printed() == before
    if silent:
        return result, ""
    with _turns.alone():
        before = _printed()
        result = work()
        return result, os.pread(_caught, 4096, before).decode(errors="replace")


@contextmanager
def caught_warnings() -> Iterator[None]:
    """Catch what native code prints on stderr, for the time of a run; what is no codec's is told at the end."""
    global _caught
    python = sys.stderr
    with nameless_file() as file, redirected(2, file.fileno()) as real:
        if real is None:  # a process without stderr
            yield
            return
        _point_python_at(real)
        _caught = file.fileno()
        try:
            yield
        finally:
            _caught = None
            sys.stderr = python
            file.seek(0)
            _tell_the_rest(file.read(), real)


def _printed() -> int:
    return os.fstat(_caught).st_size if _caught is not None else 0


def _point_python_at(descriptor: int) -> None:
    """Let Python's stderr be another descriptor, unless it has been replaced by something that is none."""
    try:
        if sys.stderr.fileno() != 2:
            return
    except (AttributeError, io.UnsupportedOperation):
        return
    sys.stderr.flush()
    sys.stderr = io.TextIOWrapper(
        io.FileIO(descriptor, "w", closefd=False),
        sys.stderr.encoding,
        sys.stderr.errors,
        write_through=True,  # nothing may be left in it when the descriptor goes
    )


def _tell_the_rest(text: bytes, stderr: int) -> None:
    rest = b"".join(line for line in text.splitlines(keepends=True) if not _CODECS.match(line))
    if rest:
        with suppress(OSError):  # whoever read stderr has left
            os.write(stderr, rest)
