"""What PNG files keep in text chunks: XMP, comments, and metadata that ImageMagick wrote as hexadecimal."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

from denoisectl.images.png_chunks import Chunk, inflate

_XMP = b"XML:com.adobe.xmp"
_COMMENT = b"Comment"
_PROFILES = {"exif", "app1", "xmp", "iptc", "8bim", "icc", "icm"}
_MAX_PROFILE = 16 << 20
_TRIES = 3
_RAW_PROFILE = re.compile(rb"\s*\S+\s+\d+\s([0-9a-fA-F\s]*)")


def xmp_of(chunk: Chunk) -> bytes | None:
    """The XMP packet if this chunk holds it."""
    kind, content = chunk
    if kind != b"iTXt" or not content.startswith(_XMP + b"\0"):
        return None
    compressed, rest = content[len(_XMP) + 1 : len(_XMP) + 2], content[len(_XMP) + 3 :]
    text = rest.split(b"\0", 2)[-1]  # after language and translated keyword
    return inflate(text) if compressed == b"\1" else text


def xmp_chunk(xmp: bytes) -> Chunk:
    """The chunk that holds an XMP packet, uncompressed as Adobe asks."""
    return b"iTXt", _XMP + b"\0\0\0\0\0" + xmp


def comment_of(chunk: Chunk) -> bytes | None:
    """The text if this chunk is a plain comment."""
    kind, content = chunk
    keyword, _, text = content.partition(b"\0")
    return text if kind == b"tEXt" and keyword == _COMMENT else None


def comment_chunk(comment: bytes) -> Chunk:
    """The chunk that holds a comment; text that is UTF-8 but not ASCII goes in a chunk that says so."""
    comment = comment.rstrip(b"\0").replace(b"\0", b" ")
    try:
        comment.decode("ascii")
    except UnicodeDecodeError:
        try:
            comment.decode("utf-8")
        except UnicodeDecodeError:
            pass
        else:
            return b"iTXt", _COMMENT + b"\0\0\0\0\0" + comment
    return b"tEXt", _COMMENT + b"\0" + comment


def profile_name(chunk: Chunk) -> str:
    """Which of ImageMagick's raw profiles that are read here (`exif`, `iptc`, `xmp`...) the chunk is; empty if none."""
    kind, content = chunk
    keyword = content.partition(b"\0")[0].decode("latin-1").lower()
    name = keyword.removeprefix("raw profile type ") if kind in (b"tEXt", b"zTXt") else ""
    return name if name in _PROFILES and name != keyword else ""


def raw_profiles(chunks: Iterable[Chunk]) -> dict[str, bytes]:
    """Content of each profile by its name; of several alike, the last that can be read, among the last few."""
    found: dict[str, bytes] = {}
    tries = Counter[str]()
    for chunk in reversed(list(chunks)):
        name = profile_name(chunk)
        if name in found or not name or tries[name] == _TRIES:
            continue
        tries[name] += 1
        if (content := _hexadecimal(chunk)) is not None:
            found[name] = content
    return found


def _hexadecimal(chunk: Chunk) -> bytes | None:
    kind, content = chunk
    text = content.partition(b"\0")[2]
    found = _RAW_PROFILE.fullmatch((inflate(text[1:], _MAX_PROFILE) or b"") if kind == b"zTXt" else text)
    try:
        return None if found is None else bytes.fromhex(found[1].decode("ascii"))
    except ValueError:
        return None
