"""Keeps what libraries print away from stdout, which carries data only."""

from __future__ import annotations

import contextlib
import io
import sys
from collections.abc import Iterator

from denoisectl.descriptors import nameless_file, redirected


@contextlib.contextmanager
def captured_stdout() -> Iterator[io.StringIO]:
    """Collect what is printed inside, by Python and by native code; readable once the block has ended.

    Stdout belongs to the whole process: what another thread writes meanwhile is caught too.
    """
    text = io.StringIO()
    if sys.__stdout__ is not None:
        sys.__stdout__.flush()
    with contextlib.redirect_stdout(text), nameless_file() as file, redirected(1, file.fileno()):
        yield text
        file.seek(0)
        text.write(file.read().decode(errors="replace"))
