"""EXIF blocks: read what decoding needs, and make a block fit the photo that will be written.

Blocks are changed in place, never rebuilt: maker notes hold offsets into the block and would break.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from denoisectl.images.ifd import Block, Directory, Tag
from denoisectl.images.orientation import swaps_sides
from denoisectl.images.photo import Resolution, Unit
from denoisectl.images.tag_codes import TagCode

_THUMBNAIL_STARTS = (TagCode.JPEG_OFFSET, TagCode.STRIP_OFFSETS)
_THUMBNAIL_SIZES = (TagCode.JPEG_BYTE_COUNT, TagCode.STRIP_BYTE_COUNTS)
_WIDTHS = {0: TagCode.IMAGE_WIDTH, TagCode.EXIF_IFD: TagCode.PIXEL_X_DIMENSION}
_HEIGHTS = {0: TagCode.IMAGE_LENGTH, TagCode.EXIF_IFD: TagCode.PIXEL_Y_DIMENSION}
_GEOTIFF = (33550, 33922, 34264, 34735, 34736, 34737)
_GIS = (33920, 42112, 50844)  # Intergraph's matrix, GDAL's notes, a satellite's coefficients
_PLACE_TAGS = (TagCode.GPS_IFD, *_GEOTIFF, *_GIS)
_RESOLUTION_PAIRS = {
    0: (TagCode.X_RESOLUTION, TagCode.Y_RESOLUTION),
    TagCode.EXIF_IFD: (TagCode.FOCAL_PLANE_X_RESOLUTION, TagCode.FOCAL_PLANE_Y_RESOLUTION),
}


def orientation_of(exif: bytes | None) -> int:
    """The orientation 1..8; 1 where there is none or it cannot be read."""
    opened = _open(exif)
    if opened is None:
        return 1
    value = _integer(opened.block, opened.main, TagCode.ORIENTATION)
    return value if value is not None and 1 <= value <= 8 else 1


def resolution_of(exif: bytes | None) -> Resolution | None:
    """The resolution of the main image, or None."""
    opened = _open(exif)
    if opened is None:
        return None
    block, tags = opened.block, opened.main.tags
    try:
        x, y = block.rational(tags[TagCode.X_RESOLUTION]), block.rational(tags[TagCode.Y_RESOLUTION])
    except (KeyError, ValueError):
        return None
    unit = {1: Unit.NONE, 3: Unit.CENTIMETRE}.get(
        _integer(block, opened.main, TagCode.RESOLUTION_UNIT) or 2, Unit.INCH
    )
    return Resolution(x, y, unit) if x > 0 and y > 0 else None


def fit(exif: bytes, width: int, height: int) -> bytes:
    """The block for an upright photo of this size: orientation 1, sizes true, thumbnail gone.

    A block that cannot be read comes back as it is: it says nothing that could be wrong.
    """
    block = bytearray(exif)
    opened = _open(block)
    if opened is None:
        return exif
    orientation = orientation_of(exif)
    for key, directory in opened.directories():
        opened.set(directory, _WIDTHS[key], width)
        opened.set(directory, _HEIGHTS[key], height)
        if swaps_sides(orientation):
            opened.swap(directory, *_RESOLUTION_PAIRS[key])
    opened.reset_orientation()
    opened.drop_thumbnail()
    return bytes(block)


def without_gps(exif: bytes) -> bytes | None:
    """The block without its GPS directory and map coordinates; None for a block that cannot be read.

    Their bytes are overwritten. Everything else stays where it is: maker notes hold offsets into the block.
    """
    block = bytearray(exif)
    if not _open(block):
        return None
    for code in _PLACE_TAGS:
        while (opened := _open(block)) and code in opened.main.tags:  # damaged files name several
            opened.drop(code)
    return bytes(block)


@dataclass(frozen=True, slots=True)
class _Opened:
    block: Block
    main: Directory

    def directories(self) -> list[tuple[int, Directory]]:
        camera = self.block.sub(self.main, TagCode.EXIF_IFD)
        return [(0, self.main)] + ([(TagCode.EXIF_IFD, camera)] if camera is not None else [])

    def set(self, directory: Directory, code: int, value: int) -> None:
        tag = directory.tags.get(code)
        if tag is None or tag.kind not in (3, 4) or tag.count != 1:
            return
        kind = tag.kind if value < 1 << 16 else 4  # the entry has room for either
        stored = struct.pack(self.block.order + "HI", kind, 1)
        stored += struct.pack(
            self.block.order + {3: "HH", 4: "I"}[kind], *((value, 0) if kind == 3 else (value,))
        )
        self._write(tag.entry + 2, stored)

    def reset_orientation(self) -> None:
        """Upright, as one SHORT: some files store the turn as another kind of number."""
        if tag := self.main.tags.get(TagCode.ORIENTATION):
            self._write(tag.entry + 2, struct.pack(self.block.order + "HIHH", 3, 1, 1, 0))

    def swap(self, directory: Directory, one: int, other: int) -> None:
        first, second = directory.tags.get(one), directory.tags.get(other)
        if first is None or second is None:
            return
        data = self.block.data
        value, other_value = (
            data[first.entry + 8 : first.entry + 12],
            data[second.entry + 8 : second.entry + 12],
        )
        self._write(first.entry + 8, bytes(other_value))
        self._write(second.entry + 8, bytes(value))

    def drop_thumbnail(self) -> None:
        if self.main.next == 0:
            return
        try:
            second = self.block.directory(self.main.next)
        except ValueError:
            second = None
        self._write(self.main.link, bytes(4))
        if second is None:
            return
        for starts, sizes in zip(_THUMBNAIL_STARTS, _THUMBNAIL_SIZES, strict=True):
            self._erase(second, starts, sizes)
        # The directory itself usually ends the block once its picture is gone.
        self._cut(self.main.next, second.link + 4)

    def drop(self, code: int) -> None:
        """Blank a value, with the directory that it points at if it is one, and take its entry out of the main one."""
        data, first, gone = self.block.data, self.block.first, self.main.tags[code]
        place = self.block.sub(self.main, code) if code == TagCode.GPS_IFD else None
        tags = list(place.tags.values()) if place is not None else []
        spans = [span for tag in tags for span in ((tag.start, tag.size), (tag.entry, 12))]
        for start, size in [*spans, (gone.start, gone.size)]:
            if not self._overlaps_main(start, start + size, but=code):
                self._write(start, bytes(size))
        end = min(self.main.link + 4, len(data))
        self._write(gone.entry, bytes(data[gone.entry + 12 : end]) + bytes(12))
        count = int.from_bytes(data[first : first + 2], "little" if self.block.order == "<" else "big")
        self._write(first, struct.pack(self.block.order + "H", count - 1))

    def _erase(self, directory: Directory, starts: int, sizes: int) -> None:
        start, size = _integer(self.block, directory, starts), _integer(self.block, directory, sizes)
        if start is None or size is None or start < 8 or start + size > len(self.block.data):
            return
        if not self._overlaps_main(start, start + size):
            self._write(start, bytes(size))
            self._cut(start, start + size)

    def _overlaps_main(self, start: int, stop: int, but: int | None = None) -> bool:
        """Damaged files point at their own tags; those must not be erased, but for the value of one."""
        spans = [(0, 8)]
        for key, directory in self.directories():
            spans += [(tag.start, tag.start + tag.size) for tag in directory.tags.values() if tag.code != but]
            begin = self.block.integers(self.main.tags[key])[0] if key else self.block.first
            spans += [(begin, directory.link + 4)]
        return any(start < end and begin < stop for begin, end in spans)

    def _cut(self, start: int, stop: int) -> None:
        assert isinstance(self.block.data, bytearray)
        if stop >= len(self.block.data) - 1 and not self._overlaps_main(start, stop):
            del self.block.data[start:]

    def _write(self, start: int, stored: bytes) -> None:
        assert isinstance(self.block.data, bytearray)
        self.block.data[start : start + len(stored)] = stored


def _open(exif: bytes | bytearray | None) -> _Opened | None:
    try:
        if exif is None:
            return None
        block = Block(exif)
        return None if block.big else _Opened(block, block.directory(block.first))
    except ValueError:
        return None


def _integer(block: Block, directory: Directory, code: int) -> int | None:
    tag: Tag | None = directory.tags.get(code)
    try:
        return None if tag is None else block.integers(tag)[0]
    except (ValueError, IndexError):
        return None
