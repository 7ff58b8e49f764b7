"""TIFF structure, which TIFF files and EXIF blocks share: directories of tags, read and written as bytes."""

from __future__ import annotations

import os
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import BinaryIO

_KIND_SIZES = {
    **{1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4},
    **{16: 8, 17: 8, 18: 8},  # of BigTIFF
}
"""Bytes of one value of each kind."""

_INTEGER_CODES = {1: "B", 3: "H", 4: "I", 6: "b", 8: "h", 9: "i", 13: "I", 16: "Q", 17: "q", 18: "Q"}
_MAX_TAGS = 4096  # a 64-bit count in a damaged file must not become a loop of years


@dataclass(frozen=True, slots=True)
class Tag:
    """One directory entry; all positions count from the block's start."""

    code: int
    kind: int
    count: int
    entry: int
    """Where the entry starts."""
    start: int
    """Where its data starts: inside the entry, or elsewhere."""

    @property
    def size(self) -> int:
        """Bytes of data."""
        return self.count * _KIND_SIZES[self.kind]


@dataclass(frozen=True, slots=True)
class Directory:
    """Tags by code, and where the next directory is."""

    tags: dict[int, Tag]
    link: int
    """Where the pointer to the next directory is stored."""
    next: int
    """The next directory's start; 0 for none."""


@dataclass(frozen=True, slots=True)
class Field:
    """A tag to be written: `data` is already in the block's byte order."""

    kind: int
    count: int
    data: bytes


class OnDisk:
    """A file as the bytes that a `Block` reads: those that are asked for, and no others."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._size = file.seek(0, os.SEEK_END)

    def __len__(self) -> int:
        return self._size

    def __getitem__(self, part: slice) -> bytes:
        start, stop, _ = part.indices(self._size)
        self._file.seek(start)
        return self._file.read(max(0, stop - start))


class Block:
    """A TIFF file or EXIF block, read in place. Malformed structure raises ValueError."""

    def __init__(self, data: bytes | bytearray | OnDisk) -> None:
        if data[:2] not in (b"II", b"MM"):
            raise ValueError("no TIFF header")
        self.data = data
        self.order = "<" if data[:2] == b"II" else ">"
        magic = self._number(2, 2)
        if magic not in (42, 43):
            raise ValueError("no TIFF header")
        self.big = magic == 43
        self.word = 8 if self.big else 4
        self.first = self._number(8 if self.big else 4, self.word)

    def directory(self, start: int) -> Directory:
        """Read the directory at `start`. Tags whose data lies outside the block are left out."""
        head, entry = (8, 20) if self.big else (2, 12)
        count = self._number(start, head)
        if count > _MAX_TAGS:
            raise ValueError(f"a directory of {count} tags")
        found = [self._tag(start + head + index * entry) for index in range(count)]
        tags = {tag.code: tag for tag in reversed(found) if tag is not None}
        link = start + head + count * entry
        # Some writers leave the last pointer out when the directory ends the block.
        following = self._number(link, self.word) if link + self.word <= len(self.data) else 0
        return Directory(tags, link, following)

    def sub(self, directory: Directory, code: int) -> Directory | None:
        """The directory that a pointer tag names; None if it is absent or cannot be read."""
        tag = directory.tags.get(code)
        try:
            return None if tag is None else self.directory(self.integers(tag)[0])
        except (ValueError, IndexError):
            return None

    def bytes_of(self, tag: Tag) -> bytes:
        """The tag's data as stored."""
        return bytes(self.data[tag.start : tag.start + tag.size])

    def field_of(self, tag: Tag) -> Field:
        """The tag in the form that `write_directory` takes (for a block of the same byte order)."""
        return Field(tag.kind, tag.count, self.bytes_of(tag))

    def integers(self, tag: Tag) -> tuple[int, ...]:
        """The tag's values; ValueError if it does not hold integers."""
        code = _INTEGER_CODES.get(tag.kind)
        if code is None:
            raise ValueError(f"tag {tag.code} is not an integer")
        return struct.unpack(f"{self.order}{tag.count}{code}", self.bytes_of(tag))

    def rational(self, tag: Tag) -> float:
        """The tag's first value as a fraction; ValueError if it is none."""
        if tag.kind != 5 or tag.count < 1:
            raise ValueError(f"tag {tag.code} is not a rational")
        above, below = struct.unpack(f"{self.order}2I", self.bytes_of(tag)[:8])
        if below == 0:
            raise ValueError(f"tag {tag.code} divides by zero")
        return float(above / below)

    def _number(self, start: int, size: int) -> int:
        stored = self.data[start : start + size]
        if start < 0 or len(stored) != size:
            raise ValueError("the TIFF structure points outside the file")
        return int.from_bytes(stored, "little" if self.order == "<" else "big")

    def _tag(self, entry: int) -> Tag | None:
        code, kind = self._number(entry, 2), self._number(entry + 2, 2)
        count = self._number(entry + 4, self.word)
        if kind not in _KIND_SIZES:
            return None
        size = count * _KIND_SIZES[kind]
        inside = entry + 4 + self.word
        start = inside if size <= self.word else self._number(inside, self.word)
        return Tag(code, kind, count, entry, start) if start + size <= len(self.data) else None


def write_directory(block: bytearray, order: str, fields: Mapping[int, Field], *, base: int = 0) -> int:
    """Append a classic directory and its data to `block`; where the directory starts is returned.

    Everything starts on an even byte, as the specification asks; no directory follows. Positions count
    from `base` bytes before the block.
    """
    entries = bytearray()
    for code, field in sorted(fields.items()):
        stored = field.data
        if len(stored) > 4:
            _pad(block, base)
            stored = struct.pack(f"{order}I", base + len(block))
            block += field.data
        entries += struct.pack(f"{order}HHI", code, field.kind, field.count) + stored.ljust(4, b"\0")
    _pad(block, base)
    start = base + len(block)
    block += struct.pack(f"{order}H", len(fields)) + entries + bytes(4)
    return start


def _pad(block: bytearray, base: int) -> None:
    block += bytes((base + len(block)) % 2)
