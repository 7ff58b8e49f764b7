"""The strips and tiles of a TIFF file, decompressed and put together into one array of samples."""

from __future__ import annotations

import lzma
import struct
import zlib
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from denoisectl.errors import ImageError
from denoisectl.images.opencv import STORED, decode_with
from denoisectl.images.tag_codes import TagCode
from denoisectl.images.tiff_layout import (
    BLACK_IS_ZERO,
    DEFLATE,
    LZMA,
    LZW,
    NONE,
    OLD_DEFLATE,
    PACKBITS,
    Layout,
)

_SHORT = "the image data is damaged or cut short"
_RATIO = 4096  # bytes that one stored byte may stand for: LZW reaches 2,731 : 1, deflate 1,032 : 1
_LZMA_RATIO = 1 << 16
_LONGEST_SIDE = 1 << 20  # of what OpenCV reads
_REVERSED = bytes(int(f"{value:08b}"[::-1], 2) for value in range(256))


def read_samples(data: bytes, order: str, layout: Layout) -> NDArray[Any]:
    """All samples: (H, W, samples) in native byte order, as stored (palette indices, white or black as zero).

    Args:
        data: the whole file.
        order: `<` or `>`, the file's byte order.
        layout: where the samples are.

    Raises:
        ImageError: a block is missing, damaged or cut short.
    """
    out = np.empty((layout.height, layout.width, layout.samples), _dtype(layout, "="))
    for index, (plane, top, left, rows) in enumerate(_grid(layout)):
        raw = _decompressed(data, index, layout, rows)
        block = _unpacked(raw, order, layout, rows)
        planes = slice(plane, plane + 1) if layout.planar else slice(None)
        target = out[top : top + rows, left : left + layout.block_width, planes]
        target[...] = block[: target.shape[0], : target.shape[1]]
    return out


def _dtype(layout: Layout, order: str) -> np.dtype[Any]:
    return np.dtype(f"{order}{'f' if layout.kind == 3 else 'u'}{max(layout.bits, 8) // 8}")


def _grid(layout: Layout) -> Iterator[tuple[int, int, int, int]]:
    """Plane, top, left and stored rows of each block, in file order."""
    if layout.block_width < 1 or layout.block_height < 1:
        raise ImageError("the TIFF structure is damaged: blocks without a size")
    across, down = -(-layout.width // layout.block_width), -(-layout.height // layout.block_height)
    count = across * down * (layout.samples if layout.planar else 1)
    if min(len(layout.starts), len(layout.sizes)) < count:
        raise ImageError(f"the TIFF structure is damaged: {len(layout.starts)} of {count} blocks")
    for index in range(count):
        plane, place = divmod(index, across * down)
        top, left = place // across * layout.block_height, place % across * layout.block_width
        yield (
            plane,
            top,
            left,
            layout.block_height if layout.tiled else min(layout.block_height, layout.height - top),
        )


def _row_samples(layout: Layout) -> int:
    return layout.block_width * (1 if layout.planar else layout.samples)


def _decompressed(data: bytes, index: int, layout: Layout, rows: int) -> bytes | memoryview:
    row_bytes = (_row_samples(layout) * layout.bits + 7) // 8
    start, size, needed = layout.starts[index], layout.sizes[index], rows * row_bytes
    if layout.compression == NONE:
        size = min(size, needed) if size else needed
    stored: bytes | memoryview = memoryview(data)[start : start + size]
    if len(stored) < size:
        raise ImageError("the file is cut short: a block of the image lies beyond its end")
    if needed > max(size, 1) * (_LZMA_RATIO if layout.compression == LZMA else _RATIO):
        raise ImageError(f"the file is too short for the {layout.width} x {layout.height} pixels it states")
    if layout.reversed_bits:
        stored = bytes(stored).translate(_REVERSED)
    raw = _inflated(stored, layout.compression, row_bytes, rows)
    if len(raw) < needed:
        raise ImageError(_SHORT)
    return raw[:needed]


def _inflated(stored: bytes | memoryview, compression: int, row_bytes: int, rows: int) -> bytes | memoryview:
    needed = row_bytes * rows
    try:
        if compression == NONE:
            return stored
        if compression in (DEFLATE, OLD_DEFLATE):
            return zlib.decompressobj().decompress(stored, needed)
        if compression == LZMA:
            return lzma.LZMADecompressor().decompress(bytes(stored), needed)
        if compression in (LZW, PACKBITS):
            return _by_libtiff(bytes(stored), compression, row_bytes, rows)
    except (zlib.error, lzma.LZMAError) as error:
        raise ImageError(_SHORT) from error
    raise ImageError(f"a TIFF with compression {compression} is not processed; save it with another first")


def _by_libtiff(stored: bytes, compression: int, row_bytes: int, rows: int) -> bytes:
    """Let libtiff decompress one block, dressed up as a grey image of its own.

    As 16-bit samples, because libtiff (through OpenCV) reports damage only for those; a block with an odd
    number of bytes is checked that way but for its last byte, and then read as 8-bit samples.
    """
    needed = row_bytes * rows
    if needed % 2 == 0:
        wide, high = (row_bytes // 2, rows) if row_bytes % 2 == 0 else (row_bytes, rows // 2)
        return decode_with(_grey_tiff(stored, compression, wide, high, 16), STORED).tobytes()
    if pairs := (needed - 1) // 2:
        wide = -(-pairs // _LONGEST_SIDE)
        decode_with(_grey_tiff(stored, compression, wide, pairs // wide, 16), STORED)
    return decode_with(_grey_tiff(stored, compression, row_bytes, rows, 8), STORED).tobytes()


def _grey_tiff(stored: bytes, compression: int, width: int, height: int, bits: int) -> bytes:
    """A little-endian TIFF file of one strip."""
    shorts = {
        TagCode.BITS_PER_SAMPLE: bits,
        TagCode.COMPRESSION: compression,
        TagCode.PHOTOMETRIC: BLACK_IS_ZERO,
        TagCode.SAMPLES_PER_PIXEL: 1,
    }
    longs = {
        TagCode.IMAGE_WIDTH: width,
        TagCode.IMAGE_LENGTH: height,
        TagCode.STRIP_OFFSETS: 8 + 2 + 9 * 12 + 4,
        TagCode.ROWS_PER_STRIP: height,
        TagCode.STRIP_BYTE_COUNTS: len(stored),
    }
    fields = {**{code: (3, value) for code, value in shorts.items()}, **{c: (4, v) for c, v in longs.items()}}
    entries = b"".join(
        struct.pack("<HHII", code, kind, 1, value) for code, (kind, value) in sorted(fields.items())
    )
    return b"II*\0" + struct.pack("<IH", 8, len(fields)) + entries + bytes(4) + stored


def _unpacked(raw: bytes | memoryview, order: str, layout: Layout, rows: int) -> NDArray[Any]:
    """(rows, block width, samples of the block), predictor undone."""
    samples = 1 if layout.planar else layout.samples
    if layout.bits < 8:
        levels = _small_samples(
            np.frombuffer(raw, np.uint8).reshape(rows, -1), layout.bits, _row_samples(layout)
        )
        return levels.reshape(rows, layout.block_width, samples)
    if layout.predictor == 3:
        return _float_predicted(raw, layout, rows, samples)
    block = np.frombuffer(raw, _dtype(layout, order)).reshape(rows, layout.block_width, samples)
    return _summed(block, layout) if layout.predictor == 2 else block


def _small_samples(packed: NDArray[np.uint8], bits: int, count: int) -> NDArray[np.uint8]:
    """Samples of 1, 2 or 4 bits, the highest bits first; rows are padded to a byte."""
    shifts = np.arange(8 - bits, -1, -bits, dtype=np.uint8)
    spread: NDArray[np.uint8] = (packed[:, :, None] >> shifts) & np.uint8((1 << bits) - 1)
    return spread.reshape(len(packed), -1)[:, :count]


def _summed(differences: NDArray[Any], layout: Layout) -> NDArray[Any]:
    """Undo the horizontal predictor, which takes floats for the integers that their bits are."""
    native = _dtype(layout, "=")
    integers = np.dtype(f"u{native.itemsize}")
    return np.add.accumulate(differences.astype(native).view(integers), axis=1, dtype=integers).view(native)


def _float_predicted(raw: bytes | memoryview, layout: Layout, rows: int, samples: int) -> NDArray[Any]:
    """Undo Adobe's floating-point predictor: bytes are stored by significance, then as differences."""
    size = layout.bits // 8
    differences = np.frombuffer(raw, np.uint8).reshape(rows, -1, samples)
    summed = np.add.accumulate(differences, axis=1, dtype=np.uint8)
    by_value = summed.reshape(rows, size, -1).transpose(0, 2, 1)
    floats = np.ascontiguousarray(by_value).view(_dtype(layout, ">"))
    return floats.reshape(rows, layout.block_width, samples)
