"""JPEG files: pixels by libjpeg (through OpenCV), everything beside them by segment."""

from __future__ import annotations

import struct
from dataclasses import dataclass

import cv2

from denoisectl.errors import ImageError
from denoisectl.images import jpeg_quality, photoshop
from denoisectl.images import jpeg_segments as seg
from denoisectl.images.formats import Format
from denoisectl.images.ifd import Block
from denoisectl.images.jpeg_tail import check_end, check_said
from denoisectl.images.limits import check_size
from denoisectl.images.opencv import COLOUR, GREY, decode_listening, encode_with, swap_red_blue
from denoisectl.images.photo import (
    AFTER_THE_IMAGE,
    DAMAGED_PROFILE,
    Metadata,
    Origin,
    Photo,
    Resolution,
    Unit,
)

LOWEST_QUALITY = 85
"""A source saved worse than this is not saved as badly again: its artefacts are there already."""
UNKNOWN_QUALITY = 95
"""For photos that were no JPEG before."""
_MAX_SIDE = 65_500
"""What libjpeg takes; the format itself has 35 more."""

_UNITS = (Unit.NONE, Unit.INCH, Unit.CENTIMETRE)
_SAMPLINGS = {(1, 1): "444", (2, 1): "422", (2, 2): "420", (1, 2): "440", (4, 1): "411"}
_FACTORS = {
    "444": cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444,
    "422": cv2.IMWRITE_JPEG_SAMPLING_FACTOR_422,
    "420": cv2.IMWRITE_JPEG_SAMPLING_FACTOR_420,
    "440": cv2.IMWRITE_JPEG_SAMPLING_FACTOR_440,
    "411": cv2.IMWRITE_JPEG_SAMPLING_FACTOR_411,
}
_KNOWN = (
    *(seg.JFIF, seg.JFXX, seg.AVI, seg.EXIF, seg.XMP, seg.XMP_EXTENSION),
    *(seg.ICC, seg.MPF, seg.JUMBF, seg.PHOTOSHOP, seg.ADOBE),
)
_STEREO = {0x020001: "panorama", 0x020002: "stereo", 0x020003: "multi-angle"}


def read(data: bytes, max_pixels: int | None) -> Photo:
    """Decode a JPEG file as stored: orientation is not applied yet.

    Raises:
        ImageError: damaged, cut short, CMYK, a multi-picture file, or too large.
    """
    parts = seg.split(data)
    frame = _frame(parts)
    check_size(frame.width, frame.height, max_pixels)
    if len(frame.factors) not in (1, 3):
        raise ImageError(
            f"a JPEG of {len(frame.factors)} channels (CMYK) is not processed; convert it to RGB first, "
            "for example `magick IN.jpg -colorspace sRGB OUT.jpg`"
        )
    _check_single(parts)
    _check_plausible(parts, frame)
    grey = len(frame.factors) == 1
    # Only what pixels depend on goes to the decoder: Adobe's segment says whether they are YCbCr.
    needed = [
        s for s in parts.segments if s.holds(seg.ADOBE) or s.holds(seg.JFIF) or not 0xE0 <= s.marker <= 0xEF
    ]
    pixels, said = decode_listening(seg.join(needed, parts.scans), GREY if grey else COLOUR)
    check_said(said, parts.scans)
    if frame.marker in (0xC0, 0xC1):
        check_end(pixels, needed, parts.scans, (1, 1) if grey else frame.unit)
    return Photo(pixels, None, _metadata(parts), _origin(parts, frame))


def write(photo: Photo, quality: int | None) -> bytes:
    """Encode (H, W) or (H, W, 3) uint8 pixels, without alpha.

    Raises:
        ImageError: the image is larger than JPEG allows (65,500 pixels a side).
    """
    if max(photo.pixels.shape[:2]) > _MAX_SIDE:
        raise ImageError(f"JPEG allows {_MAX_SIDE:,} pixels a side; choose PNG or TIFF for this photo")
    stored = photo.pixels if photo.pixels.ndim == 2 else swap_red_blue(photo.pixels)
    near = max(photo.origin.quality or UNKNOWN_QUALITY, LOWEST_QUALITY)
    parameters = [cv2.IMWRITE_JPEG_QUALITY, near if quality is None else quality]
    if stored.ndim == 3:
        parameters += [cv2.IMWRITE_JPEG_SAMPLING_FACTOR, _FACTORS[photo.origin.sampling or "444"]]
    if photo.origin.progressive:
        parameters += [cv2.IMWRITE_JPEG_PROGRESSIVE, 1]
    parts = seg.split(encode_with(".jpg", stored, parameters))
    bare = [segment for segment in parts.segments if not segment.holds(seg.JFIF)]
    return seg.join([*_segments(photo.metadata), *bare], parts.scans)


@dataclass(frozen=True, slots=True)
class _Frame:
    marker: int
    bits: int
    height: int
    width: int
    factors: tuple[tuple[int, int], ...]
    table: int

    @property
    def unit(self) -> tuple[int, int]:
        """Blocks across and down in a coding unit."""
        return max(h for h, _ in self.factors), max(v for _, v in self.factors)


def _frame(parts: seg.Split) -> _Frame:
    content = next((segment.content for segment in parts.segments if segment.is_frame), b"")
    marker = next((segment.marker for segment in parts.segments if segment.is_frame), 0)
    if len(content) < 9 or len(content) < 6 + 3 * content[5] or content[5] == 0:
        raise ImageError("the JPEG structure is damaged: it states no image size")
    bits, height, width, count = struct.unpack_from(">BHHB", content)
    if bits != 8:
        raise ImageError(f"a JPEG of {bits} bits a channel is not processed; convert it to PNG or TIFF first")
    components = [content[6 + 3 * index : 9 + 3 * index] for index in range(count)]
    factors = tuple((c[1] >> 4, c[1] & 15) for c in components)
    if any(not (1 <= h <= 4 and 1 <= v <= 4) for h, v in factors):
        raise ImageError("the JPEG structure is damaged: impossible sampling factors")
    return _Frame(marker, bits, height, width, factors, components[0][2])


def _check_plausible(parts: seg.Split, frame: _Frame) -> None:
    """Huffman codes spend at least a bit on a block; a header that promises more is not this image's."""
    blocks = -(-frame.width // 8) * -(-frame.height // 8)
    arithmetic = frame.marker >= 0xC9
    if len(parts.scans) * 8 < blocks and not arithmetic:
        raise ImageError(f"the file is too short for the {frame.width} x {frame.height} pixels it states")


def _check_single(parts: seg.Split) -> None:
    for content in parts.of(seg.MPF):
        try:
            block = Block(content)
            entries = block.bytes_of(block.directory(block.first).tags[0xB002])
        except (KeyError, ValueError):
            continue
        order = "little" if block.order == "<" else "big"
        for start in range(0, len(entries) - 15, 16):
            kind = _STEREO.get(int.from_bytes(entries[start : start + 4], order) & 0xFFFFFF)  # type: ignore[arg-type]
            if kind:
                raise ImageError(
                    f"a multi-picture ({kind}) file of {len(entries) // 16} images is not processed; take "
                    "them apart first, for example `exiftool -b -MPImage2 IN.mpo > second.jpg`"
                )


def _origin(parts: seg.Split, frame: _Frame) -> Origin:
    tables = jpeg_quality.tables_of([s.content for s in parts.segments if s.marker == seg.DQT])
    table = tables.get(frame.table)
    grey = len(frame.factors) == 1
    (h, v), (ch, cv) = frame.factors[0], frame.factors[-1]
    sampling = None if grey else _SAMPLINGS.get((h // ch, v // cv), "444")
    return Origin(
        Format.JPEG,
        frame.bits,
        "grey" if grey else "rgb",
        lossless=False,
        quality=None if table is None else jpeg_quality.estimate(table),
        sampling=sampling,
        progressive=frame.marker in (0xC2, 0xCA),
        left_behind=_left_behind(parts),
    )


def _left_behind(parts: seg.Split) -> tuple[str, ...]:
    found = ["content credentials (C2PA)"] if parts.of(seg.JUMBF) else []
    if parts.of(seg.ICC) and seg.icc_of(parts) is None:
        found.append(DAMAGED_PROFILE)
    if len(parts.of(seg.EXIF)) > 1:
        found.append("a second EXIF block")
    if any(b"hdrgm:" in packet for packet in parts.of(seg.XMP)) and (parts.of(seg.MPF) or parts.trailer):
        found.append("HDR gain map")
    elif parts.of(seg.MPF):
        found.append("preview images (MPF)")
    elif parts.trailer:
        found.append(AFTER_THE_IMAGE)
    return tuple(found)


def _metadata(parts: seg.Split) -> Metadata:
    resources = b"".join(parts.of(seg.PHOTOSHOP))
    return Metadata(
        exif=next(iter(parts.of(seg.EXIF)), None),
        icc=seg.icc_of(parts),
        xmp=next(iter(parts.of(seg.XMP)), None),
        xmp_extension=tuple(parts.of(seg.XMP_EXTENSION)),
        photoshop=photoshop.without_thumbnails(resources) or None,
        resolution=_resolution(parts),
        comments=tuple(s.content for s in parts.segments if s.marker == seg.COMMENT),
        jpeg_segments=tuple((s.marker, s.content) for s in parts.segments if _is_kept(s)),
    )


def _is_kept(segment: seg.Segment) -> bool:
    """True for application data that we neither read nor make untrue: a maker's own, for example."""
    return 0xE0 <= segment.marker <= 0xEF and not any(segment.holds(kind) for kind in _KNOWN)


def _resolution(parts: seg.Split) -> Resolution | None:
    jfif = next(iter(parts.of(seg.JFIF)), b"")
    if len(jfif) < 7:
        return None
    unit, x, y = struct.unpack_from(">BHH", jfif, 2)
    return Resolution(x, y, _UNITS[unit]) if unit < 3 and x and y else None


def _segments(metadata: Metadata) -> list[seg.Segment]:
    """Application segments in the order in which readers expect them; what fits no segment is left out."""
    found = [seg.Segment(seg.JFIF[0], seg.JFIF[1] + _density(metadata.resolution))]
    for kind, content in ((seg.EXIF, metadata.exif), (seg.XMP, metadata.xmp)):
        found += [seg.Segment(kind[0], kind[1] + content)] if content else []
    found += [seg.Segment(seg.XMP_EXTENSION[0], seg.XMP_EXTENSION[1] + c) for c in metadata.xmp_extension]
    found += seg.icc_segments(metadata.icc or b"")
    resources, room = metadata.photoshop or b"", seg.MAX_CONTENT - len(seg.PHOTOSHOP[1])
    for start in range(0, len(resources), room):
        found.append(seg.Segment(seg.PHOTOSHOP[0], seg.PHOTOSHOP[1] + resources[start : start + room]))
    found += [seg.Segment(marker, content) for marker, content in metadata.jpeg_segments]
    found += [seg.Segment(seg.COMMENT, comment) for comment in metadata.comments]
    return [segment for segment in found if len(segment.content) <= seg.MAX_CONTENT]


def _density(resolution: Resolution | None) -> bytes:
    """The rest of a JFIF segment: version 1.01, density, no thumbnail."""
    resolution = resolution or Resolution(1, 1, Unit.NONE)
    if resolution.unit is Unit.METRE:
        resolution = resolution.to(Unit.INCH)
    x, y = (min(max(round(value), 1), 65535) for value in (resolution.x, resolution.y))
    return struct.pack(">2BBHH2B", 1, 1, _UNITS.index(resolution.unit), x, y, 0, 0)
