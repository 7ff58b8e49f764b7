"""XMP packets: the few statements about the stored pixels and what stands behind them that decoding makes untrue."""

from __future__ import annotations

import re

# A property is an attribute (tiff:Orientation="6") or an element (<tiff:Orientation>6</tiff:Orientation>).
_VALUE = rb"(\b%s\s*(?:=\s*[\"']|>)\s*)(\d+)"
_ORIENTATION = re.compile(_VALUE % rb"tiff:Orientation")
_WIDTH = re.compile(_VALUE % rb"(?:exif:PixelXDimension|tiff:ImageWidth)")
_HEIGHT = re.compile(_VALUE % rb"(?:exif:PixelYDimension|tiff:ImageLength)")
_TAG_END = re.compile(rb"(?:[^\"'<>]|\"[^\"<]*\"|'[^'<]*')*>")


class _Statements:
    """Properties of some names: attributes, and elements with all that is in them."""

    def __init__(self, names: bytes, flags: int = 0) -> None:
        self._attribute = re.compile(rb"\s%s\s*=\s*(?:\"[^\"]*\"|'[^']*')" % names, flags)
        self._element = re.compile(rb"<(%s)(?=[\s/>])" % names, flags)

    def removed_from(self, xmp: bytes) -> bytes:
        """The packet without them. In one pass: packets come from strangers, and a megabyte must not take days."""
        kept, place, endless = [], 0, set[bytes]()
        for found in self._element.finditer(xmp):
            if found.start() < place or found[1] in endless or not (tag := _TAG_END.match(xmp, found.end())):
                continue
            end = tag if tag[0].endswith(b"/>") else _end_tag(xmp, found[1], tag.end())
            if end is None:
                endless.add(found[1])
            else:
                kept.append(xmp[place : found.start()])
                place = end.end()
        return self._attribute.sub(b"", b"".join([*kept, xmp[place:]]))


def _end_tag(xmp: bytes, name: bytes, place: int) -> re.Match[bytes] | None:
    return re.compile(rb"</%s\s*>" % re.escape(name)).search(xmp, place)


_GPS = _Statements(rb"[\w-]+:gps\w*", re.IGNORECASE)
# An HDR gain map, a motion photo's video, and the list of what stands behind the picture (Ultra HDR, Motion Photo).
_COMPANIONS = _Statements(
    rb"(?:hdrgm:\w+|G?Camera:(?:MotionPhoto|MicroVideo)\w*|G?Container:Directory|HDRGainMap:\w+)"
)
_THUMBNAILS = _Statements(rb"(?:xmp|xap):Thumbnails")


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
    return _COMPANIONS.removed_from(_THUMBNAILS.removed_from(xmp))


def without_gps(xmp: bytes) -> bytes:
    """The packet without statements called GPS-something in any vocabulary (`exif:`, `drone-dji:`)."""
    return _GPS.removed_from(xmp)
