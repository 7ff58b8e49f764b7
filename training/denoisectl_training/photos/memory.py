"""Where photos wait to be trained on: in memory while they are few, in a file of their own beyond that."""

from __future__ import annotations

import os
import tempfile

import numpy as np
import torch
from torch import Tensor

from denoisectl.errors import TrainingError

_IN_MEMORY = 2 * 1024**3
_BLOCK = 256 * 1024**2
_PIECE = bytes(1024**2)


class PhotoMemory:
    """Holds uint8 photos; from 2 GiB on in files without names, which the system keeps in spare memory if it has any.

    Tens of thousands of photos so take disk space, where they would have taken all memory.
    """

    def __init__(self) -> None:
        self._held = 0
        self._block = torch.empty(0, dtype=torch.uint8)  # what is left of the newest file

    def keep(self, photo: Tensor) -> Tensor:
        """The photo, as it is or in a file.

        Raises:
            TrainingError: the disk is full.
        """
        size = photo.numel()
        if self._held + size <= _IN_MEMORY:
            self._held += size
            return photo
        if size > len(self._block):
            self._block = _mapped(max(size, _BLOCK))
        place, self._block = self._block[:size].view(photo.shape), self._block[size:]
        return place.copy_(photo)


def _mapped(size: int) -> Tensor:
    """So many bytes of a file that goes when they are no longer used."""
    try:
        with tempfile.TemporaryFile(dir=_folder()) as file:
            # Written, not only made long: a disk that is found full later would end the process.
            for start in range(0, size, len(_PIECE)):
                file.write(_PIECE[: size - start])
            file.flush()
            return torch.from_numpy(np.memmap(file, np.uint8, "r+", shape=(size,)))
    except OSError as error:
        raise TrainingError(
            f"{_folder()}: no room for the photos ({error.strerror}); over {_IN_MEMORY // 1024**3} GiB "
            "they are kept in files: let TMPDIR name a folder on a larger disk, lower data.max_side, or take fewer"
        ) from error


def _folder() -> str:
    """`/var/tmp` where nothing else is asked for: it is made for large files, and `/tmp` may be memory."""
    large = "/var/tmp"
    return large if "TMPDIR" not in os.environ and os.access(large, os.W_OK) else tempfile.gettempdir()
