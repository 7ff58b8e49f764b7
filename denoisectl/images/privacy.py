"""Metadata left out on request: all of it, or the place where the photo was taken."""

from __future__ import annotations

from dataclasses import replace

from denoisectl.images import exif, photoshop, xmp
from denoisectl.images.photo import Metadata, Photo
from denoisectl.images.png_chunks import COLOUR_CHUNKS

_PLACE_TEXTS = (
    b"exif:gps",  # how ImageMagick begins the keywords of a PNG's texts about the place
    b"xml:com.adobe.xmp\0",  # XMP and EXIF as a text of a kind that is not read, or damaged
    *(b"raw profile type %s\0" % name for name in (b"exif", b"app1", b"xmp", b"8bim")),
)


def without_metadata(photo: Photo) -> Photo:
    """The photo with nothing beside its pixels but what it takes to show them: colour profile and resolution."""
    had = photo.metadata
    colour = tuple(chunk for chunk in had.png_chunks if chunk[0] in COLOUR_CHUNKS | {b"sBIT"})
    kept = Metadata(icc=had.icc, icc_name=had.icc_name, resolution=had.resolution, png_chunks=colour)
    return replace(photo, metadata=kept)


def without_place(photo: Photo) -> Photo:
    """The photo without GPS data in EXIF, XMP and PNG texts, and without a GeoTIFF's map coordinates.

    A long XMP packet is left out where it names a place, and a PNG's text whole where it holds XMP or EXIF unread.

    Words such as a city (IPTC) stay, and what makers hide in notes of their own is not looked into.
    """
    had = photo.metadata
    long_xmp = () if any(b"gps" in part.lower() for part in had.xmp_extension) else had.xmp_extension
    kept = replace(
        had,
        exif=exif.without_gps(had.exif) if had.exif else None,
        xmp=xmp.without_gps(had.xmp) if had.xmp else None,
        xmp_extension=long_xmp,
        photoshop=photoshop.without_copies(had.photoshop) or None if had.photoshop else None,
        png_chunks=tuple(chunk for chunk in had.png_chunks if not chunk[1].lower().startswith(_PLACE_TEXTS)),
    )
    return replace(photo, metadata=kept)
