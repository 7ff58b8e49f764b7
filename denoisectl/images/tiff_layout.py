"""How a TIFF file stores its pixels, read from its directory; what is not processed is refused by name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import BinaryIO

from denoisectl.errors import ImageError
from denoisectl.images.ifd import Block, Directory, OnDisk
from denoisectl.images.tag_codes import TagCode

WHITE_IS_ZERO, BLACK_IS_ZERO, RGB, PALETTE, MASK, CMYK, YCBCR = range(7)
_COLOURS = {
    CMYK: "CMYK",
    8: "CIELAB",
    9: "ICCLAB",
    10: "ITULAB",
    32844: "LogL",
    32845: "LogLuv",
    MASK: "transparency mask",
}
_RAW_COLOURS = (32803, 34892)

NONE, LZW, JPEG, DEFLATE, PACKBITS, OLD_DEFLATE, LZMA = 1, 5, 7, 8, 32773, 32946, 34925
_FAX = (2, 3, 4, 32771)
_PREDICTED = (LZW, DEFLATE, OLD_DEFLATE, LZMA)
"""Compressions that know predictors; beside others the tag means nothing."""
BY_LIBTIFF = (*_FAX, JPEG)
"""Compressions whose pixels libtiff alone can make (it goes through 8-bit RGBA, which suits these)."""
_NAMES = {
    6: "old-style JPEG",
    34712: "JPEG 2000",
    34887: "LERC",
    50000: "Zstandard",
    50001: "WebP",
    50002: "JPEG XL",
}
_HINT = "for example `magick IN.tif -compress zip OUT.tif`"


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the samples are and what they mean."""

    width: int
    height: int
    bits: int
    samples: int
    kind: int
    """Sample format: 1 unsigned integer, 3 float."""
    photometric: int
    compression: int
    predictor: int
    """1 none, 2 differences of neighbours, 3 those of floats, byte by byte."""
    planar: bool
    extra: int | None
    """Meaning of the sample after the colours: 0 unspecified, 1 premultiplied alpha, 2 straight alpha."""
    reversed_bits: bool
    block_width: int
    block_height: int
    tiled: bool
    starts: tuple[int, ...]
    sizes: tuple[int, ...]

    @property
    def colours(self) -> int:
        """Samples a pixel that are colour."""
        return self.samples - (self.extra is not None)


def layout_of(block: Block, directory: Directory) -> Layout:
    """Read the directory.

    Raises:
        ImageError: a kind of TIFF that is not processed; the message names it and the way out.
        ValueError: a damaged structure.
    """
    get = Getter(block, directory)
    _refuse_raw(get)
    width, height = get.one(TagCode.IMAGE_WIDTH, 0), get.one(TagCode.IMAGE_LENGTH, 0)
    samples, planar = get.one(TagCode.SAMPLES_PER_PIXEL, 1), get.one(TagCode.PLANAR_CONFIGURATION, 1) == 2
    bits = get.all(TagCode.BITS_PER_SAMPLE, (1,))
    if len(set(bits)) != 1:
        raise ImageError(f"a TIFF with channels of {', '.join(map(str, bits))} bits is not processed")
    tiled = TagCode.TILE_WIDTH in directory.tags
    block_width, block_height = (
        (get.one(TagCode.TILE_WIDTH, 0), get.one(TagCode.TILE_LENGTH, 0))
        if tiled
        else (width, get.one(TagCode.ROWS_PER_STRIP, height))
    )
    starts = get.all(TagCode.TILE_OFFSETS if tiled else TagCode.STRIP_OFFSETS, ())
    extra = get.all(TagCode.EXTRA_SAMPLES, ())
    compression = get.one(TagCode.COMPRESSION, NONE)
    photometric = get.one(TagCode.PHOTOMETRIC, BLACK_IS_ZERO if samples < 3 else RGB)
    found = Layout(
        width=width,
        height=height,
        bits=bits[0],
        samples=samples,
        kind=get.all(TagCode.SAMPLE_FORMAT, (1,))[0],
        photometric=photometric,
        compression=compression,
        predictor=get.one(TagCode.PREDICTOR, 1) if compression in _PREDICTED else 1,
        planar=planar and samples > 1,
        extra=(extra[0] if extra else 0) if samples in (2, 4) and photometric != CMYK else None,
        reversed_bits=get.one(TagCode.FILL_ORDER, 1) == 2,
        block_width=block_width,
        block_height=block_height if tiled else min(block_height, height),
        tiled=tiled,
        starts=starts,
        sizes=get.all(
            TagCode.TILE_BYTE_COUNTS if tiled else TagCode.STRIP_BYTE_COUNTS,
            (len(block.data) - starts[0],) if len(starts) == 1 else (),
        ),
    )
    _refuse(found)
    _refuse_predictor(found)
    return found


class Getter:
    """Whole numbers of a directory's tags, or a default where a tag is missing or empty."""

    def __init__(self, block: Block, directory: Directory) -> None:
        self.block, self.directory = block, directory

    def all(self, code: int, default: tuple[int, ...]) -> tuple[int, ...]:
        """All of a tag."""
        tag = self.directory.tags.get(code)
        return default if tag is None else self.block.integers(tag) or default

    def one(self, code: int, default: int) -> int:
        """The first of a tag."""
        return self.all(code, (default,))[0]


def is_raw_photo(file: BinaryIO) -> bool:
    """Whether a TIFF file is a raw photo, as cameras write them (DNG, NEF, ARW); only its directory is read."""
    try:
        block = Block(OnDisk(file))
        return _is_raw(Getter(block, block.directory(block.first)))
    except ValueError:  # damaged: the decoder will say how
        return False


def _is_raw(get: Getter) -> bool:
    """Raw photos keep a small preview in front; it must not pass for the picture."""
    raw = get.one(TagCode.PHOTOMETRIC, RGB) in _RAW_COLOURS or TagCode.DNG_VERSION in get.directory.tags
    preview = get.one(TagCode.NEW_SUBFILE_TYPE, 0) & 1 and TagCode.SUB_IFDS in get.directory.tags
    return bool(raw or preview)


def _refuse_raw(get: Getter) -> None:
    if _is_raw(get):
        raise ImageError(
            "a raw photo (DNG, NEF, ARW or the like) is not processed; develop it to a 16-bit TIFF first"
        )


def _refuse(found: Layout) -> None:
    if found.photometric in _COLOURS:
        raise ImageError(
            f"a {_COLOURS[found.photometric]} TIFF is not processed; convert it to RGB first, "
            "for example `magick IN.tif -colorspace sRGB OUT.tif`"
        )
    if found.compression in _NAMES:
        name = _NAMES[found.compression]
        raise ImageError(
            f"a TIFF with {name} compression is not processed; save it with another first, {_HINT}"
        )
    expected = 3 if found.photometric in (RGB, YCBCR) else 1
    if found.samples not in (expected, expected + 1):
        raise ImageError(
            f"a TIFF of {found.samples} channels is not processed; keep one or three and at most one more"
        )
    depth = (found.bits, found.kind)
    if depth not in [(1, 1), (2, 1), (4, 1), (8, 1), (16, 1), (16, 3), (32, 3), (64, 3)]:
        name = {1: "unsigned integer", 2: "signed integer", 3: "float"}.get(found.kind, "unusual")
        raise ImageError(
            f"a TIFF of {found.bits}-bit {name} samples is not processed; "
            "convert it to 8 or 16 bits or 32-bit float"
        )
    if found.photometric == YCBCR and found.compression != JPEG:
        raise ImageError(f"an uncompressed YCbCr TIFF is not processed; convert it to RGB first, {_HINT}")


def _refuse_predictor(found: Layout) -> None:
    usable = {1: True, 2: found.bits >= 8, 3: found.kind == 3}
    if not usable.get(found.predictor, False):
        raise ImageError(
            f"a TIFF with predictor {found.predictor} on {found.bits}-bit samples is not processed; save it without one"
        )
