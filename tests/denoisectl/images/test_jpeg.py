from __future__ import annotations

import io
import struct

import cv2
import numpy as np
import pytest
from PIL import Image

from denoisectl.errors import ImageError
from denoisectl.images import Format, decode, encode, jpeg_quality, losses
from denoisectl.images import jpeg_segments as seg
from tests.denoisectl.images.samples import full_jpeg, photo, pil, with_segment

SAMPLINGS = {"444": 0, "422": 1, "420": 2}


@pytest.mark.parametrize("quality", [*range(1, 101, 9), 85, 90, 95, 100])
def test_the_quality_is_read_from_the_tables(quality: int) -> None:
    assert decode(pil(photo(), "JPEG", quality=quality), name="a").origin.quality == quality


@pytest.mark.parametrize("sampling", SAMPLINGS)
@pytest.mark.parametrize("quality", [60, 85, 93, 100])
def test_the_output_is_stored_as_the_source_was(quality: int, sampling: str) -> None:
    source = pil(photo(), "JPEG", quality=quality, subsampling=SAMPLINGS[sampling], progressive=quality == 93)
    read = decode(source, name="a")
    again = decode(encode(read), name="a").origin
    assert read.origin.sampling == sampling
    assert (again.quality, again.sampling) == (max(quality, 85), sampling)
    assert again.progressive == (quality == 93)


def test_an_explicit_quality_wins() -> None:
    read = decode(pil(photo(), "JPEG", quality=95), name="a")
    assert decode(encode(read, quality=40), name="a").origin.quality == 40
    for quality in (0, 101):
        with pytest.raises(ValueError, match="quality"):
            encode(read, quality=quality)


def test_a_photo_that_was_no_jpeg_is_written_well() -> None:
    written = decode(encode(decode(pil(photo(), "PNG"), name="a"), format=Format.JPEG), name="a").origin
    assert (written.quality, written.sampling) == (95, "444")


def test_tables_of_a_camera_get_a_near_quality() -> None:
    table = [max(1, (i + 3) // 5) for i in range(64)]
    read = decode(pil(photo(), "JPEG", qtables=[table, table]), name="a")
    assert 90 <= read.origin.quality <= 98


def test_a_jpeg_of_rgb_components_is_read_as_such() -> None:
    source = pil(photo(), "JPEG", quality=95, keep_rgb=True)
    assert np.abs(decode(source, name="a").pixels.astype(int) - photo()).max() < 16


def test_what_adobe_says_of_the_components_counts() -> None:
    """Photoshop numbers those of RGB like those of YCbCr, and tells the two apart in a segment of its own."""
    source = bytearray(pil(photo(), "JPEG", quality=95, keep_rgb=True))
    frame, scan = source.index(b"\xff\xc0") + 10, source.index(b"\xff\xda") + 5
    for place in range(3):
        assert source[frame + 3 * place] == source[scan + 2 * place] == b"RGB"[place]
        source[frame + 3 * place] = source[scan + 2 * place] = place + 1
    adobe = (seg.ADOBE[0], seg.ADOBE[1] + bytes([0, 100, 0, 0, 0, 0, 0]))  # the last one: no transform
    parts = seg.split(bytes(source))
    told = seg.join([seg.Segment(*adobe), *(s for s in parts.segments if s.marker < 0xE0)], parts.scans)
    assert np.abs(decode(told, name="a").pixels.astype(int) - photo()).max() < 16


@pytest.mark.parametrize("cut", [0.02, 0.3, 0.7, 0.999])
@pytest.mark.parametrize("progressive", [False, True])
def test_a_jpeg_cut_short_is_a_failure(cut: float, progressive: bool) -> None:
    whole = full_jpeg(progressive=progressive)
    with pytest.raises(ImageError, match=r"^a\.jpg: .*cut short"):
        decode(whole[: int(len(whole) * cut)], name="a.jpg")


@pytest.mark.parametrize("sampling", [0, 1, 2])
@pytest.mark.parametrize("cut", [0.3, 0.6, 0.9])
@pytest.mark.parametrize("restarts", [0, 2])
def test_a_jpeg_cut_short_and_closed_is_a_failure(cut: float, sampling: int, restarts: int) -> None:
    big = photo(height=240, width=320)
    options = {"restart_marker_rows": restarts} if restarts else {}
    for source in (pil(big, "JPEG", subsampling=sampling, **options), pil(big[..., 1], "JPEG", **options)):
        decode(source, name="a")
        closed = source[: int(len(source) * cut)].rstrip(b"\xff") + b"\xff\xd9"
        with pytest.raises(ImageError, match=r"cut short: the image data ends after \d+% of it"):
            decode(closed, name="a")


def test_an_extended_jpeg_cut_short_and_closed_is_a_failure() -> None:
    source = pil(photo(height=240, width=320), "JPEG").replace(b"\xff\xc0", b"\xff\xc1", 1)
    decode(source, name="a")
    with pytest.raises(ImageError, match=r"cut short: the image data ends after \d+% of it"):
        decode(source[: len(source) // 2].rstrip(b"\xff") + b"\xff\xd9", name="a")


@pytest.mark.parametrize("level", [0, 128, 255])
@pytest.mark.parametrize("optimize", [False, True])
@pytest.mark.parametrize("sampling", [0, 2])
def test_a_photo_that_ends_in_one_colour_is_whole(level: int, optimize: bool, sampling: int) -> None:
    for start in (0, 60, 200):
        big = photo(height=240, width=320).copy()
        big[start:] = level
        for pixels in (big, big[..., 0]):
            source = pil(pixels, "JPEG", optimize=optimize, subsampling=sampling, quality=80)
            assert decode(source, name="a").height == 240


@pytest.mark.parametrize(
    ("name", "factor"),
    [("440", cv2.IMWRITE_JPEG_SAMPLING_FACTOR_440), ("411", cv2.IMWRITE_JPEG_SAMPLING_FACTOR_411)],
)
def test_rare_samplings_are_kept_too(name: str, factor: int) -> None:
    done, source = cv2.imencode(".jpg", photo(), [cv2.IMWRITE_JPEG_SAMPLING_FACTOR, factor])
    assert done
    read = decode(source.tobytes(), name="a")
    assert read.origin.sampling == decode(encode(read), name="a").origin.sampling == name


def test_a_table_of_16_bits_is_read_whole() -> None:
    values = tuple(range(250, 314))
    content = b"\x10" + struct.pack(">64H", *values) + b"\x01" + bytes(range(1, 65))
    assert jpeg_quality.tables_of([content]) == {0: values, 1: tuple(range(1, 65))}


def test_sampling_factors_that_cannot_be_are_refused() -> None:
    source = bytearray(pil(photo(), "JPEG"))
    source[source.index(b"\xff\xc0") + 17] = 0  # of the last component
    with pytest.raises(ImageError, match="impossible sampling factors"):
        decode(bytes(source), name="a")


def test_a_comment_between_two_scans_is_no_damage() -> None:
    source = pil(photo(), "JPEG", progressive=True)
    last = source.rindex(b"\xff\xda")
    commented = source[:last] + b"\xff\xfe\0\4hm" + source[last:]
    assert np.array_equal(decode(commented, name="a").pixels, decode(source, name="a").pixels)


def test_cmyk_is_refused_by_name() -> None:
    source = pil(Image.fromarray(photo()).convert("CMYK"), "JPEG")
    with pytest.raises(ImageError, match=r"CMYK.*convert it to RGB"):
        decode(source, name="a")


def test_a_header_of_another_size_is_refused() -> None:
    source = pil(photo(), "JPEG")
    at = source.index(b"\xff\xc0") + 5
    with pytest.raises(ImageError, match="too short for the 20000 x 20000 pixels"):
        decode(source[:at] + struct.pack(">HH", 20000, 20000) + source[at + 4 :], name="a")


def test_stereo_pictures_are_refused_and_previews_left_behind() -> None:
    images = [Image.fromarray(photo()), Image.fromarray(photo()[::-1])]
    out = io.BytesIO()
    images[0].save(out, "MPO", save_all=True, append_images=images[1:])
    mpo = out.getvalue()
    read = decode(mpo, name="a")
    assert read.origin.left_behind == ("preview images (MPF)",)
    assert len(seg.split(encode(read)).of(seg.MPF)) == 0
    kind = mpo.index(b"MPF\0") + 4
    order = "<" if mpo[kind : kind + 2] == b"II" else ">"
    entries = mpo.index(struct.pack(f"{order}H", 0xB002), kind)
    start = kind + struct.unpack_from(f"{order}I", mpo, entries + 8)[0]
    stereo = mpo[:start] + struct.pack(f"{order}I", 0x020002) + mpo[start + 4 :]
    with pytest.raises(ImageError, match=r"multi-picture .stereo. file of 2 images"):
        decode(stereo, name="a")


def test_bytes_after_the_image_are_named() -> None:
    assert decode(full_jpeg() + b"motion" * 100, name="a").origin.left_behind == ("data after the image",)


@pytest.mark.parametrize("ending", [".png", ".webp"])
def test_a_second_image_in_the_same_bytes_is_named(ending: str) -> None:
    data = cv2.imencode(ending, np.zeros((8, 9, 3), np.uint8))[1].tobytes()
    assert decode(data + bytes(3) + b"\n", name="a").origin.left_behind == (), "padding"
    assert decode(data + data, name="a").origin.left_behind == ("data after the image",)


def test_application_data_of_makers_is_carried_and_credentials_are_not() -> None:
    source = with_segment(with_segment(full_jpeg(), 0xE5, b"RMETA\0maker"), 0xEB, b"JP\0\1jumb c2pa")
    read = decode(source, name="a")
    written = encode(read)
    assert b"RMETA\0maker" in written
    assert b"c2pa" not in written
    assert losses(read) == ("content credentials (C2PA)",)
    assert "JPEG application data" in losses(read, format=Format.PNG)


def test_segments_are_found_and_put_back() -> None:
    source = with_segment(pil(photo(), "JPEG", comment=b"one"), seg.COMMENT, b"two")
    parts = seg.split(source)
    assert {s.content for s in parts.segments if s.marker == seg.COMMENT} == {b"one", b"two"}
    assert seg.join(parts.segments, parts.scans) == source
    assert parts.trailer == 0


def test_fill_bytes_before_a_marker_are_skipped() -> None:
    source = pil(photo(), "JPEG")
    filled = source[:2] + b"\xff\xff" + source[2:]
    assert np.array_equal(decode(filled, name="a").pixels, decode(source, name="a").pixels)


def test_a_profile_in_parts_is_put_together_in_order() -> None:
    parts = seg.icc_segments(bytes(range(256)) * 500)
    assert len(parts) == 2
    split = seg.Split(tuple(reversed(parts)), b"", 0)
    assert seg.icc_of(split) == bytes(range(256)) * 500
    assert seg.icc_of(seg.Split(tuple(parts[:1]), b"", 0)) is None
    assert seg.icc_segments(b"") == []
