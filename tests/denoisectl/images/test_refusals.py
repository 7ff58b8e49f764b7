"""What is not processed is named, with the way out; nothing is cut to a first page or frame."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from denoisectl.errors import ImageError
from denoisectl.images import Format, Photo, decode, encode
from denoisectl.images.photo import Alpha, Metadata, Origin
from tests.denoisectl.images.samples import alpha_of, photo, pil, tiff

FRAMES = [Image.fromarray(photo()), Image.fromarray(255 - photo())]


def refused(data: bytes, pattern: str, **options: object) -> None:
    with pytest.raises(ImageError, match=rf"^a\.img: .*{pattern}"):
        decode(data, name="a.img", **options)


@pytest.mark.parametrize(("format", "name"), [("PNG", "animated PNG"), ("WEBP", "animated WebP")])
def test_animations(format: str, name: str) -> None:
    refused(
        pil(FRAMES[0], format, save_all=True, append_images=FRAMES[1:]), f"an {name} is not processed; take"
    )


def test_an_animation_of_one_frame_is_a_picture() -> None:
    plain = pil(FRAMES[0], "PNG")
    frames = _chunk(b"acTL", struct.pack(">II", 1, 0))
    frame = _chunk(b"fcTL", struct.pack(">IIIIIHHBB", 0, 56, 40, 0, 0, 1, 10, 0, 0))
    start = plain.index(b"IDAT") - 4
    read = decode(plain[:start] + frames + frame + plain[start:], name="a")
    assert np.array_equal(read.pixels, photo())


def test_pages() -> None:
    refused(
        pil(FRAMES[0], "TIFF", save_all=True, append_images=FRAMES[1:]),
        "a TIFF of 2 pages is not processed; take the pages apart",
    )


def test_sub_images_are_left_behind() -> None:
    import tifffile

    out = io.BytesIO()
    with tifffile.TiffWriter(out) as writer:
        writer.write(photo(), photometric="rgb", subifds=1, metadata=None)
        writer.write(photo()[::2, ::2], photometric="rgb", subfiletype=1, metadata=None)
    assert decode(out.getvalue(), name="a").origin.left_behind == ("preview pages",)


def test_pages_that_are_previews_are_left_behind() -> None:
    import tifffile

    out = io.BytesIO()
    with tifffile.TiffWriter(out) as writer:
        writer.write(photo(), photometric="rgb", metadata=None)
        writer.write(photo()[::4, ::4], photometric="rgb", subfiletype=1, metadata=None)
    read = decode(out.getvalue(), name="a")
    assert read.origin.left_behind == ("preview pages",)
    assert np.array_equal(read.pixels, photo())


@pytest.mark.parametrize(("mode", "name"), [("CMYK", "a CMYK TIFF"), ("LAB", "a CIELAB TIFF")])
def test_other_colours_in_tiff(mode: str, name: str) -> None:
    image = Image.merge(mode, [Image.fromarray(photo()[..., 0])] * len(mode))
    refused(pil(image, "TIFF"), f"{name} is not processed; convert it to RGB")


@pytest.mark.parametrize("dtype", ["uint32", "int16", "int8", "uint64"])
def test_other_depths_in_tiff(dtype: str) -> None:
    refused(tiff(photo()[..., 0].astype(dtype)), "samples is not processed; convert it to 8 or 16 bits")


def test_many_channels() -> None:
    stored = np.dstack([photo(), photo()])
    refused(tiff(stored, extrasamples=["unspecified"] * 3), "a TIFF of 6 channels is not processed")


def test_raw_photos_inside_tiff() -> None:
    refused(tiff(photo(), extratags=[(50706, 1, 4, b"\1\4\0\0", True)]), "a raw photo .DNG, NEF, ARW")
    refused(tiff(photo()[..., 0], photometric=32803, extratags=[(33421, 3, 2, (2, 2), True)]), "a raw photo")


def test_float_tiff_in_which_white_is_not_1() -> None:
    refused(tiff(photo().astype("float32")), "go up to .*, and in a float TIFF 1.0 is white; divide them by")


def test_values_that_are_no_numbers() -> None:
    pixels = photo("float32").copy()
    pixels[3, 4, 1] = np.nan
    refused(tiff(pixels), "no numbers")


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "WEBP", "BMP", "JPEG"])
def test_more_pixels_than_the_limit(kind: str) -> None:
    source = pil(photo(), kind)
    refused(source, "56 x 40 = 2,240 pixels, more than the limit of 2,239; .*--max-pixels", max_pixels=2239)
    assert decode(source, name="a", max_pixels=2240).width == 56
    assert decode(source, name="a", max_pixels=None).width == 56


def test_the_limit_is_checked_before_anything_is_decoded() -> None:
    from denoisectl.images.png_chunks import join

    def bomb(side: int) -> bytes:
        return join([(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 6, 0, 0, 0))], [b"x"])

    refused(bomb(2**31 - 1), "more than the limit of 500,000,000;")
    refused(bomb(1_000_000), "too short for the", max_pixels=None)


@pytest.mark.parametrize("sides", [(0, 5), (5, 0)])
def test_no_pixels_at_all(sides: tuple[int, int]) -> None:
    from denoisectl.images.png_chunks import join

    refused(join([(b"IHDR", struct.pack(">IIBBBBB", *sides, 8, 2, 0, 0, 0))], [b"x"]), "damaged or empty")


@pytest.mark.parametrize("cut", [0.1, 0.5, 0.9, 0.99])
@pytest.mark.parametrize("kind", ["PNG", "TIFF", "WEBP", "BMP"])
def test_files_cut_short(kind: str, cut: float) -> None:
    whole = pil(photo(), kind)
    refused(whole[: int(len(whole) * cut)], "(cut short|damaged)")


def test_a_flipped_bit_in_a_png_is_noticed() -> None:
    whole = bytearray(pil(photo(), "PNG"))
    whole[len(whole) // 2] ^= 4
    refused(bytes(whole), "wrong checksum in the 'IDAT' chunk")


@pytest.mark.parametrize("compression", ["tiff_lzw", "tiff_adobe_deflate"])
def test_a_damaged_block_in_a_tiff_is_noticed(compression: str) -> None:
    whole = bytearray(pil(photo(), "TIFF", compression=compression))
    whole[200:240] = b"\xff" * 40
    refused(bytes(whole), "damaged or cut short")


def test_transparency_in_jpeg() -> None:
    read = decode(pil(np.dstack([photo(), alpha_of(photo())]), "PNG"), name="a")
    with pytest.raises(ImageError, match="JPEG cannot hold transparency; choose PNG"):
        encode(read, format=Format.JPEG)
    opaque = Photo(
        photo(), np.full((40, 56), 255, np.uint8), Metadata(), Origin(Format.PNG, 8, "rgb", Alpha.STRAIGHT)
    )
    assert decode(encode(opaque, format=Format.JPEG), name="a").alpha is None


def test_a_side_longer_than_the_format_allows() -> None:
    long = Photo(np.zeros((1, 16384), np.uint8), None)
    with pytest.raises(ImageError, match="WebP allows 16383 pixels a side"):
        encode(long, format=Format.WEBP)
    with pytest.raises(ImageError, match="JPEG allows 65,500 pixels a side; choose PNG or TIFF"):
        encode(Photo(np.zeros((1, 70_000), np.uint8), None), format=Format.JPEG)


@pytest.mark.parametrize(
    ("pixels", "alpha"),
    [
        (np.zeros((4, 4, 4), np.uint8), None),
        (np.zeros((0, 4), np.uint8), None),
        (np.zeros((4, 4), np.float64), None),
        (np.zeros((4, 4), np.uint8), np.zeros((4, 5), np.uint8)),
        (np.zeros((4, 4), np.uint8), np.zeros((4, 4), np.uint16)),
    ],
)
def test_a_photo_of_the_wrong_shape_cannot_be_made(pixels: np.ndarray, alpha: np.ndarray | None) -> None:
    with pytest.raises(ValueError, match="Received"):
        Photo(pixels, alpha)


def _chunk(kind: bytes, content: bytes) -> bytes:
    """A chunk of a PNG."""
    return (
        struct.pack(">I", len(content))
        + kind
        + content
        + struct.pack(">I", zlib.crc32(content, zlib.crc32(kind)))
    )
