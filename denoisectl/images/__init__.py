"""Image files in and out with their meaning intact: depth, alpha, orientation, EXIF, ICC, XMP, resolution.

    photo = decode(data, name="a.jpg")
    clean = photo.with_denoised(denoise(photo.for_network))
    data = encode(clean)

Importing this package silences OpenCV's log for the process (see `denoisectl.images.opencv`).
"""

from denoisectl.images.decoding import decode
from denoisectl.images.depth import check_depth, has_depth, with_depth
from denoisectl.images.encoding import encode, losses
from denoisectl.images.formats import Format, sniff
from denoisectl.images.headers import stated
from denoisectl.images.photo import Alpha, Metadata, Origin, Photo, Resolution, Unit
from denoisectl.images.privacy import without_metadata, without_place
from denoisectl.images.tiff_layout import is_raw_photo

__all__ = [
    "Alpha",
    "Format",
    "Metadata",
    "Origin",
    "Photo",
    "Resolution",
    "Unit",
    "check_depth",
    "decode",
    "encode",
    "has_depth",
    "is_raw_photo",
    "losses",
    "sniff",
    "stated",
    "with_depth",
    "without_metadata",
    "without_place",
]
