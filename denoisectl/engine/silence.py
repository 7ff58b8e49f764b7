"""Keeps what libraries print away from stdout, which carries data only."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from collections.abc import Iterator

from denoisectl.nameless import nameless_file


@contextlib.contextmanager
def captured_stdout() -> Iterator[io.StringIO]:
    """Collect what is printed inside, by Python and by native code; readable once the block has ended.

    Stdout belongs to the whole process: what another thread writes meanwhile is caught too.
    """
    text = io.StringIO()
    with contextlib.redirect_stdout(text), nameless_file() as file, _descriptor_to(file.fileno()):
        yield text
        file.seek(0)
        text.write(file.read().decode(errors="replace"))


@contextlib.contextmanager
def _descriptor_to(target: int) -> Iterator[None]:
    """Point file descriptor 1 at `target`; a process that has none is left alone."""
    if sys.__stdout__ is not None:
        sys.__stdout__.flush()
    try:
        kept = os.dup(1)
    except OSError:
        yield
        return
    try:
        os.dup2(target, 1)
        yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)
