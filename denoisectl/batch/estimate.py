"""How much memory an image file will take, from its header, before it is read.

An estimate for sharing memory, not a check: what the headers of damaged files say is the decoder's affair.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from typing import BinaryIO

from denoisectl.images import Format, sniff

__all__ = ["stated_pixels", "working_bytes"]

# Decoded, denoised, and the copy that the encoder makes.
_COPIES = 3
_UNKNOWN = (0, 0, 0)
_MOST_TAGS = 4096
_MOST_SEGMENTS = 4096
_OS2_HEADER = 12  # bytes of the header of a BMP as OS/2 wrote it

_Header = tuple[int, int, int]  # width, height, bytes a pixel


def working_bytes(file: BinaryIO) -> int:
    """Bytes that the image in `file` takes from its reading until after its writing."""
    size = file.seek(0, os.SEEK_END)
    width, height, depth = _stated(file)
    return size + _COPIES * abs(width * height) * depth


def stated_pixels(file: BinaryIO) -> int:
    """Pixels of the image in `file`; 0 where the header cannot be read."""
    width, height, _ = _stated(file)
    return abs(width * height)


def _stated(file: BinaryIO) -> _Header:
    try:
        return _header(file)
    except (struct.error, LookupError, OverflowError, ValueError, OSError):
        return _UNKNOWN


def _at(file: BinaryIO, place: int, layout: str) -> tuple[int, ...]:
    """Unpack whole numbers at a place in the file."""
    file.seek(place)
    return struct.unpack(layout, file.read(struct.calcsize(layout)))


def _header(file: BinaryIO) -> _Header:
    file.seek(0)
    match sniff(file.read(64)):
        case Format.JPEG:
            return _jpeg(file)
        case Format.PNG:
            width, height, bits = _at(file, 16, ">IIB")
            return width, height, 8 if bits == 16 else 4
        case Format.TIFF:
            return _tiff(file)
        case Format.WEBP:
            return _webp(file)
        case Format.BMP:
            (header,) = _at(file, 14, "<I")
            width, height = _at(file, 18, "<HH" if header == _OS2_HEADER else "<ii")
            return width, height, 4
    return _UNKNOWN


def _jpeg(file: BinaryIO) -> _Header:
    """Walk the segments up to the frame header, which is the first marker C0 to CF that is no table."""
    place = 2
    for _ in range(_MOST_SEGMENTS):
        start, marker, length = _at(file, place, ">BBH")
        if start != 0xFF:
            break
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = _at(file, place + 5, ">HH")
            return width, height, 3
        place += 1 if marker == 0xFF else 2 + max(length, 2)
    return _UNKNOWN


def _webp(file: BinaryIO) -> _Header:
    file.seek(12)
    head = file.read(18)
    if head[:4] == b"VP8X":
        return 1 + int.from_bytes(head[12:15], "little"), 1 + int.from_bytes(head[15:18], "little"), 4
    if head[:4] == b"VP8L":
        bits = int.from_bytes(head[9:13], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1, 4
    width, height = struct.unpack("<HH", head[14:18])
    return width & 0x3FFF, height & 0x3FFF, 4


def _tiff(file: BinaryIO) -> _Header:
    tags = dict(_tiff_tags(file))
    return tags[256], tags[257], tags.get(277, 1) * max(1, min(tags.get(258, 8), 32) // 8)


def _tiff_tags(file: BinaryIO) -> Iterator[tuple[int, int]]:
    """The whole-number tags of the first directory with their first values; classic TIFF and BigTIFF."""
    file.seek(0)
    head = file.read(4)
    order, big = "<" if head[:2] == b"II" else ">", 43 in head[2:]
    pointer, room = (order + "Q", 8) if big else (order + "I", 4)
    (directory,) = _at(file, 8 if big else 4, pointer)
    (count,) = _at(file, directory, order + ("Q" if big else "H"))
    first, step = directory + (8 if big else 2), 4 + 2 * room
    for entry in range(first, first + step * min(count, _MOST_TAGS), step):
        tag, kind = _at(file, entry, order + "HH")
        (number,) = _at(file, entry + 4, pointer)
        layout = {3: "H", 4: "I", 16: "Q"}.get(kind)
        if layout:
            value = entry + 4 + room
            inside = number * struct.calcsize(layout) <= room
            place = value if inside else _at(file, value, pointer)[0]
            yield tag, _at(file, place, order + layout)[0]
