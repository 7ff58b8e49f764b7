"""Standard error that nobody may hear: a log on a full disk, a terminal that is gone."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any, TextIO, cast


class Unheard:
    """A stream whose errors stop no work, all but that of a reader who left."""

    def __init__(self, stream: IO[str]) -> None:
        """Write to `stream`."""
        self._stream = stream

    def write(self, text: str) -> int:
        """Write what can be written."""
        with _no_matter():
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        """Pass on what can be passed on."""
        with _no_matter():
            self._stream.flush()

    def __getattr__(self, name: str) -> Any:
        """Everything else is the stream's."""
        return getattr(self._stream, name)


def bear_with_stderr() -> None:
    """For the rest of the process, a message that cannot be told changes no exit code; what Typer says included."""
    if sys.stderr is not None:
        sys.stderr = cast(TextIO, Unheard(sys.stderr))


@contextmanager
def _no_matter() -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError:
        pass
