"""A file without a name, for what native code prints."""

from __future__ import annotations

import os
import tempfile
from typing import IO


def nameless_file() -> IO[bytes]:
    """Open one to write and read, unbuffered; on Linux in memory, so that no folder need be writable."""
    if hasattr(os, "memfd_create"):
        return os.fdopen(os.memfd_create("denoisectl"), "w+b", buffering=0)
    return tempfile.TemporaryFile(buffering=0)
