"""How much memory an image file will take, from its header, before it is read."""

from __future__ import annotations

import os
from typing import BinaryIO

from denoisectl.images import stated

# Decoded, denoised, and the copy that the encoder makes.
_COPIES = 3


def working_bytes(file: BinaryIO) -> int:
    """Bytes that the image in `file` takes from its reading until after its writing."""
    found = stated(file)
    return file.seek(0, os.SEEK_END) + _COPIES * found.pixels * found.depth
