"""Whether a JPEG's compressed data is whole and lasts to its end.

A file that was cut and then closed with an end marker decodes without complaint: libjpeg paints the rest in
middle grey. A photo may end in middle grey too, so that is only a suspicion. The proof: change the last bytes
of the data and see where the picture changes. In a whole file that is its very end; in a cut one, the place
of the cut.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from denoisectl.errors import ImageError
from denoisectl.images import jpeg_segments as seg
from denoisectl.images.opencv import COLOUR, GREY, decode_with
from denoisectl.images.photo import Pixels

_MIDDLE = 128
_CHANGED_BYTES = 12
_BITS_A_BLOCK = 2  # at least: one for its level, one for its end


def check_end(pixels: Pixels, segments: Sequence[seg.Segment], scans: bytes, unit: tuple[int, int]) -> None:
    """Refuse a sequential JPEG whose data ends before its picture does.

    Args:
        pixels: the decoded picture.
        segments: what the decoder needs before the scan.
        scans: the scan, from its marker to the end marker.
        unit: blocks across and down in a coding unit.

    Raises:
        ImageError: the data was cut short.
    """
    suspicious = (pixels[-4:, pixels.shape[1] // 2 :] == _MIDDLE).all()
    if not suspicious or len(scans) < 64 or scans.count(b"\xff\xda") > 1:
        return
    try:
        changed = decode_with(seg.join(segments, _other_end(scans)), GREY if pixels.ndim == 2 else COLOUR)
    except ImageError:
        return
    first, units = _first_difference(pixels, changed, unit)
    if units - first > _units_at_end(pixels, unit):
        raise ImageError(f"the file is cut short: the image data ends after {100 * first // units}% of it")


def check_said(said: str, scans: bytes) -> None:
    """Refuse a JPEG of whose data libjpeg says that it is damaged.

    Bytes that are left over before the end are the rest of a picture that lost its thread, unless they are
    padding: some cameras fill their files up with one value.

    Raises:
        ImageError: it says so.
    """
    found = _COMPLAINT.search(said)
    if not found:
        return
    left = int(found[2] or 0)
    padding = scans[-2 - left : -2] if found[2] else b"\x00\xff"
    if len(set(padding)) > 1:
        raise ImageError(f"the image data is damaged ({found[1]})")


_COMPLAINT = re.compile(r"Corrupt JPEG data: ((?:([0-9]+) extraneous bytes before marker 0xd9)|.+)")


def _other_end(scans: bytes) -> bytes:
    """The scan with its last bytes changed, none of them into a marker."""
    stop = len(scans) - 2
    end = scans[stop - _CHANGED_BYTES : stop]
    return scans[: -len(end) - 2] + bytes(0 if b ^ 0x2A == 0xFF else b ^ 0x2A for b in end) + scans[stop:]


def _first_difference(one: Pixels, other: Pixels, unit: tuple[int, int]) -> tuple[int, int]:
    """The coding unit in which two pictures begin to differ (past the last, if they do not); their number."""
    wide, high = 8 * unit[0], 8 * unit[1]
    across, down = -(-one.shape[1] // wide), -(-one.shape[0] // high)
    rows, columns = np.nonzero((one != other).reshape(*one.shape[:2], -1).any(axis=2))
    units = rows // high * across + columns // wide
    return (int(units.min()) if len(units) else across * down), across * down


def _units_at_end(pixels: Pixels, unit: tuple[int, int]) -> int:
    """How many units the changed bytes can reach in a whole file."""
    blocks = 1 if pixels.ndim == 2 else unit[0] * unit[1] + 2
    reach = 8 * _CHANGED_BYTES // (_BITS_A_BLOCK * blocks) + 1
    # Subsampled chroma is smoothed into the units to the left and above.
    smoothed = -(-pixels.shape[1] // (8 * unit[0])) + 1 if unit != (1, 1) else 0
    return reach + smoothed
