"""The small pure functions on bytes, with literals."""

from __future__ import annotations

import struct
import zlib

import pytest

from denoisectl.errors import ImageError
from denoisectl.images import exif, photoshop, png_chunks, png_text, xmp
from denoisectl.images.ifd import Block, Field, write_directory
from denoisectl.images.photo import Unit
from tests.denoisectl.images import samples


def block(order: str, *, thumbnail: bytes = b"", **tags: int) -> bytes:
    """An EXIF block with orientation and sizes, and a second directory with a thumbnail."""
    codes = {"width": 0x0100, "height": 0x0101, "orientation": 0x0112}
    fields = {codes[name]: Field(3, 1, struct.pack(f"{order}H", value)) for name, value in tags.items()}
    fields[0x010F] = Field(2, 6, b"Maker\0")
    out = bytearray((b"II*\0" if order == "<" else b"MM\0*") + bytes(4))
    start = write_directory(out, order, fields)
    struct.pack_into(f"{order}I", out, 4, start)
    if thumbnail:
        link = start + 2 + 12 * len(fields)
        long = lambda value: Field(4, 1, struct.pack(f"{order}I", value))  # noqa: E731
        size = 2 + 2 * 12 + 4
        second = write_directory(out, order, {0x0201: long(len(out) + size), 0x0202: long(len(thumbnail))})
        struct.pack_into(f"{order}I", out, link, second)
        out += thumbnail
    return bytes(out)


@pytest.mark.parametrize("order", ["<", ">"])
def test_a_directory_is_read_as_it_was_written(order: str) -> None:
    read = Block(block(order, orientation=6, width=300))
    tags = read.directory(read.first).tags
    assert read.integers(tags[0x0112]) == (6,)
    assert read.bytes_of(tags[0x010F]) == b"Maker\0"
    assert tags[0x010F].start % 2 == 0


@pytest.mark.parametrize("order", ["<", ">"])
def test_exif_is_made_to_fit(order: str) -> None:
    source = block(order, orientation=6, width=300, height=200, thumbnail=b"\xff\xd8 old face \xff\xd9")
    assert exif.orientation_of(source) == 6
    fitted = exif.fit(source, 70_000, 300)
    read = Block(fitted)
    directory = read.directory(read.first)
    values = {code: read.integers(directory.tags[code]) for code in (0x0100, 0x0101, 0x0112)}
    assert values == {0x0100: (70_000,), 0x0101: (300,), 0x0112: (1,)}
    assert directory.next == 0
    assert b"old face" not in fitted
    assert len(fitted) == len(block(order, orientation=6, width=300, height=200))


def test_a_thumbnail_before_other_data_is_blanked_so_that_offsets_stay() -> None:
    source = block("<", orientation=6, thumbnail=b"old face") + b"maker note elsewhere"
    fitted = exif.fit(source, 3, 2)
    assert b"old face" not in fitted
    assert fitted.endswith(b"maker note elsewhere")
    assert len(fitted) == len(source)


def test_a_thumbnail_that_points_at_other_tags_does_not_erase_them() -> None:
    source = bytearray(block("<", orientation=6, thumbnail=b"face"))
    at = source.index(struct.pack("<HHI", 0x0201, 4, 1)) + 8
    source[at : at + 4] = struct.pack("<I", 8)
    fitted = exif.fit(bytes(source), 3, 2)
    read = Block(fitted)
    assert read.bytes_of(read.directory(read.first).tags[0x010F]) == b"Maker\0"


@pytest.mark.parametrize(
    "junk", [b"", b"II*\0", b"garbage" * 9, b"MM\0*\xff\xff\xff\xff", b"II*\0\x08\0\0\0\xff\xff"]
)
def test_exif_that_cannot_be_read_is_left_alone(junk: bytes) -> None:
    assert exif.fit(junk, 3, 2) == junk
    assert exif.orientation_of(junk) == 1
    assert exif.resolution_of(junk) is None


def test_the_resolution_is_read_from_exif() -> None:
    found = exif.resolution_of(samples.exif_bytes())
    assert (found.x, found.y, found.unit) == (240, 240, Unit.INCH)


@pytest.mark.parametrize(
    ("packet", "expected"),
    [
        (b'<a tiff:Orientation="6" x:y="1"/>', b'<a tiff:Orientation="1" x:y="1"/>'),
        (b"<tiff:Orientation>8</tiff:Orientation>", b"<tiff:Orientation>1</tiff:Orientation>"),
        (
            b"<a exif:PixelXDimension='40' exif:PixelYDimension='56'/>",
            b"<a exif:PixelXDimension='56' exif:PixelYDimension='40'/>",
        ),
        (b"<a/><xmp:Thumbnails><rdf:Alt>old\nface</rdf:Alt></xmp:Thumbnails><b/>", b"<a/><b/>"),
        (b"<a xmp:Rating='6'/>", b"<a xmp:Rating='6'/>"),
    ],
)
def test_xmp_is_made_to_fit(packet: bytes, expected: bytes) -> None:
    assert xmp.fit(packet, 56, 40, turned=True) == expected


def test_an_orientation_in_xmp_that_was_not_applied_stays() -> None:
    assert xmp.fit(b'tiff:Orientation="6"', 4, 3, turned=False) == b'tiff:Orientation="6"'


def test_resources_are_found_and_thumbnails_dropped() -> None:
    named = b"8BIM\x04\x00\x05Pathy\0\0\0\x03abc\0"
    resources = named + samples.resources()
    assert photoshop.find(resources, 0x0404) == samples.IPTC
    assert photoshop.find(resources, 0x0400) == b"abc"
    assert photoshop.find(resources, 0x0999) is None
    kept = photoshop.without_thumbnails(resources)
    assert b"thumb" not in kept
    assert photoshop.find(kept, 0x03F3) == bytes(9)
    assert photoshop.find(photoshop.from_iptc(b"odd"), photoshop.IPTC) == b"odd"


def test_resources_that_cannot_be_read_are_kept() -> None:
    for junk in (b"junk", b"8BIM", b"8BIM\x04\x0c\0\0\xff\xff\xff\xff"):
        assert photoshop.without_thumbnails(junk) == junk


def test_chunks_are_found_and_put_back() -> None:
    made = png_chunks.join([(b"IHDR", b"head"), (b"tEXt", b"a\0b")], [b"one", b"two"])
    chunks, image, end = png_chunks.split(made)
    assert end == len(made) == png_chunks.split(made + b"more")[2]
    assert chunks == [(b"IHDR", b"head"), (b"tEXt", b"a\0b")]
    assert [bytes(part) for part in image] == [b"one", b"two"]
    assert made[8:16] == b"\0\0\0\x04IHDR"
    assert made.endswith(b"\0\0\0\0IEND\xae\x42\x60\x82")


def test_a_damaged_text_is_left_out_and_a_damaged_palette_refused() -> None:
    made = png_chunks.join([(b"IHDR", b"head"), (b"tEXt", b"a\0b")], [b"one"])
    assert png_chunks.split(made.replace(b"a\0b", b"a\0c"))[0] == [(b"IHDR", b"head")]
    broken = png_chunks.join([(b"IHDR", b"head"), (b"PLTE", b"abc")], [b"one"]).replace(b"abc", b"abd")
    with pytest.raises(ImageError, match="checksum in the 'PLTE' chunk"):
        png_chunks.split(broken)


def test_inflating_stops_at_damage_and_at_bombs() -> None:
    assert png_chunks.inflate(zlib.compress(b"profile")) == b"profile"
    assert png_chunks.inflate(b"junk") is None
    assert png_chunks.inflate(zlib.compress(b"cut short")[:-3]) is None
    assert png_chunks.inflate(zlib.compress(bytes(65 << 20))) is None


@pytest.mark.parametrize("text", [b"plain", "Jörg".encode("latin-1"), "Jörg".encode()])
def test_comments_survive_in_text_chunks(text: bytes) -> None:
    kind, content = png_text.comment_chunk(text)
    assert kind == (b"iTXt" if text == "Jörg".encode() else b"tEXt")
    assert content.endswith(text)


def test_compressed_xmp_is_read() -> None:
    packed = b"XML:com.adobe.xmp\0\1\0\0\0" + zlib.compress(b"<x/>")
    assert png_text.xmp_of((b"iTXt", packed)) == b"<x/>"
    assert png_text.xmp_of(png_text.xmp_chunk(b"<y/>")) == b"<y/>"
    assert png_text.xmp_of((b"iTXt", b"Title\0\0\0\0\0<y/>")) is None


def test_raw_profiles_are_read() -> None:
    iptc = (b"tEXt", b"Raw profile type IPTC\0\niptc\n       3\n61 62\n63\n")
    broken = (b"tEXt", b"Raw profile type exif\0not hex at all")
    others = [(b"tEXt", b"Title\0x"), (b"tEXt", b"exif\0616263"), (b"iTXt", iptc[1])]
    assert png_text.raw_profiles([iptc, broken, *others]) == {"iptc": b"abc"}
    assert [png_text.profile_name(chunk) for chunk in (iptc, broken, *others)] == ["iptc", "exif", "", "", ""]
    assert png_text.raw_profiles([iptc, (b"tEXt", iptc[1].replace(b"61", b"64"))]) == {"iptc": b"dbc"}
    assert png_text.raw_profiles([iptc, (b"tEXt", iptc[1].replace(b"61", b"zz"))]) == {"iptc": b"abc"}


@pytest.mark.parametrize(
    "packet",
    [
        b"<hdrgm:a " * 20_000,
        b"<hdrgm:a>" * 20_000,
        b"<exif:gpsA " * 20_000,
        b'<hdrgm:a "' * 20_000,
        b" exif:gps=" * 20_000,
    ],
)
def test_xmp_is_gone_through_once(packet: bytes) -> None:
    """Each of these took minutes; the time is not measured, a hang is."""
    assert len(xmp.fit(packet, 3, 2, turned=True)) <= len(packet)
    assert len(xmp.without_gps(packet)) <= len(packet)


def test_tags_of_any_shape_end_where_xml_ends_them() -> None:
    packet = (
        b"<a><Container:Directory x='a>b' y=\"/>\"><li/></Container:Directory ><exif:GPSAltitude\n/>kept</a>"
    )
    assert xmp.fit(packet, 3, 2, turned=False) == b"<a><exif:GPSAltitude\n/>kept</a>"
    assert xmp.without_gps(xmp.fit(packet, 3, 2, turned=False)) == b"<a>kept</a>"
    assert xmp.without_gps(b"<exif:GPSA <exif:GPSA>1</exif:GPSA>") == b"<exif:GPSA "
