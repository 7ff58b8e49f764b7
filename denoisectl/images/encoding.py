"""A photo to bytes, stored as its source was, or in another format."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np

from denoisectl.errors import ImageError
from denoisectl.images import bmp, jpeg, photoshop, png, tiff_write, webp
from denoisectl.images.depth import fitted, holds
from denoisectl.images.formats import Format
from denoisectl.images.jpeg_segments import MAX_CONTENT, icc_segments
from denoisectl.images.photo import Alpha, Photo, Pixels


def encode(photo: Photo, *, format: Format | None = None, quality: int | None = None) -> bytes:
    """Encode a photo in memory.

    Depth, grey, alpha and compression follow the source as far as the format can hold them; what it cannot
    hold, `losses` names. A JPEG source is written as JPEG of about its own quality (85 at least) with its
    own chroma sampling; WebP stays lossless if it was, and is written at 90 if it was not.

    Args:
        photo: what to write.
        format: None keeps the source's.
        quality: 1..100 for JPEG and WebP; None stays near the source. Other formats ignore it.

    Raises:
        ImageError: the format cannot hold the photo: transparency in JPEG, too many pixels a side.
        ValueError: a quality outside 1..100.
    """
    if quality is not None and not 1 <= quality <= 100:
        raise ValueError(f"quality must be 1 to 100. Received: {quality}")
    target = format or photo.origin.format
    photo = _adapted(photo, target)
    if target is Format.JPEG:
        return jpeg.write(photo, quality)
    if target is Format.WEBP:
        return webp.write(photo, quality)
    return {Format.PNG: png.write, Format.TIFF: tiff_write.write, Format.BMP: bmp.write}[target](photo)


def losses(photo: Photo, *, format: Format | None = None) -> tuple[str, ...]:
    """Name what the source holds and the encoded file will not, for example `16 bits` or `IPTC`."""
    target, metadata, found = format or photo.origin.format, photo.metadata, list(photo.origin.left_behind)
    if not holds(target, photo.pixels.dtype):
        found.append("32-bit float" if photo.pixels.dtype == np.float32 else "16 bits")
    if photo.origin.bits == 64 and photo.pixels.dtype == np.float32:
        found.append("64-bit float")
    if target is Format.WEBP and not photo.origin.lossless and photo.hidden is not None:
        found.append("colours under full transparency")
    found += _unholdable(photo, target)
    if target is Format.JPEG:
        found += ["EXIF (over 64 KiB)"] if len(metadata.exif or b"") > MAX_CONTENT - 6 else []
        found += ["XMP (over 64 KiB)"] if len(metadata.xmp or b"") > MAX_CONTENT - 29 else []
        found += ["comments over 64 KiB"] if any(len(c) > MAX_CONTENT for c in metadata.comments) else []
        found += ["colour profile (over 16 MB)"] if metadata.icc and not icc_segments(metadata.icc) else []
    return tuple(found)


def _unholdable(photo: Photo, target: Format) -> list[str]:
    metadata, bare = photo.metadata, target is Format.BMP
    iptc = photoshop.find(metadata.photoshop, photoshop.IPTC) is not None
    chunks = {kind for kind, _ in metadata.png_chunks}
    checks = (
        ("EXIF", metadata.exif and bare),
        (
            "EXIF (damaged)",
            metadata.exif and target is Format.TIFF and not tiff_write.carries(metadata.exif),
        ),
        ("XMP", metadata.xmp and bare),
        ("long XMP", metadata.xmp_extension and target is not Format.JPEG),
        ("IPTC", iptc and target not in (Format.JPEG, Format.TIFF)),
        ("comments", metadata.comments and target not in (Format.JPEG, Format.PNG)),
        ("JPEG application data", metadata.jpeg_segments and target is not Format.JPEG),
        ("grey colour profile", _only_colour(photo, target) and _profiles(photo, b"GRAY")),
        ("PNG text", target is not Format.PNG and chunks & {b"tEXt", b"zTXt", b"iTXt"}),
        ("PNG colour chunks", target is not Format.PNG and chunks & {b"gAMA", b"cHRM", b"cICP"}),
        (
            "a channel that is not transparency",
            photo.origin.alpha is Alpha.UNSPECIFIED and target is not Format.TIFF,
        ),
    )
    return [name for name, lost in checks if lost]


def _adapted(photo: Photo, target: Format) -> Photo:
    """The photo in a depth, with an alpha, and grey or in colour, as the target format holds it."""
    if target is not Format.TIFF and photo.alpha is not None:
        photo = _with_plain_alpha(photo, target)
    photo = fitted(photo, target)
    if _only_colour(photo, target) and _profiles(photo, b"GRAY"):
        photo = replace(photo, metadata=replace(photo.metadata, icc=None))
    if photo.pixels.ndim == 2 and _needs_colour(photo, target):
        photo = replace(photo, pixels=cv2.cvtColor(photo.pixels, cv2.COLOR_GRAY2RGB))
    return photo


def _needs_colour(photo: Photo, target: Format) -> bool:
    """Whether grey pixels are to be stored as colour: as their file did, or as the format or profile has it."""
    layout = photo.origin.layout
    return (
        layout == "rgb" or _only_colour(photo, target) or (layout == "palette" and _profiles(photo, b"RGB "))
    )


def _only_colour(photo: Photo, target: Format) -> bool:
    """Whether the format has no grey for this photo: WebP never, BMP not beside transparency."""
    transparent = photo.alpha is not None and photo.origin.alpha is not Alpha.UNSPECIFIED
    return target is Format.WEBP or (target is Format.BMP and transparent)


def _profiles(photo: Photo, space: bytes) -> bool:
    """Whether the profile is one of this colour space, as its header names it (ICC.1, 7.2.6)."""
    return (photo.metadata.icc or b"")[16:20] == space


def _with_plain_alpha(photo: Photo, target: Format) -> Photo:
    alpha = photo.alpha
    assert alpha is not None
    if photo.origin.alpha is Alpha.UNSPECIFIED:
        return replace(photo, alpha=None)
    white = 1 if alpha.dtype == np.float32 else np.iinfo(alpha.dtype).max
    if target is Format.JPEG:
        if (alpha < white).any():
            raise ImageError("JPEG cannot hold transparency; choose PNG, WebP or TIFF for this photo")
        return replace(photo, alpha=None)
    if photo.origin.alpha is Alpha.PREMULTIPLIED:
        return replace(photo, pixels=_divided(photo.pixels, alpha, white))
    return photo


def _divided(pixels: Pixels, alpha: Pixels, white: int) -> Pixels:
    """Premultiplied colours to straight ones; black where nothing is visible."""
    shown = alpha[..., None] if pixels.ndim == 3 else alpha
    straight = pixels.astype(np.float64) * white / np.maximum(shown, 1e-9)
    if pixels.dtype != np.float32:
        straight = np.rint(np.clip(straight, 0, white))
    divided: Pixels = np.where(shown > 0, straight, 0).astype(pixels.dtype)
    return divided
