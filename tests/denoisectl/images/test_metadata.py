"""Everything beside the pixels: carried whole, but for what the upright, denoised photo makes untrue."""

from __future__ import annotations

import io
import struct
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from denoisectl.images import Format, Resolution, Unit, decode, encode, losses
from denoisectl.images.exif import without_gps
from denoisectl.images.photo import DAMAGED_PROFILE, Photo
from denoisectl.images.png_chunks import Chunk, join, split
from denoisectl.images.privacy import without_place
from tests.denoisectl.images import samples
from tests.denoisectl.images.exiftool import as_promised, fields_of, needs_exiftool
from tests.denoisectl.images.samples import (
    IPTC,
    XMP,
    full_jpeg,
    full_png,
    full_tiff,
    full_webp,
    icc,
    photo,
    pil,
)

FULL = {
    "jpeg.jpg": full_jpeg(),
    "turned.jpg": full_jpeg(6),
    "progressive.jpg": full_jpeg(progressive=True, subsampling=2),
    "png.png": full_png(),
    "turned.png": full_png(8),
    "deep.png": None,
    "webp.webp": full_webp(),
    "turned.webp": full_webp(5),
    "tiff.tif": full_tiff(),
    "turned.tif": full_tiff(7),
    "deep.tif": full_tiff(pixels=photo("uint16"), compression="zlib"),
    "float.tif": full_tiff(pixels=photo("float32")),
    "big.tif": full_tiff(bigtiff=True),
    "motorola.tif": full_tiff(byteorder=">", pixels=photo("uint16")),
    "camera.tif": pil(photo(), "TIFF", exif=samples.exif(), icc_profile=icc(), compression="tiff_lzw"),
    "density.bmp": pil(photo(), "BMP", dpi=(200, 100)),
}
FULL["deep.png"] = encode(decode(FULL["deep.tif"], name="a"), format=Format.PNG)


def test_density_that_only_exif_states_is_turned_with_the_photo() -> None:
    stated = Image.Exif()
    stated.update({0x0112: 6, 0x011A: 300.0, 0x011B: 150.0, 0x0128: 2})
    source = pil(photo(), "JPEG", exif=stated)
    assert source[2:4] == b"\xff\xe0"  # the JFIF header, which cameras leave out
    written = encode(decode(source[:2] + source[20:], name="a"))
    again = Image.open(io.BytesIO(written))
    exif = again.getexif()
    assert (exif[0x011A], exif[0x011B]) == again.info["jfif_density"] == (150, 300)


@pytest.mark.parametrize(
    ("stated", "unit"), [(2, Unit.INCH), (3, Unit.CENTIMETRE), (1, Unit.NONE), (None, Unit.INCH)]
)
def test_density_is_counted_in_the_unit_that_exif_states(stated: int | None, unit: Unit) -> None:
    exif = Image.Exif()
    exif.update({0x011A: 120.0, 0x011B: 60.0} | ({} if stated is None else {0x0128: stated}))
    source = pil(photo(), "JPEG", exif=exif)
    read = decode(source[:2] + source[20:], name="a")  # without the JFIF header
    assert read.metadata.resolution == Resolution(120, 60, unit)


@pytest.mark.parametrize("name", FULL)
def test_metadata_arrives_byte_by_byte(name: str) -> None:
    read = decode(FULL[name], name=name)
    again = decode(encode(read), name=name)
    for part in ("icc", "icc_name", "xmp", "xmp_extension", "photoshop", "comments", "png_chunks"):
        assert getattr(again.metadata, part) == getattr(read.metadata, part), part
    assert again.metadata.resolution == read.metadata.resolution
    if again.origin.format is not Format.TIFF:  # where EXIF is spread over the file's own directories
        assert again.metadata.exif == read.metadata.exif
    assert losses(read) == ()


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("jpeg.jpg", ("exif", "icc", "xmp", "photoshop", "comments", "resolution")),
        ("png.png", ("exif", "icc", "xmp", "comments", "resolution", "png_chunks")),
        ("webp.webp", ("exif", "icc", "xmp", "resolution")),
        ("tiff.tif", ("exif", "icc", "xmp", "photoshop", "resolution")),
        ("deep.png", ("exif", "icc", "xmp", "resolution")),
        ("density.bmp", ("resolution",)),
    ],
)
def test_metadata_is_found(name: str, parts: tuple[str, ...]) -> None:
    found = decode(FULL[name], name=name).metadata
    assert not [part for part in parts if not getattr(found, part)]
    if "icc" in parts:
        assert found.icc == icc()


@pytest.mark.parametrize("name", [name for name in FULL if not name.startswith(("density", "big", "float"))])
def test_pillow_finds_the_same(name: str) -> None:
    source, written = (
        Image.open(io.BytesIO(data)) for data in (FULL[name], encode(decode(FULL[name], name=name)))
    )
    assert written.info.get("icc_profile") == source.info.get("icc_profile") == icc()
    assert written.info.get("dpi") == pytest.approx(source.info.get("dpi", (240, 240)), rel=1e-4) or (
        written.format == "WEBP"
    )
    before, after = source.getexif(), written.getexif()
    kept = {code: value for code, value in before.items() if code in (0x010F, 0x0110, 0x013B, 0x8298, 0x010E)}
    assert kept
    assert {code: after[code] for code in kept} == kept
    assert after.get_ifd(0x8825) == before.get_ifd(0x8825)
    assert after.get_ifd(0x8769).get(0x927C) == before.get_ifd(0x8769).get(0x927C)


@needs_exiftool
def test_exiftool_finds_every_field_again(tmp_path: Path) -> None:
    for name, data in FULL.items():
        for side, content in (("in", data), ("out", encode(decode(data, name=name)))):
            (tmp_path / side).mkdir(exist_ok=True)
            (tmp_path / side / name).write_bytes(content)
    before, after = fields_of(tmp_path / "in"), fields_of(tmp_path / "out")
    assert before.keys() == after.keys() == FULL.keys()
    for name, fields in before.items():
        expected = as_promised(fields, turned=name.startswith("turned"))
        found = {key: after[name].get(key) for key in expected}
        assert found == expected, name


@pytest.mark.parametrize("target", list(Format))
@pytest.mark.parametrize("name", ["jpeg.jpg", "png.png", "webp.webp", "tiff.tif", "camera.tif"])
def test_another_format_gets_all_that_it_can_hold(name: str, target: Format) -> None:
    read = decode(FULL[name], name=name)
    again = decode(encode(read, format=target), name=name)
    assert again.origin.format is target
    lost = losses(read, format=target)
    assert again.metadata.icc == icc()
    for part, word in (("exif", "EXIF"), ("xmp", "XMP")):
        had, has = getattr(read.metadata, part), getattr(again.metadata, part)
        assert (had is not None and has is None) == (word in lost)
    iptc_kept = again.metadata.photoshop is not None and IPTC in again.metadata.photoshop
    assert iptc_kept == (read.metadata.photoshop is not None and "IPTC" not in lost)
    if read.metadata.exif is not None and again.metadata.exif is not None:
        written = Image.open(io.BytesIO(encode(read, format=target))).getexif()
        assert written[0x010F] == "Maker"
    if read.metadata.resolution is not None and target is not Format.WEBP:
        assert again.metadata.resolution.to(Unit.INCH).x == pytest.approx(
            read.metadata.resolution.to(Unit.INCH).x, 1e-4
        )


def test_the_thumbnail_is_dropped_from_exif_and_resources() -> None:
    read = decode(full_jpeg(), name="a")
    assert b"thumb" not in read.metadata.photoshop
    assert IPTC in read.metadata.photoshop


def test_long_profiles_and_resources_take_several_segments() -> None:
    read = decode(full_jpeg(), name="a")
    profile = bytes(range(256)) * 600
    resources = samples.resources() + b"8BIM\x03\xf4\0\0" + (150_000).to_bytes(4, "big") + bytes(150_000)
    big = replace(read, metadata=replace(read.metadata, icc=profile, photoshop=resources))
    again = decode(encode(big), name="a")
    assert again.metadata.icc == profile
    assert len(again.metadata.photoshop) == len(resources) - 12 - 46


def test_what_jpeg_has_no_room_for_is_named() -> None:
    read = decode(full_tiff(), name="a")
    big = replace(read, metadata=replace(read.metadata, xmp=XMP + b" " * 70_000))
    assert losses(big, format=Format.JPEG) == ("XMP (over 64 KiB)",)
    assert decode(encode(big, format=Format.JPEG), name="a").metadata.xmp is None

    read = decode(full_jpeg(), name="a")
    big = replace(read, metadata=replace(read.metadata, comments=(bytes(70_000),), icc=bytes(17_000_000)))
    assert losses(big) == (*losses(read), "comments over 64 KiB", "colour profile (over 16 MB)")


def test_a_damaged_block_may_name_its_place_many_times() -> None:
    entry = struct.pack("<HHII", 0x8825, 4, 1, 0)
    exif = b"II*\0" + struct.pack("<IH", 8, 1500) + 1500 * entry + bytes(4)
    bare = without_gps(exif)
    assert bare is not None and entry not in bare


def test_places_are_left_out_of_png_texts_and_photoshop_resources() -> None:
    texts = ((b"tEXt", b"exif:GPSLatitude\x0048/1"), (b"tEXt", b"Title\0Gate"))
    copies = b"".join(
        b"8BIM" + number.to_bytes(2, "big") + bytes(2) + (4).to_bytes(4, "big") + b"here"
        for number in (0x0422, 0x0424)
    )
    read = decode(full_png(), name="a")
    metadata = replace(read.metadata, png_chunks=texts, photoshop=samples.resources() + copies)
    kept = without_place(replace(read, metadata=metadata)).metadata
    assert kept.png_chunks == texts[1:]
    assert kept.photoshop == samples.resources()


def test_a_raw_profile_in_a_png_may_hold_xmp() -> None:
    packet = b"http://ns.adobe.com/xap/1.0/\0" + XMP
    text = f"\nAPP1\n{len(packet):8}\n{packet.hex()}\n".encode()
    chunks, image, _ = split(pil(photo(), "PNG"))
    chunks.insert(1, (b"tEXt", b"Raw profile type APP1\0" + text))
    found = decode(join(chunks, image), name="a").metadata
    assert (found.xmp, found.exif) == (XMP, None)


def test_extended_xmp_is_carried() -> None:
    extension = b"http://ns.adobe.com/xmp/extension/\0" + b"F" * 32 + bytes(8) + b"<more/>"
    source = samples.with_segment(full_jpeg(), 0xE1, extension)
    assert extension in encode(decode(source, name="a"))


def test_png_chunks_that_stay_true_are_carried() -> None:
    chunks, image, _ = split(pil(photo(), "PNG"))
    kept = [
        (b"sRGB", b"\0"),
        (b"gAMA", bytes(4)),
        (b"sBIT", b"\5\6\5"),
        (b"tIME", bytes(7)),
        (b"oFFs", bytes(9)),
    ]
    dropped = [(b"caBX", b"credentials"), (b"hIST", bytes(8))]
    read = decode(join([*chunks, *kept, *dropped], image), name="a")
    assert read.origin.left_behind == ("content credentials (C2PA)",)
    written, _, _ = split(encode(read))
    assert [chunk for chunk in written if chunk in kept] == kept
    assert not [kind for kind, _ in written if kind in (b"caBX", b"hIST")]


def test_a_damaged_colour_profile_is_told() -> None:
    chunks, image, _ = split(pil(photo(), "PNG"))
    png = join([*chunks, (b"iCCP", b"name\0\0not deflated")], image)
    assert decode(png, name="a").origin.left_behind == (DAMAGED_PROFILE,)
    part = b"ICC_PROFILE\0" + bytes([2, 2]) + samples.icc()
    jpeg = samples.with_segment(pil(photo(), "JPEG"), 0xE2, part)
    assert decode(jpeg, name="a").origin.left_behind == (DAMAGED_PROFILE,)
    assert decode(full_jpeg(), name="a").origin.left_behind == ()


def test_a_colour_profile_in_a_text_chunk_is_found() -> None:
    block = samples.icc()
    text = b"\nicc\n%8d\n" % len(block) + block.hex().encode() + b"\n"
    chunks, image, _ = split(pil(photo(), "PNG"))
    source = join([*chunks, (b"tEXt", b"Raw profile type icc\0" + text)], image)
    assert decode(encode(decode(source, name="a")), name="b").metadata.icc == block


def test_a_colour_profile_in_a_text_chunk_has_to_be_whole_and_the_only_one() -> None:
    def read(block: bytes, *others: Chunk) -> Photo:
        text = b"\nicc\n%8d\n" % len(block) + block.hex().encode() + b"\n"
        chunks, image, _ = split(pil(photo(), "PNG"))
        raw = (b"tEXt", b"Raw profile type icc\0" + text)
        return decode(join([*chunks, *others, raw], image), name="a")

    cut = read(samples.icc()[:100])
    assert cut.metadata.icc is None and cut.origin.left_behind == (DAMAGED_PROFILE,)
    told = read(samples.icc(), (b"sRGB", b"\0"))
    assert told.metadata.icc is None and told.origin.left_behind == ()


def test_exif_in_a_text_chunk_is_found_and_turned() -> None:
    import zlib

    block = b"Exif\0\0" + samples.exif_bytes(6)
    text = b"\nexif\n%8d\n" % len(block) + block.hex().encode() + b"\n"
    chunks, image, _ = split(pil(photo(), "PNG"))
    source = join([*chunks, (b"zTXt", b"Raw profile type exif\0\0" + zlib.compress(text))], image)
    read = decode(source, name="a")
    assert read.pixels.shape == (56, 40, 3)
    written = Image.open(io.BytesIO(encode(read)))
    assert written.getexif()[0x0110] == "Model 3"
    assert "Raw profile type exif" not in written.info


@pytest.mark.parametrize("unit", list(Unit))
def test_a_resolution_keeps_its_length(unit: Unit) -> None:
    dots = Resolution(300, 150, Unit.INCH)
    assert dots.to(unit).to(Unit.INCH).x == pytest.approx(300)
    assert Resolution(2, 1, Unit.NONE).to(unit) == Resolution(2, 1, Unit.NONE)


@pytest.mark.parametrize("data", [full_jpeg(), full_png(), full_tiff()])
def test_wide_gamut_pixels_are_neither_shifted_nor_clipped(data: bytes) -> None:
    """The profile is carried and the numbers stay: what was saturated is exactly as saturated."""
    read = decode(data, name="a")
    assert np.array_equal(read.pixels, samples.opened(data))
    assert read.metadata.icc == icc()


@pytest.mark.parametrize("format", [Format.PNG, Format.JPEG, Format.TIFF])
def test_a_palette_of_greys_with_a_profile_for_colours_becomes_colour(format: Format) -> None:
    greys = Image.fromarray(photo()[..., 1]).convert("P")
    written = encode(decode(pil(greys, "PNG", icc_profile=icc()), name="a"), format=format)
    opened = Image.open(io.BytesIO(written))
    assert opened.mode == "RGB" and opened.info["icc_profile"] == icc()


def test_webp_takes_no_profile_for_grey() -> None:
    profile = icc()[:16] + b"GRAY" + icc()[20:]
    grey = decode(pil(photo()[..., 1], "PNG", icc_profile=profile), name="a")
    assert grey.metadata.icc == profile
    assert decode(encode(grey, format=Format.WEBP), name="a").metadata.icc is None
    assert "grey colour profile" in losses(grey, format=Format.WEBP)
