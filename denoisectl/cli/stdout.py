"""Standard output for data alone.

onnxruntime and its helpers print to stdout, some of it from native code. While data goes out, file descriptor
1 is therefore stderr, and the real stdout is a descriptor that only this module knows.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from denoisectl.descriptors import redirected
from denoisectl.errors import StoppedError, UsageError

Write = Callable[[bytes], None]


@contextmanager
def full_disk_told() -> Iterator[None]:
    """Say what is wrong with stdout, unless it is that its reader left."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise StoppedError(
            f"stdout: cannot be written: {error.strerror}; mend that and run it again"
        ) from None


@contextmanager
def data_stdout() -> Iterator[Write]:
    """Give a function that writes bytes to the real stdout, at once and whole."""
    if sys.stdout is None:
        raise UsageError("stdout is closed, and the result was to go there; open it, or give --out a file")
    sys.stdout.flush()
    with redirected(1, 2) as real:
        assert real is not None  # Python has one

        def write(data: bytes) -> None:
            left = memoryview(data)
            with full_disk_told():
                while left:
                    left = left[os.write(real, left) :]

        try:
            yield write
        finally:
            sys.stdout.flush()  # what was printed meanwhile still goes to stderr
