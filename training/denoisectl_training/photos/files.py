"""A photo file as training and evaluation see it: read by the reader of `denoisectl run`, colours only."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from denoisectl.errors import ImageError
from denoisectl.images import decode, with_depth


def read_photo(path: Path, *, bits: int | None = None) -> NDArray[Any]:
    """Decode a photo, upright and without its transparency, to `(H, W, 3)` RGB.

    Args:
        path: the file; what it is called does not matter.
        bits: 8 or 16 a sample; None leaves what the file has.

    Returns:
        uint8, uint16, or float32 with 1.0 as white.

    Raises:
        ImageError: it cannot be read, is damaged, or is of a kind that `denoisectl run` does not read either.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ImageError(f"{path}: cannot be read ({error.strerror or error})") from error
    photo = decode(data, name=str(path), max_pixels=None)
    if bits:
        photo = with_depth(photo, bits)
    pixels = photo.for_network
    return pixels if pixels.ndim == 3 else np.repeat(pixels[..., None], 3, axis=2)
