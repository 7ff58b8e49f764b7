"""PNG files: pixels by libpng (through OpenCV), everything beside them by chunk."""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from denoisectl.errors import ImageError
from denoisectl.images import jpeg_segments as seg
from denoisectl.images import photoshop, png_text
from denoisectl.images.formats import Format
from denoisectl.images.limits import check_size
from denoisectl.images.opencv import COLOUR, GREY, STORED, decode_with, encode_with, swap_red_blue
from denoisectl.images.photo import (
    DAMAGED_PROFILE,
    Alpha,
    Metadata,
    Origin,
    Photo,
    Pixels,
    Resolution,
    Unit,
    after_the_image,
)
from denoisectl.images.png_chunks import COLOUR_CHUNKS, SAMPLE_CHUNKS, SIGNATURE, Chunk, inflate, join, split

_GREY, _RGB, _PALETTE, _GREY_ALPHA, _RGB_ALPHA = 0, 2, 3, 4, 6
_SAMPLES = {_GREY: 1, _RGB: 3, _PALETTE: 1, _GREY_ALPHA: 2, _RGB_ALPHA: 4}
_DEPTHS = {
    _GREY: (1, 2, 4, 8, 16),
    _RGB: (8, 16),
    _PALETTE: (1, 2, 4, 8),
    _GREY_ALPHA: (8, 16),
    _RGB_ALPHA: (8, 16),
}
_LONGEST_SIDE = 1_000_000  # what libpng takes
_READ_CHUNKS = {b"iCCP", b"pHYs", b"eXIf"}
_TEXT_CHUNKS = {b"tEXt", b"zTXt", b"iTXt"}


def read(data: bytes, max_pixels: int | None) -> Photo:
    """Decode a PNG file as stored: orientation is not applied yet.

    Raises:
        ImageError: damaged, cut short, animated, or too large.
    """
    header = _header(data)
    check_size(header.width, header.height, max_pixels)
    if max(header.width, header.height) > _LONGEST_SIDE:
        raise ImageError(
            f"a PNG of more than {_LONGEST_SIDE:,} pixels a side is not processed; crop it first"
        )
    chunks, image, end = split(data)
    _check(chunks, image, header)
    pixels, alpha = _pixels(chunks, image, header)
    layout = {_PALETTE: "palette", _RGB: "rgb", _RGB_ALPHA: "rgb"}.get(header.colour, "grey")
    kind = Alpha.NONE if alpha is None else Alpha.STRAIGHT
    profiles = png_text.raw_profiles(chunks)
    metadata = _metadata(chunks, header, profiles)
    left = _left_behind(chunks, metadata, profiles) + after_the_image(data, end)
    origin = Origin(Format.PNG, header.bits, layout, kind, left_behind=left)
    return Photo(pixels, alpha, metadata, origin)


def write(photo: Photo) -> bytes:
    """Encode uint8 or uint16 pixels with or without alpha."""
    pixels, alpha = photo.pixels, photo.alpha
    if pixels.ndim == 2 and alpha is not None:
        header, image = _grey_alpha(pixels, alpha)
        return join([header, *_beside(photo.metadata)], [image])
    if pixels.ndim == 3:
        pixels = swap_red_blue(pixels if alpha is None else np.dstack([pixels, alpha]))
    chunks, parts, _ = split(encode_with(".png", pixels))
    return join([chunks[0], *_beside(photo.metadata)], parts)


@dataclass(frozen=True, slots=True)
class _Header:
    width: int
    height: int
    bits: int
    colour: int

    @property
    def raw_size(self) -> int:
        """Bytes before compression."""
        return self.height * (1 + (self.width * self.bits * _SAMPLES[self.colour] + 7) // 8)


def _header(data: bytes) -> _Header:
    start = len(SIGNATURE) + 8
    if data[start - 4 : start] != b"IHDR" or len(data) < start + 13:
        raise ImageError("the PNG structure is damaged: it has no header")
    header = _Header(*struct.unpack_from(">IIBB", data, start))
    if header.bits not in _DEPTHS.get(header.colour, ()):
        raise ImageError(f"the PNG header is damaged: colour type {header.colour} with {header.bits} bits")
    return header


def _check(chunks: list[Chunk], image: list[memoryview], header: _Header) -> None:
    kinds = dict(reversed(chunks))
    if len(kinds.get(b"acTL", b"")) >= 4 and int.from_bytes(kinds[b"acTL"][:4], "big") > 1:
        raise ImageError(
            "an animated PNG is not processed; take its frames apart first, for example "
            "`ffmpeg -i IN.png frame-%04d.png`"
        )
    if sum(map(len, image)) * 1100 < header.raw_size:  # deflate reaches 1,032 : 1
        raise ImageError(f"the file is too short for the {header.width} x {header.height} pixels it states")


def _pixels(chunks: list[Chunk], image: list[memoryview], header: _Header) -> tuple[Pixels, Pixels | None]:
    # Only what pixels depend on goes to the decoder, which would complain of the rest on stderr.
    kept = {b"IHDR", b"PLTE"} | ({b"tRNS"} if header.colour == _PALETTE else set())
    data = join((chunk for chunk in chunks if chunk[0] in kept), image)
    key = dict(chunks).get(b"tRNS")
    if header.colour in (_GREY, _RGB):
        pixels = decode_with(data, GREY if header.colour == _GREY else COLOUR)
        return pixels, None if key is None else _alpha_from_key(pixels, key, header.bits)
    stored = decode_with(data, STORED)
    if stored.ndim == 2:  # a palette of greys, perhaps
        return stored, None
    if header.colour == _GREY_ALPHA:
        return np.ascontiguousarray(stored[..., 0]), np.ascontiguousarray(stored[..., 3])
    alpha = np.ascontiguousarray(stored[..., 3]) if stored.shape[2] == 4 else None
    return np.ascontiguousarray(stored[..., 2::-1]), alpha


def _alpha_from_key(pixels: Pixels, key: bytes, bits: int) -> Pixels | None:
    """Alpha for the one colour that a tRNS chunk declares transparent; the decoder ignores some of these."""
    values: NDArray[Any] = np.frombuffer(key[: len(key) // 2 * 2], ">u2").astype(np.uint32)
    if len(values) != (1 if pixels.ndim == 2 else 3):
        return None
    values = values & ((1 << bits) - 1)
    if bits < 8:
        values = values * (255 // ((1 << bits) - 1))
    match = pixels == values[0] if pixels.ndim == 2 else np.all(pixels == values, axis=-1)
    white = np.iinfo(pixels.dtype).max
    return np.where(match, 0, white).astype(pixels.dtype)


def _left_behind(chunks: list[Chunk], metadata: Metadata, profiles: dict[str, bytes]) -> tuple[str, ...]:
    kinds = {kind for kind, _ in chunks}
    found = ["content credentials (C2PA)"] if b"caBX" in kinds else []
    in_text = profiles.keys() & {"icc", "icm"}
    if metadata.icc is None and (b"iCCP" in kinds or (in_text and not kinds & {b"sRGB", b"cICP"})):
        found.append(DAMAGED_PROFILE)
    return tuple(found)


def _metadata(chunks: list[Chunk], header: _Header, profiles: dict[str, bytes]) -> Metadata:
    by_kind = dict(reversed(chunks))
    app1 = profiles.get("app1") or b""
    app1_xmp = app1.partition(b"\0")[2] if app1.startswith(seg.XMP[1]) else None
    raw_exif = profiles.get("exif") or (app1 if app1.startswith(b"Exif\0\0") else None)
    texts = [c for c in chunks if c[0] in _TEXT_CHUNKS and png_text.profile_name(c) not in profiles]
    xmp = next(filter(None, map(png_text.xmp_of, texts)), None)
    kept = [c for c in texts if png_text.xmp_of(c) is None and png_text.comment_of(c) is None]
    others = [c for c in chunks if _is_kept(c[0], header, by_kind)]
    iptc = profiles.get("iptc") or profiles.get("8bim")
    return Metadata(
        exif=by_kind.get(b"eXIf") or (raw_exif.removeprefix(b"Exif\0\0") if raw_exif else None),
        icc=_icc(by_kind, profiles.get("icc") or profiles.get("icm")),
        icc_name=by_kind.get(b"iCCP", b"ICC Profile\0").partition(b"\0")[0],
        xmp=xmp or profiles.get("xmp") or app1_xmp,
        photoshop=_resources(iptc) if iptc else None,
        resolution=_resolution(by_kind.get(b"pHYs")),
        comments=tuple(filter(None, map(png_text.comment_of, texts))),
        png_chunks=tuple(others + kept),
    )


def _is_kept(kind: bytes, header: _Header, by_kind: dict[bytes, bytes]) -> bool:
    """True for chunks carried verbatim, texts apart. A small fourth letter marks those safe to copy."""
    if kind in _TEXT_CHUNKS | _READ_CHUNKS or not kind[:1].islower():
        return False
    alike = header.colour != _PALETTE and header.bits >= 8 and b"tRNS" not in by_kind
    return kind in COLOUR_CHUNKS | {b"tIME"} or (alike and kind in SAMPLE_CHUNKS) or kind[3:4].islower()


def _resources(profile: bytes) -> bytes:
    return photoshop.without_thumbnails(
        profile if profile.startswith(b"8BIM") else photoshop.from_iptc(profile)
    )


def _icc(by_kind: dict[bytes, bytes], in_text: bytes | None) -> bytes | None:
    """The colour profile; None if it is damaged. One in a text counts only where nothing else tells the colours."""
    if b"iCCP" in by_kind:
        return inflate(by_kind[b"iCCP"].partition(b"\0")[2][1:]) or None
    told = by_kind.keys() & {b"sRGB", b"cICP"}
    whole = in_text is not None and int.from_bytes(in_text[:4], "big") == len(in_text)  # its own first field
    return in_text if whole and not told else None


def _resolution(content: bytes | None) -> Resolution | None:
    if content is None or len(content) != 9:
        return None
    x, y, unit = struct.unpack(">IIB", content)
    return Resolution(x, y, Unit.METRE if unit == 1 else Unit.NONE) if x and y else None


def _beside(metadata: Metadata) -> list[Chunk]:
    """Everything that stands between the header and the image data."""
    chunks = [c for c in metadata.png_chunks if c[0] in COLOUR_CHUNKS]
    if metadata.icc:
        chunks.append((b"iCCP", metadata.icc_name + b"\0\0" + zlib.compress(metadata.icc)))
    if metadata.resolution:
        resolution = metadata.resolution.to(Unit.METRE)
        x, y = (min(max(round(value), 1), 2**31 - 1) for value in (resolution.x, resolution.y))
        chunks.append((b"pHYs", struct.pack(">IIB", x, y, int(resolution.unit is Unit.METRE))))
    if metadata.exif:
        chunks.append((b"eXIf", metadata.exif))
    if metadata.xmp:
        chunks.append(png_text.xmp_chunk(metadata.xmp))
    chunks += [png_text.comment_chunk(comment) for comment in metadata.comments]
    return chunks + [c for c in metadata.png_chunks if c[0] not in COLOUR_CHUNKS]


def _grey_alpha(pixels: Pixels, alpha: Pixels) -> tuple[Chunk, bytes]:
    """Header and image data for grey with alpha, which OpenCV cannot write: rows of differences."""
    height, width = pixels.shape
    samples: NDArray[np.uint8] = (
        np.dstack([pixels, alpha]).astype(pixels.dtype.newbyteorder(">")).view(np.uint8)
    )
    rows = samples.reshape(height, width, -1)
    filtered = np.diff(rows, axis=1, prepend=np.zeros_like(rows[:, :1])).reshape(height, -1)
    filtered = np.hstack([np.ones((height, 1), np.uint8), filtered])  # filter type 1: Sub
    header = struct.pack(">IIBBBBB", width, height, 8 * pixels.itemsize, _GREY_ALPHA, 0, 0, 0)
    return (b"IHDR", header), zlib.compress(filtered.tobytes(), 4)
