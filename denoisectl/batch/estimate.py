"""How much memory an encoded image will take, from its header, before anything is decoded.

An estimate for sharing memory, not a check: what the headers of damaged files say is the decoder's affair.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from denoisectl.images import Format, sniff

__all__ = ["working_bytes"]

# Decoded, denoised, and the copy that the encoder makes.
_COPIES = 3
_UNKNOWN = (0, 0, 0)

_Header = tuple[int, int, int]  # width, height, bytes a pixel


def working_bytes(data: bytes) -> int:
    """Bytes that the image in `data` takes from its decoding until after its writing."""
    try:
        width, height, depth = _header(data)
    except (struct.error, LookupError, OverflowError, ValueError):
        width, height, depth = _UNKNOWN
    return len(data) + _COPIES * abs(width * height) * depth


def _header(data: bytes) -> _Header:
    match sniff(data[:64]):
        case Format.JPEG:
            return _jpeg(data)
        case Format.PNG:
            width, height, bits = struct.unpack_from(">IIB", data, 16)
            return width, height, 8 if bits == 16 else 4
        case Format.TIFF:
            return _tiff(data)
        case Format.WEBP:
            return _webp(data)
        case Format.BMP:
            return (*struct.unpack_from("<ii", data, 18), 4)
    return _UNKNOWN


def _jpeg(data: bytes) -> _Header:
    """Walk the segments up to the frame header, which is the first marker C0 to CF that is no table."""
    place = 2
    while data[place] == 0xFF:
        marker, length = data[place + 1], int.from_bytes(data[place + 2 : place + 4], "big")
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack_from(">HH", data, place + 5)
            return width, height, 3
        place += 1 if marker == 0xFF else 2 + max(length, 2)
    return _UNKNOWN


def _webp(data: bytes) -> _Header:
    kind = data[12:16]
    if kind == b"VP8X":
        return 1 + int.from_bytes(data[24:27], "little"), 1 + int.from_bytes(data[27:30], "little"), 4
    if kind == b"VP8L":
        bits = int.from_bytes(data[21:25], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1, 4
    width, height = struct.unpack_from("<HH", data, 26)
    return width & 0x3FFF, height & 0x3FFF, 4


def _tiff(data: bytes) -> _Header:
    tags = dict(_tiff_tags(data))
    return tags[256], tags[257], tags.get(277, 1) * max(1, min(tags.get(258, 8), 32) // 8)


def _tiff_tags(data: bytes) -> Iterator[tuple[int, int]]:
    """The whole-number tags of the first directory with their first values; classic TIFF and BigTIFF."""
    order = "<" if data[:2] == b"II" else ">"
    big = 43 in data[2:4]
    directory = struct.unpack_from(order + ("Q" if big else "I"), data, 8 if big else 4)[0]
    count = struct.unpack_from(order + ("Q" if big else "H"), data, directory)[0]
    step, first = (20, directory + 8) if big else (12, directory + 2)
    for entry in range(first, first + step * min(count, 4096), step):
        tag, kind = struct.unpack_from(order + "HH", data, entry)
        number = struct.unpack_from(order + ("Q" if big else "I"), data, entry + 4)[0]
        value = entry + (12 if big else 8)
        code = {3: "H", 4: "I", 16: "Q"}.get(kind)
        if code:
            inside = number * struct.calcsize(code) <= step - 8 - (4 if big else 0)
            place = value if inside else struct.unpack_from(order + ("Q" if big else "I"), data, value)[0]
            yield tag, struct.unpack_from(order + code, data, place)[0]
