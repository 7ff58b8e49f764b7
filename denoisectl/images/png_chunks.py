"""PNG as a container: chunks taken apart and put together. Pure functions on bytes."""

from __future__ import annotations

import zlib
from collections.abc import Iterable

from denoisectl.errors import ImageError

SIGNATURE = b"\x89PNG\r\n\x1a\n"
Chunk = tuple[bytes, bytes]
"""A chunk's type and its data."""

COLOUR_CHUNKS = frozenset({b"cHRM", b"gAMA", b"sRGB", b"cICP", b"mDCV", b"cLLI"})
"""They say what the samples mean, as a colour profile does."""

SAMPLE_CHUNKS = frozenset({b"sBIT", b"bKGD"})
"""They count in the samples' levels: true as long as the samples are stored alike."""

_MAX_INFLATED = 64 << 20


def split(data: bytes) -> tuple[list[Chunk], list[memoryview], int]:
    """All chunks but the image's, the parts of the image's compressed data (views, not copies), and where it ends.

    Ancillary chunks with a wrong checksum are left out, as readers are told to do.

    Raises:
        ImageError: the file ends before IEND, or a chunk that pixels depend on has a wrong checksum.
    """
    chunks: list[Chunk] = []
    image: list[memoryview] = []
    view, start, kind = memoryview(data), len(SIGNATURE), b""
    while kind != b"IEND":
        size, kind = int.from_bytes(data[start : start + 4], "big"), data[start + 4 : start + 8]
        content, check = view[start + 8 : start + 8 + size], data[start + 8 + size : start + 12 + size]
        if len(check) != 4:
            raise ImageError("the file is cut short: it ends before the image does")
        sound = zlib.crc32(content, zlib.crc32(kind)) == int.from_bytes(check, "big")
        if not sound and (kind == b"tRNS" or not kind[:1].islower()):
            raise ImageError(
                f"the image data is damaged: wrong checksum in the {kind.decode('latin-1')!r} chunk"
            )
        if kind == b"IDAT":
            image.append(content)
        elif sound and kind != b"IEND":
            chunks.append((kind, bytes(content)))
        start += 12 + size
    return chunks, image, start


def join(chunks: Iterable[Chunk], image: Iterable[bytes | memoryview]) -> bytes:
    """Put a PNG file together from the chunks before the image data, and the parts of that data."""
    parts: list[bytes | memoryview] = [SIGNATURE]
    for kind, content in [*chunks, *((b"IDAT", part) for part in image), (b"IEND", b"")]:
        check = zlib.crc32(content, zlib.crc32(kind))
        parts += [len(content).to_bytes(4, "big"), kind, content, check.to_bytes(4, "big")]
    return b"".join(parts)


def inflate(compressed: bytes, limit: int = _MAX_INFLATED) -> bytes | None:
    """Decompress a text or profile; None if it is damaged or suspiciously large."""
    decompressor = zlib.decompressobj()
    try:
        content = decompressor.decompress(compressed, limit)
    except zlib.error:
        return None
    return content if decompressor.eof else None
