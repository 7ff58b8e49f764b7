"""The numbers of the TIFF and EXIF tags that mean something here, by the names of TIFF 6.0 and EXIF 2.32."""

from __future__ import annotations

from enum import IntEnum

__all__ = ["TagCode"]


class TagCode(IntEnum):
    """Equal to its number, so it finds a tag in a directory that was read from a file."""

    NEW_SUBFILE_TYPE = 254
    SUBFILE_TYPE = 255
    IMAGE_WIDTH = 256
    IMAGE_LENGTH = 257
    BITS_PER_SAMPLE = 258
    COMPRESSION = 259
    PHOTOMETRIC = 262
    FILL_ORDER = 266
    STRIP_OFFSETS = 273
    ORIENTATION = 274
    SAMPLES_PER_PIXEL = 277
    ROWS_PER_STRIP = 278
    STRIP_BYTE_COUNTS = 279
    X_RESOLUTION = 282
    Y_RESOLUTION = 283
    PLANAR_CONFIGURATION = 284
    RESOLUTION_UNIT = 296
    PREDICTOR = 317
    COLOR_MAP = 320
    TILE_WIDTH = 322
    TILE_LENGTH = 323
    TILE_OFFSETS = 324
    TILE_BYTE_COUNTS = 325
    SUB_IFDS = 330
    EXTRA_SAMPLES = 338
    SAMPLE_FORMAT = 339
    JPEG_OFFSET = 513
    JPEG_BYTE_COUNT = 514
    XMP = 700
    IPTC = 33723
    PHOTOSHOP = 34377
    EXIF_IFD = 34665
    ICC_PROFILE = 34675
    GPS_IFD = 34853
    PHOTOSHOP_LAYERS = 37724
    PIXEL_X_DIMENSION = 40962
    PIXEL_Y_DIMENSION = 40963
    INTEROP_IFD = 40965
    FOCAL_PLANE_X_RESOLUTION = 41486
    FOCAL_PLANE_Y_RESOLUTION = 41487
    DNG_VERSION = 50706
