"""Photoshop image resources (`8BIM` blocks): the container of IPTC, and of a thumbnail that goes stale."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple

IPTC = 0x0404
_THUMBNAILS = (0x0409, 0x040C)
_COPIES = (0x0422, 0x0423, 0x0424)


def from_iptc(iptc: bytes) -> bytes:
    """Wrap bare IPTC records, as TIFF stores them, into one resource."""
    return struct.pack(">4sHHI", b"8BIM", IPTC, 0, len(iptc)) + iptc + bytes(len(iptc) % 2)


def find(resources: bytes | None, number: int) -> bytes | None:
    """The content of one resource, or None."""
    for resource in _walk(resources or b""):
        if resource.number == number:
            return resource.content
    return None


def without_thumbnails(resources: bytes) -> bytes:
    """All resources but thumbnails; bytes that are not resources are kept as they are."""
    return _without(resources, _THUMBNAILS)


def without_copies(resources: bytes) -> bytes:
    """All resources but the copies of EXIF and XMP that Photoshop keeps among them."""
    return _without(resources, _COPIES)


def _without(resources: bytes, numbers: tuple[int, ...]) -> bytes:
    kept, end = b"", 0
    for resource in _walk(resources):
        kept += b"" if resource.number in numbers else resources[resource.start : resource.stop]
        end = resource.stop
    return kept + resources[end:]


class _Resource(NamedTuple):
    number: int
    start: int
    stop: int
    content: bytes


def _walk(resources: bytes) -> Iterator[_Resource]:
    start = 0
    while resources[start : start + 4] == b"8BIM" and start + 12 <= len(resources):
        number, name_length = struct.unpack_from(">HB", resources, start + 4)
        content = start + 11 + name_length + (1 - name_length % 2)  # the name's length byte is padded with it
        if content > len(resources):
            return
        (size,) = struct.unpack_from(">I", resources, content - 4)
        if content + size > len(resources):
            return
        stop = content + size + size % 2
        yield _Resource(number, start, stop, resources[content : content + size])
        start = stop
