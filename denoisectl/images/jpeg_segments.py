"""JPEG as a container: segments apart from the compressed scan. Pure functions on bytes."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from denoisectl.errors import ImageError

SOI, EOI, SOS, DQT, COMMENT = 0xD8, 0xD9, 0xDA, 0xDB, 0xFE
JFIF = (0xE0, b"JFIF\0")
JFXX = (0xE0, b"JFXX\0")
AVI = (0xE0, b"AVI1")
EXIF = (0xE1, b"Exif\0\0")
XMP = (0xE1, b"http://ns.adobe.com/xap/1.0/\0")
XMP_EXTENSION = (0xE1, b"http://ns.adobe.com/xmp/extension/\0")
ICC = (0xE2, b"ICC_PROFILE\0")
MPF = (0xE2, b"MPF\0")
JUMBF = (0xEB, b"JP")
PHOTOSHOP = (0xED, b"Photoshop 3.0\0")
ADOBE = (0xEE, b"Adobe")

MAX_CONTENT = 65533
_FRAMES = (*range(0xC0, 0xC4), *range(0xC5, 0xC8), *range(0xC9, 0xCC), *range(0xCD, 0xD0))
_AFTER_SCAN = {0xC4, 0xCC, 0xDA, 0xDB, 0xDC, 0xDD, 0xFE, *range(0xE0, 0xF0)}
# Inside a scan, FF is followed by 00 (a data byte FF), D0..D7 (restart) or FF (fill).
_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")


@dataclass(frozen=True, slots=True)
class Segment:
    """A marker and its content, without the length."""

    marker: int
    content: bytes

    def holds(self, kind: tuple[int, bytes]) -> bool:
        """True for an application segment of this kind, for example `EXIF`."""
        return self.marker == kind[0] and self.content.startswith(kind[1])

    @property
    def is_frame(self) -> bool:
        """True for the start of frame, which states size, depth and components."""
        return self.marker in _FRAMES


@dataclass(frozen=True, slots=True)
class Split:
    """A JPEG file taken apart."""

    segments: tuple[Segment, ...]
    """Everything before the first scan."""
    scans: bytes
    """From the first scan's marker to the end-of-image marker, both included."""
    trailer: int
    """Bytes after the image: previews, gain maps, motion photos."""

    def of(self, kind: tuple[int, bytes]) -> list[bytes]:
        """Contents of all segments of a kind, without the kind's own label."""
        return [segment.content[len(kind[1]) :] for segment in self.segments if segment.holds(kind)]


def split(data: bytes) -> Split:
    """Take a JPEG file apart; only its structure is checked.

    Raises:
        ImageError: the file ends before the image does, or a segment is where none can be.
    """
    segments, start = [], 2
    while (found := _segment(data, start)).marker != SOS:
        segments.append(found)
        start += 4 + len(found.content) + _fill(data, start)
    stop = _end_of_scans(data, start)
    return Split(tuple(segments), data[start:stop], len(data) - stop)


def join(segments: Iterable[Segment], scans: bytes) -> bytes:
    """Put a JPEG file together."""
    parts = [bytes([0xFF, SOI])]
    for segment in segments:
        size = (len(segment.content) + 2).to_bytes(2, "big")
        parts += [bytes([0xFF, segment.marker]), size, segment.content]
    return b"".join([*parts, scans])


def icc_of(split_file: Split) -> bytes | None:
    """The colour profile, put together from its numbered parts; None if it is absent or incomplete."""
    parts = {part[0]: part[2:] for part in split_file.of(ICC) if len(part) > 2}
    count = next((part[1] for part in split_file.of(ICC) if len(part) > 2), 0)
    if not parts or sorted(parts) != list(range(1, count + 1)):
        return None
    return b"".join(parts[number] for number in sorted(parts))


def icc_segments(icc: bytes) -> list[Segment]:
    """The colour profile in numbered parts that fit a segment each; [] if it needs more than 255."""
    room = MAX_CONTENT - len(ICC[1]) - 2
    parts = [icc[start : start + room] for start in range(0, len(icc), room)]
    if len(parts) > 255:
        return []
    return [
        Segment(ICC[0], ICC[1] + bytes([number, len(parts)]) + part)
        for number, part in enumerate(parts, start=1)
    ]


def _fill(data: bytes, start: int) -> int:
    """Padding bytes FF before a marker."""
    fill = 0
    while data[start + fill + 1 : start + fill + 2] == b"\xff":
        fill += 1
    return fill


def _segment(data: bytes, start: int) -> Segment:
    start += _fill(data, start)
    if start + 4 > len(data):
        raise ImageError("the file is cut short: it ends before the image data")
    marker, size = data[start + 1], int.from_bytes(data[start + 2 : start + 4], "big")
    if data[start] != 0xFF or marker in (0x00, 0x01, EOI) or size < 2:
        raise ImageError("the JPEG structure is damaged: a segment is missing")
    if start + 2 + size > len(data):
        raise ImageError("the file is cut short: it ends before the image data")
    return Segment(marker, data[start + 4 : start + 2 + size])


def _end_of_scans(data: bytes, start: int) -> int:
    while True:
        segment = _segment(data, start)
        if segment.marker not in _AFTER_SCAN:
            raise ImageError("the JPEG structure is damaged: a stray marker in the image data")
        start += 4 + len(segment.content) + _fill(data, start)
        found = _MARKER.search(data, start)
        if found is None:
            raise ImageError("the file is cut short: the image data has no end")
        start = found.start()
        if data[start + 1] == EOI:
            return start + 2
