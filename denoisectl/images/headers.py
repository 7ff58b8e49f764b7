"""The size of an image as its file's header states it, read a few bytes at a time.

An estimate, not a check: what the headers of damaged files say is the decoder's affair.
"""

from __future__ import annotations

import struct
from typing import BinaryIO, NamedTuple

from denoisectl.errors import ImageError
from denoisectl.images.formats import Format, sniff
from denoisectl.images.ifd import Block, OnDisk
from denoisectl.images.tag_codes import TagCode
from denoisectl.images.tiff_layout import PALETTE, Getter
from denoisectl.images.webp import size_of

_MOST_SEGMENTS = 4096
_OS2_HEADER = 12  # bytes of the header of a BMP as OS/2 wrote it


class Stated(NamedTuple):
    """What a header says; zeros where it cannot be read."""

    width: int
    height: int
    depth: int
    """Bytes a pixel while it is decoded, at most."""

    @property
    def pixels(self) -> int:
        """How many there are; bitmaps may count their rows backwards."""
        return abs(self.width * self.height)


_UNKNOWN = Stated(0, 0, 0)


def stated(file: BinaryIO) -> Stated:
    """Size and depth of the image in `file`."""
    try:
        return _header(file)
    except (ImageError, struct.error, LookupError, OverflowError, ValueError, OSError):
        return _UNKNOWN


def _at(file: BinaryIO, place: int, layout: str) -> tuple[int, ...]:
    """Unpack whole numbers at a place in the file."""
    file.seek(place)
    return struct.unpack(layout, file.read(struct.calcsize(layout)))


def _header(file: BinaryIO) -> Stated:
    file.seek(0)
    match sniff(file.read(64)):
        case Format.JPEG:
            return _jpeg(file)
        case Format.PNG:
            width, height, bits = _at(file, 16, ">IIB")
            return Stated(width, height, 8 if bits == 16 else 4)
        case Format.TIFF:
            return _tiff(file)
        case Format.WEBP:
            return _webp(file)
        case Format.BMP:
            (header,) = _at(file, 14, "<I")
            width, height = _at(file, 18, "<HH" if header == _OS2_HEADER else "<ii")
            return Stated(width, height, 4)
    return _UNKNOWN


def _jpeg(file: BinaryIO) -> Stated:
    """Walk the segments up to the frame header, which is the first marker C0 to CF that is no table."""
    place = 2
    for _ in range(_MOST_SEGMENTS):
        start, marker, length = _at(file, place, ">BBH")
        if start != 0xFF:
            break
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = _at(file, place + 5, ">HH")
            return Stated(width, height, 3)
        place += 1 if marker == 0xFF else 2 + max(length, 2)
    return _UNKNOWN


def _webp(file: BinaryIO) -> Stated:
    """From the first chunk alone; its content may be cut."""
    file.seek(12)
    head = file.read(18)
    return Stated(*size_of({head[:4]: head[8:]}), 4)


def _tiff(file: BinaryIO) -> Stated:
    block = Block(OnDisk(file))
    first = Getter(block, block.directory(block.first)).one
    samples, bits = first(TagCode.SAMPLES_PER_PIXEL, 1), first(TagCode.BITS_PER_SAMPLE, 8)
    in_palette = first(TagCode.PHOTOMETRIC, 0) == PALETTE
    depth = 2 * (samples + 2) if in_palette else samples * max(1, bits // 8)
    return Stated(first(TagCode.IMAGE_WIDTH, 0), first(TagCode.IMAGE_LENGTH, 0), depth)
