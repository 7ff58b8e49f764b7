"""Every codec, depth and channel count: what another library wrote is read, and what we write it reads."""

from __future__ import annotations

import io
import struct

import cv2
import numpy as np
import pytest
from PIL import Image

from denoisectl.errors import ImageError
from denoisectl.images import Alpha, Format, decode, encode, losses
from tests.denoisectl.images.samples import alpha_of, opened, photo, pil, tiff, tiff_pixels

GREY8 = photo()[..., 1]
RGBA8 = np.dstack([photo(), alpha_of(photo())])
GREY_ALPHA8 = np.dstack([GREY8, alpha_of(GREY8)])
PALETTED = Image.fromarray(photo()).quantize(31)


@pytest.mark.parametrize("format", ["PNG", "TIFF", "BMP", "WEBP"])
@pytest.mark.parametrize(
    "pixels", [GREY8, photo(), RGBA8, GREY_ALPHA8], ids=["grey", "rgb", "rgba", "grey-alpha"]
)
def test_8_bits_without_loss(format: str, pixels: np.ndarray) -> None:
    if pixels.shape[-1] == 2 and format in ("BMP", "WEBP"):
        pytest.skip(f"Pillow writes no grey with alpha as {format}")
    options = {"lossless": True, "exact": True} if format == "WEBP" else {}
    source = pil(pixels, format, **options)
    read = decode(source, name="a")
    rewritten = encode(read)
    if format == "BMP" and pixels is RGBA8:  # Pillow ignores alpha in the version 5 header that declares it
        assert np.array_equal(decode(rewritten, name="a").alpha, alpha_of(photo()))
        return
    assert np.array_equal(opened(rewritten), opened(source))
    assert read.pixels.dtype == np.uint8
    assert (read.alpha is not None) == (pixels.ndim == 3 and pixels.shape[2] in (2, 4))
    assert read.pixels.ndim == (
        2 if np.array_equal(pixels[..., :1], GREY8[..., None]) or pixels.ndim == 2 else 3
    )


@pytest.mark.parametrize("alpha", [False, True])
@pytest.mark.parametrize("colours", [1, 3])
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
@pytest.mark.parametrize("compression", [None, "zlib", "lzma"])
@pytest.mark.parametrize("order", ["<", ">"])
def test_tiff_of_every_depth(
    alpha: bool, colours: int, dtype: str, compression: str | None, order: str
) -> None:
    whole = photo(dtype) if colours == 3 else photo(dtype)[..., 0]
    stored = np.dstack([whole, alpha_of(whole)]) if alpha else whole
    extra = {"extrasamples": ["unassalpha"]} if alpha else {}
    photometric = "rgb" if colours == 3 else "minisblack"
    source = tiff(stored, photometric=photometric, compression=compression, byteorder=order, **extra)
    read = decode(source, name="a")
    assert read.pixels.dtype == dtype
    assert np.array_equal(read.pixels, whole)
    assert (read.alpha is None) if not alpha else np.array_equal(read.alpha, alpha_of(whole))
    assert np.array_equal(tiff_pixels(encode(read)), stored)


@pytest.mark.parametrize(("dtype", "white"), [("uint8", 255), ("uint16", 65535), ("float32", 1.0)])
def test_tiff_whose_white_is_zero(dtype: str, white: float) -> None:
    source = tiff(photo(dtype)[..., 0], photometric="miniswhite")
    read = decode(source, name="a")
    assert np.array_equal(read.pixels, white - photo(dtype)[..., 0])


def test_tiff_of_4_bits_with_alpha() -> None:
    grey_and_alpha = bytes([0x0F, 0x5F, 0xF0])  # three pixels: black, grey, and white that is not there
    entries = [(256, 3, 1, 3), (257, 3, 1, 1), (258, 3, 2, 4 | 4 << 16), (259, 3, 1, 1), (262, 3, 1, 1)]
    entries += [(273, 4, 1, 8), (277, 3, 1, 2), (278, 3, 1, 1), (279, 4, 1, 3), (338, 3, 1, 2)]
    directory = struct.pack("<H", len(entries)) + b"".join(struct.pack("<HHII", *entry) for entry in entries)
    read = decode(b"II*\0\x0c\0\0\0" + grey_and_alpha + b"\0" + directory + bytes(4), name="a")
    assert read.pixels.tolist() == [[0, 85, 255]]
    assert read.alpha is not None and read.alpha.tolist() == [[255, 255, 0]]


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
@pytest.mark.parametrize(
    "options",
    [
        {"tile": (16, 32)},
        {"rowsperstrip": 7},
        {"bigtiff": True},
        {"planarconfig": "separate"},
        {"planarconfig": "separate", "tile": (16, 16)},
        {"compression": "zlib", "predictor": 2, "rowsperstrip": 9},
    ],
    ids=str,
)
def test_tiff_stored_in_every_way(dtype: str, options: dict[str, object]) -> None:
    if options.get("predictor") and dtype == "float32":
        pytest.skip("tifffile needs imagecodecs for the float predictor")
    separate = options.get("planarconfig") == "separate"
    stored = np.ascontiguousarray(np.moveaxis(photo(dtype), 2, 0)) if separate else photo(dtype)
    read = decode(tiff(stored, **options), name="a")
    assert np.array_equal(read.pixels, photo(dtype))
    assert np.array_equal(tiff_pixels(encode(read)), photo(dtype))


@pytest.mark.parametrize("compression", ["tiff_lzw", "packbits", "tiff_adobe_deflate"])
@pytest.mark.parametrize("width", [55, 56])
@pytest.mark.parametrize("height", [39, 40])
def test_tiff_compressions_of_libtiff(compression: str, width: int, height: int) -> None:
    for pixels in (photo(height=height, width=width), photo(height=height, width=width)[..., 1]):
        assert np.array_equal(decode(pil(pixels, "TIFF", compression=compression), name="a").pixels, pixels)


@pytest.mark.parametrize(
    "predictor", [cv2.IMWRITE_TIFF_PREDICTOR_HORIZONTAL, cv2.IMWRITE_TIFF_PREDICTOR_FLOATINGPOINT]
)
def test_tiff_of_floats_with_a_predictor(predictor: int) -> None:
    bgr = np.ascontiguousarray(photo("float32")[..., ::-1])
    settings = [cv2.IMWRITE_TIFF_COMPRESSION, 8, cv2.IMWRITE_TIFF_PREDICTOR, predictor]
    written = cv2.imencode(".tif", bgr, settings)[1].tobytes()
    assert struct.pack("<HHIHH", 317, 3, 1, predictor, 0) in written
    assert np.array_equal(decode(written, name="a").pixels, photo("float32"))


def with_predictor(source: bytes, code: int, predictor: int = 2) -> bytes:
    """The file with its tag `code`, which holds a 2, turned into that of the predictor."""
    before, after = (struct.pack("<HHIHH", *tag, 0) for tag in ((code, 3, 1, 2), (317, 3, 1, predictor)))
    assert source.count(before) == 1
    return source.replace(before, after)


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
def test_a_predictor_means_nothing_where_nothing_is_compressed(dtype: str) -> None:
    source = tiff(photo(dtype), extratags=[(316, "H", 1, 2, True)])
    assert np.array_equal(decode(with_predictor(source, 316), name="a").pixels, photo(dtype))


@pytest.mark.parametrize("predictor", [0, 3, 9])
def test_a_predictor_that_samples_cannot_have_is_refused(predictor: int) -> None:
    source = tiff(photo(), compression="zlib", predictor=2)
    with pytest.raises(ImageError, match=f"predictor {predictor} on 8-bit samples"):
        decode(with_predictor(source, 317, predictor), name="a")


@pytest.mark.parametrize(("quality", "size"), [(95, 3), (75, 6)])
def test_tiff_with_jpeg_inside(quality: int, size: int) -> None:
    source = pil(photo(), "TIFF", compression="jpeg", quality=quality)
    read = decode(source, name="a").pixels
    assert np.abs(read.astype(int) - opened(source)).max() <= size


def test_half_and_double_floats_become_single() -> None:
    for dtype in (np.float16, np.float64):
        stored = photo("float32").astype(dtype)
        read = decode(tiff(stored), name="a")
        assert read.pixels.dtype == np.float32
        assert np.array_equal(read.pixels, stored.astype(np.float32))
        assert losses(read) == (("64-bit float",) if dtype == np.float64 else ())


@pytest.mark.parametrize(
    ("format", "options"), [("PNG", {}), ("BMP", {}), ("TIFF", {}), ("TIFF", {"compression": "group4"})]
)
def test_one_bit_becomes_eight(format: str, options: dict[str, str]) -> None:
    image = Image.fromarray(GREY8).convert("1")
    read = decode(pil(image, format, **options), name="a")
    assert (read.origin.bits, read.pixels.dtype) == (1, np.uint8)
    assert np.array_equal(read.pixels, np.asarray(image.convert("L")))
    assert np.array_equal(opened(encode(read)), np.asarray(image.convert("L")))


@pytest.mark.parametrize("bits", [2, 4])
def test_few_bits_a_sample_in_png(bits: int) -> None:
    import zlib

    from denoisectl.images.png_chunks import join

    levels = np.arange(4 * 8, dtype=np.uint8).reshape(4, 8) % (1 << bits)
    packed = [sum(int(v) << (8 - bits * (i + 1)) for i, v in enumerate(row[: 8 // bits])) for row in levels]
    rows = b"".join(b"\0" + bytes([first]) for first in packed)
    header = struct.pack(">IIBBBBB", 8 // bits, 4, bits, 0, 0, 0, 0)
    source = join([(b"IHDR", header), (b"tRNS", b"\0\1")], [zlib.compress(rows)])
    read = decode(source, name="a")
    expected = levels[:, : 8 // bits] * (255 // ((1 << bits) - 1))
    assert np.array_equal(read.pixels, expected)
    assert np.array_equal(read.alpha == 0, levels[:, : 8 // bits] == 1)


@pytest.mark.parametrize("format", ["PNG", "BMP", "TIFF"])
def test_a_palette_becomes_colour(format: str) -> None:
    read = decode(pil(PALETTED, format), name="a")
    assert read.origin.layout == "palette"
    assert np.array_equal(read.pixels, np.asarray(PALETTED.convert("RGB")))
    assert np.array_equal(opened(encode(read)), np.asarray(PALETTED.convert("RGB")))


def test_a_palette_with_transparency_becomes_colour_with_alpha() -> None:
    source = pil(PALETTED, "PNG", transparency=bytes([0, 128, *[255] * 29]))
    expected = np.asarray(Image.open(io.BytesIO(source)).convert("RGBA"))
    read = decode(source, name="a")
    assert np.array_equal(np.dstack([read.pixels, read.alpha]), expected)
    assert np.array_equal(opened(encode(read)), expected)


@pytest.mark.parametrize("pixels", [GREY8, photo()], ids=["grey", "rgb"])
def test_one_transparent_colour_becomes_alpha(pixels: np.ndarray) -> None:
    key = tuple(int(v) for v in pixels[3, 5]) if pixels.ndim == 3 else int(pixels[3, 5])
    read = decode(pil(pixels, "PNG", transparency=key), name="a")
    match = (pixels == pixels[3, 5]).all(axis=-1) if pixels.ndim == 3 else pixels == pixels[3, 5]
    assert np.array_equal(read.alpha == 0, match)
    assert np.array_equal(read.pixels, pixels)


@pytest.mark.parametrize("alpha", [False, True])
@pytest.mark.parametrize("colours", [1, 3])
def test_png_of_16_bits(alpha: bool, colours: int) -> None:
    whole = photo("uint16") if colours == 3 else photo("uint16")[..., 0]
    extra = {"extrasamples": ["unassalpha"]} if alpha else {}
    stored = np.dstack([whole, alpha_of(whole)]) if alpha else whole
    read = decode(tiff(stored, photometric="rgb" if colours == 3 else "minisblack", **extra), name="a")
    written = encode(read, format=Format.PNG)
    assert written[24:26] == bytes(
        [16, {(1, False): 0, (3, False): 2, (1, True): 4, (3, True): 6}[colours, alpha]]
    )
    again = decode(written, name="a")
    assert np.array_equal(again.pixels, whole)
    assert (again.alpha is None) if not alpha else np.array_equal(again.alpha, alpha_of(whole))
    # Pillow keeps 8 of the 16 bits, which is enough to see that it reads the same picture.
    if (colours, alpha) != (1, False):
        seen = opened(written)
        seen = seen if seen.ndim == 3 else seen[..., None]
        top = (np.atleast_3d(stored) >> 8).astype(int)
        assert np.abs(seen[..., :colours].astype(int) - top[..., :colours]).max() <= 1
    else:
        assert np.array_equal(opened(written), whole)


def test_grey_stays_one_channel() -> None:
    for format in ("JPEG", "PNG", "TIFF", "BMP"):
        read = decode(pil(GREY8, format), name="a")
        assert read.pixels.ndim == 2
        assert Image.open(io.BytesIO(encode(read))).mode == "L"


@pytest.mark.parametrize("format", ["JPEG", "PNG", "TIFF", "WEBP", "BMP"])
def test_a_grey_photo_stored_as_colour_is_grey_inside_and_colour_in_the_file(format: str) -> None:
    options = {"lossless": True} if format == "WEBP" else {}
    read = decode(pil(np.dstack([GREY8] * 3), format, **options), name="a")
    assert read.pixels.shape == GREY8.shape
    written = opened(encode(read))
    assert written.shape == (*GREY8.shape, 3)
    assert (np.ptp(written, axis=2) == 0).all()


def test_bmp_that_stores_alpha() -> None:
    read = decode(pil(RGBA8, "BMP"), name="a")
    assert np.array_equal(read.alpha, RGBA8[..., 3])
    assert read.origin.alpha is Alpha.STRAIGHT


def test_premultiplied_alpha_is_written_as_it_was_and_divided_for_others() -> None:
    stored = np.dstack([photo() // 2, np.full(photo().shape[:2], 128, np.uint8)])
    read = decode(tiff(stored, extrasamples=["assocalpha"]), name="a")
    assert read.origin.alpha is Alpha.PREMULTIPLIED
    assert np.array_equal(tiff_pixels(encode(read)), stored)
    straight = opened(encode(read, format=Format.PNG))[..., :3]
    assert np.abs(straight.astype(int) - photo()).max() <= 2


def test_an_extra_channel_that_is_not_alpha_hides_nothing() -> None:
    stored = np.dstack([photo(), np.zeros(photo().shape[:2], np.uint8)])
    read = decode(tiff(stored, extrasamples=["unspecified"]), name="a")
    assert read.origin.alpha is Alpha.UNSPECIFIED
    assert read.hidden is None
    assert np.array_equal(tiff_pixels(encode(read)), stored)


def test_alpha_is_kept_bit_for_bit_in_lossy_webp() -> None:
    read = decode(pil(RGBA8, "WEBP", quality=80), name="a")
    assert not read.origin.lossless
    again = decode(encode(read), name="a")
    assert np.array_equal(again.alpha, RGBA8[..., 3])
    assert not again.origin.lossless
    assert losses(read) == ("colours under full transparency",)
    assert np.abs(again.pixels.astype(int) - read.pixels)[RGBA8[..., 3] > 0].mean() < 5


@pytest.mark.parametrize("masks", [(0xF800, 0x07E0, 0x001F), (0x7C00, 0x03E0, 0x001F)], ids=["565", "555"])
@pytest.mark.parametrize("from_the_top", [False, True])
def test_bmp_of_16_bits_a_pixel(masks: tuple[int, int, int], from_the_top: bool) -> None:
    stored = np.random.default_rng(5).integers(0, 1 << 15, (6, 4), np.uint16)
    header = struct.pack(
        "<IiiHHIIiiII", 40, 4, -6 if from_the_top else 6, 1, 16, 3, stored.nbytes, 0, 0, 0, 0
    )
    start = 14 + len(header) + 12
    head = struct.pack("<2sIII", b"BM", start + stored.nbytes, 0, start)
    source = head + header + struct.pack("<3I", *masks) + stored.tobytes()
    read = decode(source, name="a").pixels
    assert np.abs(read.astype(int) - opened(source)).max() <= 8  # five bits are widened in two ways


@pytest.mark.parametrize("width", [5, 6, 7, 8])
def test_bmp_rows_are_padded_and_may_start_at_the_top(width: int) -> None:
    source = bytearray(pil(photo(width=width), "BMP"))
    assert np.array_equal(decode(bytes(source), name="a").pixels, photo(width=width))
    source[22:26] = struct.pack("<i", -40)
    assert np.array_equal(decode(bytes(source), name="a").pixels, photo(width=width)[::-1])


def test_values_that_a_network_would_cut_are_told_of() -> None:
    within, beyond = photo("float32"), photo("float32") * np.float32(1.5)
    assert not losses(decode(tiff(within), name="a"))
    assert losses(decode(tiff(beyond), name="a")) == ("values outside 0 to 1",)


@pytest.mark.parametrize("compressed", [False, True])
def test_only_a_compressed_tiff_speaks_of_a_predictor(compressed: bool) -> None:
    source = tiff(photo(), compression="zlib" if compressed else None)
    written = encode(decode(source, name="a"))
    assert (struct.pack("<HHI", 317, 3, 1) in written) is compressed
