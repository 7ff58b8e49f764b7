"""The one place that calls OpenCV's codecs.

Importing this module sets OpenCV's log level to silent for the process: its codecs log to stderr what
we report as an `ImageError`, and a library must not write on the caller's terminal.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from cv2.utils import logging as _logging
from numpy.typing import NDArray

from denoisectl.errors import ImageError
from denoisectl.images.native import listened

_logging.setLogLevel(_logging.LOG_LEVEL_SILENT)

GREY = cv2.IMREAD_GRAYSCALE | cv2.IMREAD_ANYDEPTH | cv2.IMREAD_IGNORE_ORIENTATION
COLOUR = cv2.IMREAD_COLOR_RGB | cv2.IMREAD_ANYDEPTH | cv2.IMREAD_IGNORE_ORIENTATION
STORED = cv2.IMREAD_UNCHANGED


def decode_with(data: bytes | bytearray, flags: int) -> NDArray[Any]:
    """Decode with OpenCV: (H, W) or (H, W, 3 or 4).

    Raises:
        ImageError: the codec gave up.
        MemoryError: there is none for the image.
    """
    return decode_listening(data, flags)[0]


def decode_listening(data: bytes | bytearray, flags: int) -> tuple[NDArray[Any], str]:
    """The same, and what the codec printed meanwhile (see `denoisectl.images.native`).

    Raises:
        ImageError: the codec gave up.
        MemoryError: there is none for the image.
    """
    try:
        decoded, said = listened(lambda: cv2.imdecode(np.frombuffer(data, np.uint8), flags))
    except cv2.error as error:
        if error.code == cv2.Error.StsNoMem:
            raise MemoryError(_reason(error)) from error
        raise ImageError(f"the decoder failed ({_reason(error)})") from error
    if decoded is None:
        raise ImageError("the image data is damaged or cut short")
    return decoded, said


def encode_with(suffix: str, stored: NDArray[Any], parameters: Sequence[int] = ()) -> bytes:
    """Encode with OpenCV; `stored` is (H, W), (H, W, 3) BGR or (H, W, 4) BGRA.

    Raises:
        ImageError: the codec refused, for example because of the image's size.
    """
    try:
        done, encoded = cv2.imencode(suffix, stored, list(parameters))
    except (cv2.error, MemoryError) as error:
        raise ImageError(f"the {suffix[1:]} encoder failed ({_reason(error)})") from error
    if not done:
        raise ImageError(f"the {suffix[1:]} encoder failed for {stored.shape[1]} x {stored.shape[0]} pixels")
    return bytes(encoded)


def swap_red_blue(colours: NDArray[Any]) -> NDArray[Any]:
    """(H, W, 3) RGB to BGR or back; (H, W, 4) with alpha last likewise. A new contiguous array."""
    code = cv2.COLOR_RGB2BGR if colours.shape[2] == 3 else cv2.COLOR_RGBA2BGRA
    return cv2.cvtColor(colours, code)


def _reason(error: Exception) -> str:
    return str(getattr(error, "err", "") or error or "out of memory").strip()
