"""Which kind of file this is, told by its first bytes and never by its name."""

from __future__ import annotations

import re
from enum import Enum

from denoisectl.errors import UsageError


class Format(Enum):
    """The containers that are read and written."""

    JPEG = "jpeg"
    PNG = "png"
    TIFF = "tiff"
    WEBP = "webp"
    BMP = "bmp"

    @classmethod
    def _missing_(cls, value: object) -> Format:
        for name, kind in (("jpg", cls.JPEG), ("tif", cls.TIFF)):
            if value == name:
                return kind
        raise UsageError(f"format {value!r}: give one of {', '.join(kind.value for kind in cls)}")

    @property
    def brand(self) -> str:
        """What people call it."""
        return "WebP" if self is Format.WEBP else self.name

    @property
    def suffixes(self) -> tuple[str, ...]:
        """Every file name ending in use for this format, lower case, with the dot."""
        return _SUFFIXES[self]

    @property
    def default_suffix(self) -> str:
        """The ending that a new file gets, for example `.jpg`."""
        return _SUFFIXES[self][0]


_SUFFIXES = {
    Format.JPEG: (".jpg", ".jpeg", ".jpe", ".jfif"),
    Format.PNG: (".png", ".apng"),
    Format.TIFF: (".tif", ".tiff"),
    Format.WEBP: (".webp",),
    Format.BMP: (".bmp", ".dib"),
}

KINDS = "JPEG, PNG, TIFF, WebP or BMP"
"""All formats that are read, for messages."""

SUFFIXES = frozenset(suffix for suffixes in _SUFFIXES.values() for suffix in suffixes)
"""Of all formats that are read."""

_RAW_INSIDE_TIFF = re.compile(rb"CR|IIII|MMMM")
_BMP_HEADER_SIZES = {12, 40, 52, 56, 64, 108, 124}

_FOREIGN: tuple[tuple[re.Pattern[bytes], str], ...] = tuple(
    (re.compile(pattern, re.DOTALL), kind)
    for pattern, kind in (
        (rb"....ftyp(avif|avis)", "an AVIF image"),
        (rb"....ftyp(heic|heix|hevc|hevx|heim|heis|mif1|msf1)", "a HEIC image"),
        (rb"....ftypcrx ", "a Canon CR3 raw photo"),
        (rb"....ftyp", "a video"),
        (rb"GIF8[79]a", "a GIF image"),
        (rb"II\*\x00....CR", "a Canon CR2 raw photo"),
        (rb"(II\*\x00|MM\x00\*)....(IIII|MMMM)", "a Phase One IIQ raw photo"),
        (rb"IIU\x00", "a Panasonic RW2 raw photo"),
        (rb"(IIRO|IIRS|MMOR)", "an Olympus ORF raw photo"),
        (rb"FUJIFILMCCD-RAW", "a Fujifilm RAF raw photo"),
        (rb"FOVb", "a Sigma X3F raw photo"),
        (rb"\x00MRM", "a Minolta MRW raw photo"),
        (rb"8BPS", "a Photoshop PSD document"),
        (rb"%PDF-", "a PDF document"),
        (rb"(\xff\x0a|\x00\x00\x00\x0cJXL )", "a JPEG XL image"),
        (rb"(\x00\x00\x00\x0cjP  |\xff\x4f\xff\x51)", "a JPEG 2000 image"),
        (rb"\x76\x2f\x31\x01", "an OpenEXR image"),
        (rb"#\?RADIANCE", "a Radiance HDR image"),
        (rb"\x00\x00\x01\x00", "a Windows icon"),
        (rb"P[1-7][ \t\r\n#]", "a PNM image"),
        (rb"(\xef\xbb\xbf)?\s*(<\?xml.*)?(<!--.*-->\s*)?(<!DOCTYPE svg.*)?<svg[\s>]", "an SVG drawing"),
    )
)


def sniff(head: bytes) -> Format | None:
    """Tell the format from a file's first bytes (32 are enough); None if it is none of ours.

    Raw photos that are TIFF files inside (DNG, NEF, ARW) pass as TIFF here; `decode` refuses them by name.
    """
    if head.startswith(b"\xff\xd8\xff"):
        return Format.JPEG
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return Format.PNG
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return Format.WEBP
    if head[:4] in (b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+"):
        return None if _RAW_INSIDE_TIFF.match(head[8:12]) else Format.TIFF
    if head[:2] == b"BM" and int.from_bytes(head[14:18], "little") in _BMP_HEADER_SIZES:
        return Format.BMP
    return None


HEAD = 1024
"""Bytes at the beginning of a file that tell its kind."""

FOREIGN_SUFFIXES = frozenset(
    f".{suffix}"
    for suffix in (
        *("gif", "heic", "heif", "avif", "jxl", "jp2", "j2k", "psd", "psb", "pdf", "svg", "exr", "hdr"),
        *("ico", "ppm", "pgm", "pnm", "pbm", "tga"),
        *("dng", "nef", "cr2", "cr3", "arw", "raf", "rw2", "orf", "iiq"),
    )
)
"""File name endings of image kinds that are not written."""


def foreign_kind(head: bytes) -> str | None:
    """Name a known kind that is not processed, article included, from its first 1,024 bytes; or None."""
    return next((kind for pattern, kind in _FOREIGN if pattern.match(head)), None)


def refusal(head: bytes) -> str:
    """Say why a file that `sniff` does not know is not processed, from its first 1,024 bytes."""
    if not head:
        return "the file is empty; restore it from a backup"
    if kind := foreign_kind(head):
        return f"{kind} is not processed; convert it to {KINDS} first"
    return f"not an image: the content is not {KINDS}"
