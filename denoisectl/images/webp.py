"""WebP files: pixels by libwebp (through OpenCV), everything beside them by RIFF chunk."""

from __future__ import annotations

import struct

import cv2
import numpy as np

from denoisectl.errors import ImageError
from denoisectl.images.formats import Format
from denoisectl.images.limits import check_size
from denoisectl.images.opencv import STORED, decode_with, encode_with, swap_red_blue
from denoisectl.images.photo import Alpha, Metadata, Origin, Photo, after_the_image

LOSSY_QUALITY = 90
"""WebP files do not say the quality they were saved at; near-lossless to the eye."""

_MAX_SIDE = 16383
_ICC, _ALPHA, _EXIF, _XMP = 0x20, 0x10, 0x08, 0x04
Chunk = tuple[bytes, bytes]


def read(data: bytes, max_pixels: int | None) -> Photo:
    """Decode a WebP file as stored: orientation is not applied yet.

    Raises:
        ImageError: damaged, cut short, animated, or too large.
    """
    chunks = _split(data)
    by_kind = dict(reversed(chunks))
    if b"ANIM" in by_kind or b"ANMF" in by_kind:
        raise ImageError(
            "an animated WebP is not processed; take its frames apart first, for example "
            "`webpmux -get frame 1 IN.webp -o frame-1.webp`"
        )
    check_size(*size_of(by_kind), max_pixels)
    stored = decode_with(_join([c for c in chunks if c[0] in (b"VP8X", b"ALPH", b"VP8 ", b"VP8L")]), STORED)
    alpha = np.ascontiguousarray(stored[..., 3]) if stored.shape[2] == 4 else None
    metadata = Metadata(
        exif=by_kind.get(b"EXIF", b"").removeprefix(b"Exif\0\0") or None,
        icc=by_kind.get(b"ICCP"),
        xmp=by_kind.get(b"XMP "),
    )
    kind = Alpha.NONE if alpha is None else Alpha.STRAIGHT
    left = after_the_image(data, 8 + int.from_bytes(data[4:8], "little"))
    origin = Origin(Format.WEBP, 8, "rgb", kind, lossless=b"VP8L" in by_kind, left_behind=left)
    return Photo(np.ascontiguousarray(stored[..., 2::-1]), alpha, metadata, origin)


def write(photo: Photo, quality: int | None) -> bytes:
    """Encode (H, W, 3) uint8 pixels with or without alpha; lossless if the source was and no quality is given.

    Raises:
        ImageError: a side is longer than WebP allows.
    """
    pixels = photo.pixels
    if max(pixels.shape[:2]) > _MAX_SIDE:
        raise ImageError(f"WebP allows {_MAX_SIDE} pixels a side; choose PNG or TIFF for this photo")
    stored = swap_red_blue(pixels if photo.alpha is None else np.dstack([pixels, photo.alpha]))
    if quality is None and photo.origin.lossless:
        parameters = [cv2.IMWRITE_WEBP_LOSSLESS_MODE, cv2.IMWRITE_WEBP_LOSSLESS_PRESERVE_COLOR]
    else:
        parameters = [cv2.IMWRITE_WEBP_QUALITY, LOSSY_QUALITY if quality is None else quality]
    chunks = [c for c in _split(encode_with(".webp", stored, parameters)) if c[0] != b"VP8X"]
    return _join(_extended(chunks, photo))


def _extended(image: list[Chunk], photo: Photo) -> list[Chunk]:
    """The image chunks with metadata around them, in the order that the format prescribes."""
    metadata = photo.metadata
    before = [(b"ICCP", metadata.icc)] if metadata.icc else []
    after = [(b"EXIF", metadata.exif)] if metadata.exif else []
    after += [(b"XMP ", metadata.xmp)] if metadata.xmp else []
    flags = (_ICC if metadata.icc else 0) | (_EXIF if metadata.exif else 0) | (_XMP if metadata.xmp else 0)
    flags |= _ALPHA if photo.alpha is not None else 0
    if not before and not after and b"ALPH" not in dict(image):
        return image
    size = (photo.width - 1).to_bytes(3, "little") + (photo.height - 1).to_bytes(3, "little")
    return [(b"VP8X", bytes([flags, 0, 0, 0]) + size), *before, *image, *after]


def _split(data: bytes) -> list[Chunk]:
    end = 8 + int.from_bytes(data[4:8], "little")
    if end > len(data):
        raise ImageError("the file is cut short: it ends before the image does")
    chunks, start = [], 12
    while start + 8 <= end:
        kind, size = data[start : start + 4], int.from_bytes(data[start + 4 : start + 8], "little")
        if start + 8 + size > end:
            raise ImageError("the WebP structure is damaged: a chunk is longer than the file")
        chunks.append((kind, data[start + 8 : start + 8 + size]))
        start += 8 + size + size % 2
    return chunks


def _join(chunks: list[Chunk]) -> bytes:
    body = b"".join(
        kind + struct.pack("<I", len(content)) + content + bytes(len(content) % 2) for kind, content in chunks
    )
    return b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body


def size_of(chunks: dict[bytes, bytes]) -> tuple[int, int]:
    """Width and height from whichever header the file has."""
    extended, lossless, lossy = (chunks.get(kind, b"") for kind in (b"VP8X", b"VP8L", b"VP8 "))
    if len(extended) >= 10:
        return int.from_bytes(extended[4:7], "little") + 1, int.from_bytes(extended[7:10], "little") + 1
    if len(lossless) >= 5 and lossless[0] == 0x2F:
        bits = int.from_bytes(lossless[1:5], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if len(lossy) >= 10 and lossy[3:6] == b"\x9d\x01\x2a":
        return int.from_bytes(lossy[6:8], "little") & 0x3FFF, int.from_bytes(lossy[8:10], "little") & 0x3FFF
    raise ImageError("the WebP structure is damaged: it states no image size")
