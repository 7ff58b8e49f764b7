"""Files that are sound and unusual, or damaged in a way of their own."""

from __future__ import annotations

import struct
import zlib
from dataclasses import replace

import cv2
import numpy as np
import pytest
from PIL import Image

from denoisectl.errors import ImageError
from denoisectl.images import Format, Photo, decode, encode, exif, losses, png_text
from denoisectl.images import opencv as codecs
from denoisectl.images.ifd import Block, Field, write_directory
from denoisectl.images.photo import Alpha, Metadata, Origin, Resolution, Unit
from denoisectl.images.png_chunks import SIGNATURE, inflate, join, split
from denoisectl.images.privacy import without_place
from denoisectl.images.tiff_tags import exif_of
from tests.denoisectl.images.samples import (
    alpha_of,
    exif_bytes,
    full_jpeg,
    photo,
    pil,
    tiff,
    tiff_pixels,
    with_segment,
)


@pytest.mark.parametrize("compression", ["tiff_lzw", "packbits"])
@pytest.mark.parametrize(("width", "height"), [(1501, 1001), (1, 1), (1, 3), (3, 1)])
def test_a_strip_of_an_odd_number_of_bytes_however_long(compression: str, width: int, height: int) -> None:
    pixels = np.resize(photo(), (height, width, 3))
    data = pil(pixels, "TIFF", compression=compression, tiffinfo={278: height})
    assert np.array_equal(decode(data, name="a").pixels, pixels)


def test_damage_in_the_middle_of_a_long_odd_strip_is_found() -> None:
    data = bytearray(
        pil(np.resize(photo(), (1001, 1501, 3)), "TIFF", compression="tiff_lzw", tiffinfo={278: 1001})
    )
    data[len(data) // 2 : len(data) // 2 + 500] = bytes(range(250)) * 2
    with pytest.raises(ImageError, match="restore it from a backup"):
        decode(bytes(data), name="a")


def test_a_blank_strip_may_shrink_to_next_to_nothing() -> None:
    blank = np.zeros((3000, 3000, 3), np.uint8)
    data = tiff(blank, compression="lzma", rowsperstrip=3000)
    assert len(data) < blank.size // 4096
    assert not decode(data, name="a").pixels.any()


def test_a_blank_png_may_shrink_to_a_thousandth() -> None:
    blank = np.zeros((3000, 3000), np.uint8)
    data = pil(blank, "PNG", compress_level=9)
    assert len(data) < blank.size // 900
    assert not decode(data, name="a").pixels.any()


def test_transparency_whose_checksum_is_wrong_is_damage() -> None:
    data = bytearray(pil(Image.fromarray(photo()).quantize(16), "PNG", transparency=3))
    data[data.index(b"tRNS") + 4] ^= 1
    with pytest.raises(ImageError, match="wrong checksum in the 'tRNS' chunk"):
        decode(bytes(data), name="a")


def test_the_density_of_exif_beats_a_bare_ratio() -> None:
    exif = exif_bytes()
    made = with_segment(pil(photo(), "JPEG"), 0xE1, b"Exif\0\0" + exif)  # JFIF says 1 : 1
    read = decode(made, name="a")
    assert read.metadata.resolution == Resolution(240, 240, Unit.INCH)
    plain = decode(pil(photo(), "JPEG"), name="a")
    assert plain.metadata.resolution == Resolution(1, 1, Unit.NONE)
    oblong = made[:13] + b"\0" + struct.pack(">HH", 2, 1) + made[18:]
    assert decode(oblong, name="a").metadata.resolution == Resolution(2, 1, Unit.NONE)


def test_an_exif_block_of_another_kind_of_tiff_is_left_out_and_told() -> None:
    big = replace(decode(full_jpeg(), name="a"), metadata=Metadata(exif=b"II+\0" + exif_bytes()[4:]))
    assert losses(big, format=Format.TIFF) == ("EXIF (damaged)",)
    assert np.array_equal(tiff_pixels(encode(big, format=Format.TIFF)), big.pixels)
    assert losses(big) == ()


def test_a_grey_profile_does_not_describe_colours() -> None:
    grey = photo()[..., 0]
    profile = b"\0" * 16 + b"GRAY" + b"\0" * 108
    transparent = Photo(
        grey, alpha_of(grey), Metadata(icc=profile), Origin(Format.PNG, 8, "grey", Alpha.STRAIGHT)
    )
    assert losses(transparent, format=Format.BMP) == ("grey colour profile",)
    assert decode(encode(transparent, format=Format.BMP), name="a").metadata.icc is None
    opaque = replace(transparent, alpha=None, origin=replace(transparent.origin, alpha=Alpha.NONE))
    assert losses(opaque, format=Format.BMP) == ()
    assert decode(encode(opaque, format=Format.BMP), name="a").metadata.icc == profile


PACKET = b'<x exif:GPSLatitude="53,33N" dc:title="Harbour"/>'


@pytest.mark.parametrize(
    "chunk",
    [
        (b"tEXt", b"XML:com.adobe.xmp\0" + PACKET),
        (b"zTXt", b"XML:com.adobe.xmp\0\0" + zlib.compress(PACKET)),
        (b"tEXt", b"Raw profile type exif\0no hexadecimal, GPSLatitude"),
    ],
)
def test_texts_that_may_hold_a_place_go_with_it(chunk: tuple[bytes, bytes]) -> None:
    title = (b"tEXt", b"Title\0Harbour")
    read = decode(_png_with(chunk, title), name="a")
    assert read.metadata.png_chunks == (chunk, title)
    assert without_place(read).metadata.png_chunks == (title,)


def test_the_corners_of_a_map_go_with_the_place() -> None:
    corners = struct.pack("<6d", 0, 0, 0, 9.98, 53.55, 0)
    data = tiff(photo(), extratags=[(33922, 12, 6, corners, True), (315, 2, 0, "A. Person", True)])
    read = decode(data, name="a")
    assert corners in (read.metadata.exif or b"")
    left = without_place(read)
    assert corners not in (left.metadata.exif or b"") and b"A. Person" in (left.metadata.exif or b"")
    again = encode(left)
    assert corners not in again and b"A. Person" in again and np.array_equal(tiff_pixels(again), photo())


def test_a_value_that_lies_on_its_own_directory_is_not_blanked() -> None:
    """A damaged file: blanked, the directory would lose the count of its tags."""
    block = bytearray(exif_bytes())
    first = int.from_bytes(block[4:8], "little" if block[:2] == b"II" else "big")
    order = "<" if block[:2] == b"II" else ">"
    struct.pack_into(f"{order}HHII", block, first + 2, 33550, 1, 24, first - 8)
    kept = exif.without_gps(bytes(block))
    assert kept is not None
    count = struct.unpack_from(f"{order}H", block, first)[0]
    assert struct.unpack_from(f"{order}H", kept, first)[0] == count - 2, (
        "without this one and that of the place"
    )


def test_nothing_is_said_of_a_gain_map_that_is_gone() -> None:
    packet = (
        b'<rdf:Description hdrgm:Version="1.0" GCamera:MotionPhoto="1" GCamera:MotionPhotoVersion="1" xmp:Rating="4">'
        b'<Container:Directory><rdf:Seq><rdf:li Item:Length="99"/></rdf:Seq></Container:Directory>'
        b"<dc:title>Harbour</dc:title></rdf:Description>"
    )
    made = with_segment(pil(photo(), "JPEG"), 0xE1, b"http://ns.adobe.com/xap/1.0/\0" + packet)
    read = decode(made + b"the gain map", name="a")
    assert losses(read) == ("HDR gain map",)
    assert read.metadata.xmp == (
        b'<rdf:Description xmp:Rating="4"><dc:title>Harbour</dc:title></rdf:Description>'
    )
    assert losses(decode(encode(read), name="a")) == ()
    assert losses(decode(made, name="a")) == ()


def test_a_directory_that_points_at_itself() -> None:
    def looped(camera: int) -> tuple[bytes, int]:
        out = bytearray(b"II*\0" + bytes(4))
        pointer = Field(4, 1, struct.pack("<I", camera))
        start = write_directory(out, "<", {0x8827: Field(3, 1, struct.pack("<H", 3200)), 0xA005: pointer})
        main = write_directory(out, "<", {0x8769: Field(4, 1, struct.pack("<I", start))})
        struct.pack_into("<I", out, 4, main)
        return bytes(out), start

    block = Block(looped(looped(0)[1])[0])
    found = exif_of(block, block.directory(block.first))
    assert found is not None and found.count(struct.pack("<HHIH", 0x8827, 3, 1, 3200)) == 2


def test_texts_of_a_png_are_inflated_a_few_times_and_not_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    bomb = zlib.compress(b"\nexif\n 8\n" + b"00" * (24 << 20), 9)
    chunks = [(b"zTXt", b"Raw profile type exif\0\0" + bomb)] * 6 + [
        (b"zTXt", b"Raw profile type APP12\0\0" + bomb)
    ]
    inflated: list[int] = []

    def counted(data: bytes, limit: int) -> bytes | None:
        inflated.append(limit)
        return inflate(data, limit)

    monkeypatch.setattr(png_text, "inflate", counted)
    assert decode(_png_with(*chunks), name="a").metadata.exif is None
    assert inflated == [16 << 20] * 3


def test_a_raw_profile_that_is_broken_hides_no_other() -> None:
    hexadecimal = b"\nexif\n %d\n" % len(exif_bytes(6)) + exif_bytes(6).hex().encode()
    whole = (b"tEXt", b"Raw profile type exif\0" + hexadecimal)
    broken = (b"tEXt", b"Raw profile type exif\0nothing")
    for order in ([whole, broken], [broken, whole]):
        read = decode(_png_with(*order), name="a")
        assert read.pixels.shape == (56, 40, 3) and read.metadata.png_chunks == ()
    many = b"\nexif\n 8" + b" " * 200_000 + b"z"  # a hang, not a measurement, if whitespace is tried twice
    assert decode(_png_with((b"tEXt", b"Raw profile type exif\0" + many)), name="a").metadata.exif is None


def test_profiles_that_are_not_read_are_kept() -> None:
    unknown = (b"tEXt", b"Raw profile type APP12\0\nAPP12\n       3\n616263\n")
    assert decode(_png_with(unknown), name="a").metadata.png_chunks == (unknown,)


@pytest.mark.parametrize("unit", [Unit.METRE, Unit.INCH])
def test_a_density_beyond_reason_is_capped_in_a_bmp(unit: Unit) -> None:
    dense = replace(
        decode(pil(photo(), "PNG"), name="a"), metadata=Metadata(resolution=Resolution(3e9, 3e9, unit))
    )
    assert decode(encode(dense, format=Format.BMP), name="a").metadata.resolution == Resolution(
        2**31 - 1, 2**31 - 1, Unit.METRE
    )


def test_a_density_beyond_reason_is_capped_in_a_jpeg() -> None:
    dense = replace(
        decode(pil(photo(), "PNG"), name="a"), metadata=Metadata(resolution=Resolution(3e9, 0.2, Unit.METRE))
    )
    again = decode(encode(dense, format=Format.JPEG), name="a")
    assert again.metadata.resolution == Resolution(65535, 1, Unit.INCH)


def test_a_bmp_beyond_4_gib_is_refused_by_name() -> None:
    huge = np.broadcast_to(np.uint8(7), (40_000, 40_000, 3))
    with pytest.raises(ImageError, match="larger than 4 GiB; choose PNG"):
        encode(Photo(huge, None, Metadata(), Origin(Format.BMP, 8, "rgb")))


def test_a_decoder_without_memory_does_not_call_the_file_damaged(monkeypatch: pytest.MonkeyPatch) -> None:
    error = cv2.error("no room")
    error.code = cv2.Error.StsNoMem
    monkeypatch.setattr(codecs, "listened", lambda _: (_ for _ in ()).throw(error))
    with pytest.raises(ImageError, match=r"^a: the image does not fit in memory; lower"):
        decode(pil(photo(), "JPEG"), name="a")


def test_a_png_longer_than_its_library_takes_is_refused_by_name() -> None:
    header = b"IHDR" + struct.pack(">IIBBBBB", 1_000_001, 2, 8, 0, 0, 0, 0)
    chunk = struct.pack(">I", 13) + header + struct.pack(">I", zlib.crc32(header))
    with pytest.raises(ImageError, match=r"^a: a PNG of more than 1,000,000 pixels a side is not processed"):
        decode(SIGNATURE + chunk, name="a")


def test_a_palette_that_is_missing_is_said_to_be() -> None:
    data = pil(Image.fromarray(photo()).quantize(16), "TIFF")
    at = data.index(struct.pack("<H", 320) + b"\3\0")
    with pytest.raises(ImageError, match="it has no colour table; restore"):
        decode(data[:at] + struct.pack("<H", 60_000) + data[at + 2 :], name="a")


def test_transparency_beside_a_palette_of_16_bits() -> None:
    indices = np.arange(16, dtype=np.uint8).reshape(4, 4)
    table = np.arange(3 * 256, dtype=np.uint16).reshape(3, 256) * 80 + 3
    stored = np.dstack([indices, indices * 17])
    tags = [(320, 3, table.size, table.ravel().tolist(), True)]
    data = bytearray(tiff(stored, photometric="minisblack", planarconfig="contig", extratags=tags))
    at = data.index(struct.pack("<HHI", 262, 3, 1))
    data[at + 8 : at + 10] = struct.pack("<H", 3)
    read = decode(bytes(data), name="a")
    assert read.pixels.dtype == np.uint16 and np.array_equal(read.pixels, table.T[indices])
    assert read.alpha is not None and np.array_equal(read.alpha, indices.astype(np.uint16) * 17 * 257)


def test_a_second_exif_block_is_told_as_lost() -> None:
    once = full_jpeg()
    assert losses(decode(once, name="a")) == ()
    twice = with_segment(once, 0xE1, b"Exif\0\0" + exif_bytes())
    assert losses(decode(twice, name="a")) == ("a second EXIF block",)


def _png_with(*extra: tuple[bytes, bytes]) -> bytes:
    chunks, image, _ = split(pil(photo(), "PNG"))
    return join([*chunks, *extra], image)
