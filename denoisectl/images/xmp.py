"""XMP packets: the few statements about the stored pixels and what stands behind them that decoding makes untrue."""

from __future__ import annotations

import re

__all__ = ["fit", "without_gps"]

# A property is an attribute (tiff:Orientation="6") or an element (<tiff:Orientation>6</tiff:Orientation>).
_VALUE = rb"(\b%s\s*(?:=\s*[\"']|>)\s*)(\d+)"
_ORIENTATION = re.compile(_VALUE % rb"tiff:Orientation")
_WIDTH = re.compile(_VALUE % rb"(?:exif:PixelXDimension|tiff:ImageWidth)")
_HEIGHT = re.compile(_VALUE % rb"(?:exif:PixelYDimension|tiff:ImageLength)")
_PROPERTY = (
    rb"\s%(name)s\s*=\s*(?:\"[^\"]*\"|'[^']*')"
    rb"|<(%(name)s)(?:\s[^>]*)?(?:/>|(?<!/)>.*?</\1\s*>)"
)
_GPS = re.compile(_PROPERTY % {b"name": rb"[\w-]+:gps\w*"}, re.DOTALL | re.IGNORECASE)
# An HDR gain map, a motion photo's video, and the list of what stands behind the picture (Ultra HDR, Motion Photo).
_COMPANIONS = re.compile(
    _PROPERTY
    % {
        b"name": rb"(?:hdrgm:\w+|G?Camera:(?:MotionPhoto|MicroVideo)\w*|G?Container:Directory|HDRGainMap:\w+)"
    },
    re.DOTALL,
)
_THUMBNAILS = re.compile(rb"<(xmp|xap):Thumbnails>.*?</\1:Thumbnails>", re.DOTALL)


def fit(xmp: bytes, width: int, height: int, *, turned: bool) -> bytes:
    """The packet for a photo of this size without its thumbnail, and with no word of a gain map or video behind it.

    Args:
        xmp: the packet.
        width: columns, as seen.
        height: rows, as seen.
        turned: the pixels were turned upright; else an orientation here is none of ours and stays.
    """
    changes = [(_WIDTH, width), (_HEIGHT, height)] + ([(_ORIENTATION, 1)] if turned else [])
    for pattern, value in changes:
        xmp = pattern.sub(rb"\g<1>%d" % value, xmp)
    return _COMPANIONS.sub(b"", _THUMBNAILS.sub(b"", xmp))


def without_gps(xmp: bytes) -> bytes:
    """The packet without statements called GPS-something in any vocabulary (`exif:`, `drone-dji:`)."""
    return _GPS.sub(b"", xmp)
