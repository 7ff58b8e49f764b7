"""File descriptors that native code prints to: pointed elsewhere, and a file without a name to catch its words in."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO


def nameless_file() -> IO[bytes]:
    """Open one to write and read, unbuffered; on Linux in memory, so that no folder need be writable."""
    if hasattr(os, "memfd_create"):
        return os.fdopen(os.memfd_create("denoisectl"), "w+b", buffering=0)
    return tempfile.TemporaryFile(buffering=0)


@contextmanager
def redirected(descriptor: int, target: int) -> Iterator[int | None]:
    """Point a file descriptor at `target`; yields another one for what it was, None in a process that has none."""
    try:
        real = os.dup(descriptor)
    except OSError:
        yield None
        return
    try:
        os.dup2(target, descriptor)
        yield real
    finally:
        os.dup2(real, descriptor)
        os.close(real)
