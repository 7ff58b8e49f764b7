"""BMP files: palettes and packed kinds by OpenCV, true-colour ones read here because it drops their alpha."""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np

from denoisectl.errors import ImageError
from denoisectl.images.formats import Format
from denoisectl.images.limits import check_size
from denoisectl.images.opencv import STORED, decode_with
from denoisectl.images.photo import Alpha, Metadata, Origin, Photo, Pixels, Resolution, Unit

_LARGEST = (1 << 32) - (1 << 16)  # BMP counts bytes in 32 bits
_RGB, _BITFIELDS, _ALPHA_BITFIELDS = 0, 3, 6
_BGRA_MASKS = (0x00FF0000, 0x0000FF00, 0x000000FF)
_V5_SIZE, _EMBEDDED, _SRGB = 124, b"DEBM", b"BGRs"  # the type codes are stored little-endian


@dataclass(frozen=True, slots=True)
class _Header:
    pixels_start: int
    size: int
    width: int
    height: int
    """Negative for rows stored from the top."""
    bits: int
    compression: int

    @property
    def row_bytes(self) -> int:
        return (self.width * self.bits + 31) // 32 * 4


def read(data: bytes, max_pixels: int | None) -> Photo:
    """Decode a BMP file.

    Raises:
        ImageError: damaged, cut short, or too large.
    """
    header = _header(data)
    check_size(header.width, abs(header.height), max_pixels)
    if header.compression in (_RGB, _BITFIELDS, _ALPHA_BITFIELDS):
        needed = header.pixels_start + header.row_bytes * abs(header.height)
        # The last row's padding is sometimes not written.
        if len(data) < needed - 3:
            raise ImageError("the file is cut short: it ends before the image does")
    pixels, alpha = _pixels(data, header)
    layout = "palette" if header.bits <= 8 and pixels.ndim == 3 else "grey" if pixels.ndim == 2 else "rgb"
    kind = Alpha.NONE if alpha is None else Alpha.STRAIGHT
    metadata = Metadata(icc=_icc(data, header), resolution=_resolution(data, header))
    return Photo(pixels, alpha, metadata, Origin(Format.BMP, min(header.bits, 8), layout, kind))


def write(photo: Photo) -> bytes:
    """Encode (H, W) uint8 pixels with a grey palette, or (H, W, 3) with or without alpha.

    Raises:
        ImageError: the file would be larger than 4 GiB.
    """
    pixels, alpha, icc = photo.pixels, photo.alpha, photo.metadata.icc or b""
    grey = pixels.ndim == 2
    samples = 1 if grey else 3 if alpha is None else 4
    height, width = pixels.shape[:2]
    row = (width * samples + 3) // 4 * 4
    if row * height + len(icc) > _LARGEST:
        raise ImageError("the BMP file would be larger than 4 GiB; choose PNG for this photo")
    rows = np.zeros((height, row), np.uint8)
    for index, plane in enumerate(_planes(pixels, alpha)):
        rows[:, index : width * samples : samples] = plane[::-1]
    palette = b"".join(bytes([level, level, level, 0]) for level in range(256)) if grey else b""
    header = _header_bytes(photo, samples, row * height, icc)
    start = 14 + len(header) + len(palette)
    total = start + row * height + len(icc)
    return b"".join([struct.pack("<2sIII", b"BM", total, 0, start), header, palette, rows.data, icc])


def _planes(pixels: Pixels, alpha: Pixels | None) -> list[Pixels]:
    colours = [pixels] if pixels.ndim == 2 else [pixels[..., channel] for channel in (2, 1, 0)]
    return colours if alpha is None else [*colours, alpha]


def _header_bytes(photo: Photo, samples: int, image_size: int, icc: bytes) -> bytes:
    """A plain header, or version 5 where alpha or a profile needs one."""
    resolution = (photo.metadata.resolution or Resolution(0, 0, Unit.METRE)).to(Unit.METRE)
    stated = (resolution.x, resolution.y) if resolution.unit is Unit.METRE else (0, 0)
    x, y = (min(round(value), 2**31 - 1) for value in stated)
    extended = bool(icc) or samples == 4
    size = _V5_SIZE if extended else 40
    compression = _BITFIELDS if samples == 4 else _RGB
    colours = 256 if samples == 1 else 0
    base = struct.pack(
        "<IiiHHIIiiII",
        size,
        photo.width,
        photo.height,
        1,
        8 * samples,
        compression,
        image_size,
        x,
        y,
        colours,
        0,
    )
    if not extended:
        return base
    masks = struct.pack("<4I", *_BGRA_MASKS, 0xFF000000) if samples == 4 else bytes(16)
    profile_start = size + 4 * colours + image_size if icc else 0
    ending = struct.pack("<IIII", 4, profile_start, len(icc), 0)
    return base + masks + (_EMBEDDED if icc else _SRGB) + bytes(48) + ending


def _header(data: bytes) -> _Header:
    pixels_start, size = struct.unpack_from("<II", data, 10)
    if size == 12:
        width, height, _, bits = struct.unpack_from("<HhHH", data, 18)
        return _Header(pixels_start, size, width, height, bits, _RGB)
    width, height, _, bits, compression = struct.unpack_from("<iiHHI", data, 18)
    if bits not in (1, 2, 4, 8, 16, 24, 32):
        raise ImageError(f"the BMP header is damaged: {bits} bits a pixel")
    return _Header(pixels_start, size, width, height, bits, compression)


def _pixels(data: bytes, header: _Header) -> tuple[Pixels, Pixels | None]:
    masks = (
        struct.unpack_from("<4I", data, 54)
        if header.size >= 56 or header.compression == _ALPHA_BITFIELDS
        else ()
    )
    plain = header.compression == _RGB or (
        header.compression in (_BITFIELDS, _ALPHA_BITFIELDS)
        and struct.unpack_from("<3I", data, 54) == _BGRA_MASKS
    )
    if header.bits not in (24, 32) or not plain:
        decoded = decode_with(data, STORED)
        return (decoded if decoded.ndim == 2 else np.ascontiguousarray(decoded[..., 2::-1])), None
    height = abs(header.height)
    data = data.ljust(header.pixels_start + height * header.row_bytes, b"\0")
    rows = np.frombuffer(data, np.uint8, height * header.row_bytes, header.pixels_start)
    rows = rows.reshape(height, -1)[:: -1 if header.height > 0 else 1, : header.width * header.bits // 8]
    stored = rows.reshape(height, header.width, -1)
    pixels = np.ascontiguousarray(stored[..., 2::-1])
    if header.bits == 24:
        return pixels, None
    # Without a mask the fourth byte is reserved; programs that put alpha there do not leave it zero.
    declared = len(masks) == 4 and masks[3] == 0xFF000000
    has_alpha = declared or (header.compression == _RGB and bool(stored[..., 3].any()))
    return pixels, np.ascontiguousarray(stored[..., 3]) if has_alpha else None


def _icc(data: bytes, header: _Header) -> bytes | None:
    if header.size < _V5_SIZE or data[14 + 56 : 14 + 60] != _EMBEDDED:
        return None
    start, size = struct.unpack_from("<II", data, 14 + 112)
    return data[14 + start : 14 + start + size] or None


def _resolution(data: bytes, header: _Header) -> Resolution | None:
    if header.size < 40:
        return None
    x, y = struct.unpack_from("<ii", data, 38)
    return Resolution(x, y, Unit.METRE) if x > 0 and y > 0 else None
