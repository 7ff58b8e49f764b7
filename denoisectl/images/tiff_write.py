"""TIFF files written: one page, strips, uncompressed or deflate, with every tag that the source had."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from denoisectl.errors import ImageError
from denoisectl.images import photoshop
from denoisectl.images.ifd import Block, Directory, Field, write_directory
from denoisectl.images.photo import Alpha, Metadata, Photo, Resolution, Unit
from denoisectl.images.tag_codes import TagCode
from denoisectl.images.tiff_layout import BLACK_IS_ZERO, DEFLATE, NONE, RGB
from denoisectl.images.tiff_tags import carried_fields

Order = Literal["<", ">"]
_STRIP_BYTES = 1 << 18
_LARGEST = (1 << 32) - (1 << 16)  # classic TIFF counts bytes in 32 bits
_LEVEL = 1  # half the time of zlib's default for one or two per cent more bytes
_UNITS = {Unit.NONE: 1, Unit.INCH: 2, Unit.CENTIMETRE: 3}
_EXTRAS = {Alpha.UNSPECIFIED: 0, Alpha.PREMULTIPLIED: 1, Alpha.STRAIGHT: 2}


def write(photo: Photo) -> bytes:
    """Encode pixels of any depth, with or without alpha.

    The file begins with the EXIF block itself, so that every offset inside it (maker notes have some)
    stays true; strips follow, and the directory comes last.

    Raises:
        ImageError: the file would be larger than 4 GiB.
    """
    exif, fields = _carried(photo.metadata)
    order: Order = "<" if exif[:2] == b"II" else ">"
    samples = _samples(photo)
    file = io.BytesIO()  # each strip goes where it stays: a second copy of a gigapixel is not to be had
    file.write(exif.ljust(len(exif) + len(exif) % 2, b"\0"))
    starts, sizes = [], []
    for strip in _strips(samples, order, photo.origin.compressed):
        starts.append(file.tell())
        sizes.append(file.write(strip))
        if file.tell() > _LARGEST:
            raise ImageError(
                "the TIFF file would be larger than 4 GiB; crop the photo or choose a compressed format"
            )
    fields |= _storage(photo, samples, order, starts, sizes)
    fields |= _beside(photo.metadata, order)
    tail = bytearray()
    directory = write_directory(tail, order, fields, base=file.tell())
    file.write(tail)
    file.seek(4)
    file.write(struct.pack(f"{order}I", directory))
    return file.getvalue()


def carries(exif: bytes) -> bool:
    """Whether `write` can keep this EXIF block."""
    return _opened(exif) is not None


def _carried(metadata: Metadata) -> tuple[bytes, dict[int, Field]]:
    """The EXIF block that the file starts with, and its tags, to be listed in the file's own directory."""
    if metadata.exif and (opened := _opened(metadata.exif)):
        block, directory = opened
        pointers = {
            c: block.field_of(directory.tags[c])
            for c in (TagCode.EXIF_IFD, TagCode.GPS_IFD)
            if c in directory.tags
        }
        return metadata.exif, carried_fields(block, directory) | pointers
    return b"II*\0" + bytes(4), {}


def _opened(exif: bytes) -> tuple[Block, Directory] | None:
    """None for a block that no classic TIFF can begin with: one that cannot be read, or of BigTIFF's kind."""
    try:
        block = Block(exif)
        return None if block.big else (block, block.directory(block.first))
    except ValueError:
        return None


def _samples(photo: Photo) -> NDArray[Any]:
    """(H, W, samples) as stored."""
    if photo.alpha is None:
        return np.ascontiguousarray(np.atleast_3d(photo.pixels))
    return np.dstack([photo.pixels, photo.alpha])


def _rows_per_strip(samples: NDArray[Any]) -> int:
    return min(len(samples), max(1, _STRIP_BYTES // int(samples[0].nbytes)))


def _strips(samples: NDArray[Any], order: Order, compressed: bool) -> Iterator[bytes | memoryview]:
    rows, stored = _rows_per_strip(samples), samples.dtype.newbyteorder(order)
    for top in range(0, len(samples), rows):
        block = samples[top : top + rows]
        if compressed:
            yield zlib.compress(_predicted(block).astype(stored, copy=False).tobytes(), _LEVEL)
        else:
            # A view of the pixels, not a copy, unless the byte order differs.
            yield block.astype(stored, copy=False).reshape(-1).view(np.uint8).data


def _predicted(block: NDArray[Any]) -> NDArray[Any]:
    """Differences to the pixel on the left, for integers; floats are compressed as they are."""
    if block.dtype.kind == "f":
        return block
    return np.diff(block, axis=1, prepend=np.zeros_like(block[:, :1]))


def _storage(
    photo: Photo, samples: NDArray[Any], order: Order, starts: list[int], sizes: list[int]
) -> dict[int, Field]:
    height, width, count = samples.shape
    integer, compressed = samples.dtype.kind == "u", photo.origin.compressed
    short, long = _packer(order, 3, "H"), _packer(order, 4, "I")
    fields: dict[int, Field] = {
        TagCode.IMAGE_WIDTH: long(width),
        TagCode.IMAGE_LENGTH: long(height),
        TagCode.BITS_PER_SAMPLE: short(*[8 * samples.itemsize] * count),
        TagCode.COMPRESSION: short(DEFLATE if compressed else NONE),
        TagCode.PHOTOMETRIC: short(RGB if count > 2 else BLACK_IS_ZERO),
        TagCode.STRIP_OFFSETS: long(*starts),
        TagCode.ORIENTATION: short(1),
        TagCode.SAMPLES_PER_PIXEL: short(count),
        TagCode.ROWS_PER_STRIP: long(_rows_per_strip(samples)),
        TagCode.STRIP_BYTE_COUNTS: long(*sizes),
        TagCode.PLANAR_CONFIGURATION: short(1),
        TagCode.SAMPLE_FORMAT: short(*[1 if integer else 3] * count),
    }
    if integer and compressed:
        fields[TagCode.PREDICTOR] = short(2)
    if photo.alpha is not None:
        fields[TagCode.EXTRA_SAMPLES] = short(_EXTRAS.get(photo.origin.alpha, 2))
    return fields


def _beside(metadata: Metadata, order: Order) -> dict[int, Field]:
    contents = {
        TagCode.XMP: (1, metadata.xmp),
        TagCode.IPTC: (7, photoshop.find(metadata.photoshop, photoshop.IPTC)),
        TagCode.PHOTOSHOP: (1, metadata.photoshop),
        TagCode.ICC_PROFILE: (7, metadata.icc),
    }
    fields = {
        code: Field(kind, len(content), content) for code, (kind, content) in contents.items() if content
    }
    return fields | _resolution(metadata.resolution, order)


def _resolution(resolution: Resolution | None, order: Order) -> dict[int, Field]:
    if resolution is None:
        return {}
    if resolution.unit is Unit.METRE:
        resolution = resolution.to(Unit.INCH)
    short = _packer(order, 3, "H")
    return {
        TagCode.X_RESOLUTION: _rational(resolution.x, order),
        TagCode.Y_RESOLUTION: _rational(resolution.y, order),
        TagCode.RESOLUTION_UNIT: short(_UNITS[resolution.unit]),
    }


def _rational(value: float, order: Order) -> Field:
    below = 1 if value == int(value) else 10_000
    return Field(5, 1, struct.pack(f"{order}2I", min(round(value * below), 2**32 - 1), below))


def _packer(order: Order, kind: int, code: str) -> Any:
    return lambda *values: Field(kind, len(values), struct.pack(f"{order}{len(values)}{code}", *values))
