from __future__ import annotations

import pytest

from denoisectl.errors import ImageError
from denoisectl.images import Format, decode, sniff
from tests.denoisectl.images import samples


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (b"\xff\xd8\xff\xe0", Format.JPEG),
        (b"\x89PNG\r\n\x1a\n", Format.PNG),
        (b"RIFF\x10\0\0\0WEBPVP8 ", Format.WEBP),
        (b"RIFF\x10\0\0\0WAVEfmt ", None),
        (b"II*\0\x08\0\0\0", Format.TIFF),
        (b"MM\0*\0\0\0\x08", Format.TIFF),
        (b"II+\0\x08\0\0\0", Format.TIFF),
        (b"II*\0\x10\0\0\0CR\x02\0", None),
        (b"II*\0\x10\0\0\0IIII\0", None),
        (b"BM" + bytes(12) + b"\x28\0\0\0", Format.BMP),
        (b"BMW is a maker of cars", None),
        (b"", None),
    ],
)
def test_a_format_is_told_by_its_first_bytes(head: bytes, expected: Format | None) -> None:
    assert sniff(head) is expected


@pytest.mark.parametrize("format", list(Format))
def test_suffixes_belong_to_one_format(format: Format) -> None:
    assert format.default_suffix in format.suffixes
    assert not any(set(format.suffixes) & set(other.suffixes) for other in Format if other is not format)


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b"\0\0\0\x18ftypheic\0\0\0\0", "a HEIC image"),
        (b"\0\0\0\x18ftypavif\0\0\0\0", "an AVIF image"),
        (b"\0\0\0\x18ftypcrx \0\0\0\0", "a Canon CR3 raw photo"),
        (b"\0\0\0\x18ftypisom\0\0\0\0", "a video"),
        (b"GIF89a\x10\0", "a GIF image"),
        (b"II*\0\x10\0\0\0CR\x02\0", "a Canon CR2 raw photo"),
        (b"II*\0\x10\0\0\0IIII\0", "a Phase One IIQ raw photo"),
        (b"FUJIFILMCCD-RAW 0201", "a Fujifilm RAF raw photo"),
        (b"8BPS\0\x01", "a Photoshop PSD document"),
        (b"%PDF-1.7\n", "a PDF document"),
        (b'<?xml version="1.0"?>\n<svg xmlns="x">', "an SVG drawing"),
        (b"<svg width='3'>", "an SVG drawing"),
        (b"\xff\x0a\xfa", "a JPEG XL image"),
        (b"P6\n3 3\n255\n", "a PNM image"),
    ],
)
def test_other_kinds_are_refused_by_name(head: bytes, kind: str) -> None:
    with pytest.raises(ImageError, match=r"^photo\.jpg: ") as failure:
        decode(head + bytes(40), name="photo.jpg")
    assert f"{kind} is not processed; convert it" in str(failure.value)


def test_a_text_file_is_not_an_image() -> None:
    with pytest.raises(ImageError, match=r"^notes\.jpg: not an image: "):
        decode(b"Dear all, the harbour was foggy.", name="notes.jpg")


def test_an_empty_file_is_named() -> None:
    with pytest.raises(ImageError, match=r"^a\.png: the file is empty; restore it from a backup$"):
        decode(b"", name="a.png")


def test_the_name_does_not_matter_only_the_content() -> None:
    assert decode(samples.pil(samples.photo(), "PNG"), name="a.jpg").origin.format is Format.PNG


def test_formats_answer_to_the_names_of_their_files_too() -> None:
    assert (Format("jpg"), Format("tif"), Format("jpeg")) == (Format.JPEG, Format.TIFF, Format.JPEG)
