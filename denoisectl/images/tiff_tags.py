"""Tags of a TIFF file that describe the photo, apart from those that say how its samples are stored."""

from __future__ import annotations

import struct

from denoisectl.images.ifd import Block, Directory, Field, write_directory
from denoisectl.images.tag_codes import TagCode

_STORAGE = {
    *range(254, 260),  # sub-file type, width, height, bits, compression
    *(262, 263, 264, 265, 266, 273, 277, 278, 279, 280, 281, 284, 288, 289, 290, 291, 292, 293),
    *(301, 317, *range(320, 326), 330, 332, 333, 334, 336, 338, 339, 340, 341, 343, 344, 346, 347),
    *(351, 400, 512, 513, 514, 515, 517, 518, 519, 520, 521, 529, 530, 531, 532, 559),
}
_NOT_IN_EXIF = {
    TagCode.XMP,
    TagCode.IPTC,
    TagCode.PHOTOSHOP,
    TagCode.ICC_PROFILE,
    TagCode.PHOTOSHOP_LAYERS,
}
_POINTERS = {TagCode.EXIF_IFD, TagCode.GPS_IFD, TagCode.INTEROP_IFD}


def exif_of(block: Block, directory: Directory) -> bytes | None:
    """An EXIF block with the file's descriptive tags, its EXIF and its GPS directories; None if it has none.

    The file's byte order is kept, so that the values can be copied as they are.
    """
    fields = carried_fields(block, directory)
    camera, place = block.sub(directory, TagCode.EXIF_IFD), block.sub(directory, TagCode.GPS_IFD)
    if not fields and camera is None and place is None:
        return None
    out = bytearray((b"II*\0" if block.order == "<" else b"MM\0*") + bytes(4))
    for code, found in ((TagCode.EXIF_IFD, camera), (TagCode.GPS_IFD, place)):
        if found is not None:
            fields[code] = _written(out, block, found)
    struct.pack_into(f"{block.order}I", out, 4, write_directory(out, block.order, fields))
    return bytes(out)


def carried_fields(block: Block, directory: Directory) -> dict[int, Field]:
    """The descriptive tags of a main directory, pointers excluded; kinds of BigTIFF only are left out."""
    return {
        code: block.field_of(tag)
        for code, tag in directory.tags.items()
        if code not in _STORAGE | _NOT_IN_EXIF | _POINTERS and tag.kind < 16
    }


def _written(out: bytearray, block: Block, directory: Directory) -> Field:
    """Write a sub-directory, with the one inside it that EXIF has, and return the tag that points at it."""
    fields = _plain(block, directory)
    inner = block.sub(directory, TagCode.INTEROP_IFD)
    if inner is not None:  # damaged files point back from there, so nothing is looked for inside it
        fields[TagCode.INTEROP_IFD] = _pointer(out, block, _plain(block, inner))
    return _pointer(out, block, fields)


def _plain(block: Block, directory: Directory) -> dict[int, Field]:
    """All tags but pointers; kinds of BigTIFF only are left out."""
    return {
        code: block.field_of(tag)
        for code, tag in directory.tags.items()
        if code not in _POINTERS and tag.kind < 16
    }


def _pointer(out: bytearray, block: Block, fields: dict[int, Field]) -> Field:
    start = write_directory(out, block.order, fields)
    return Field(4, 1, struct.pack(f"{block.order}I", start))
