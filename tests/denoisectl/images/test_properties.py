from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from denoisectl.errors import ImageError
from denoisectl.images import (
    Alpha,
    Format,
    Metadata,
    Origin,
    Photo,
    decode,
    encode,
    photoshop,
    png_chunks,
    xmp,
)
from denoisectl.images import jpeg_segments as seg

QUICK = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
LOSSLESS = {
    Format.PNG: ("uint8", "uint16"),
    Format.TIFF: ("uint8", "uint16", "float32"),
    Format.WEBP: ("uint8",),
    Format.BMP: ("uint8",),
}


@st.composite
def photos(draw: st.DrawFn) -> tuple[Photo, Format]:
    format = draw(st.sampled_from(sorted(LOSSLESS, key=str)))
    dtype = draw(st.sampled_from(LOSSLESS[format]))
    height, width = draw(st.integers(1, 20)), draw(st.integers(1, 20))
    elements = st.floats(-1, 1, width=32) if dtype == "float32" else None
    colour, alpha = draw(st.booleans()), draw(st.booleans())
    shape = (height, width, 3) if colour else (height, width)
    pixels = draw(hnp.arrays(dtype, shape, elements=elements))
    plane = draw(hnp.arrays(dtype, (height, width), elements=elements)) if alpha else None
    compressed = draw(st.booleans())
    layout = draw(st.sampled_from(["rgb", "grey", "palette"]))
    origin = Origin(format, 8, layout, Alpha.STRAIGHT if alpha else Alpha.NONE, compressed=compressed)
    texts = draw(st.binary(min_size=1, max_size=40)) if format is not Format.BMP else None
    metadata = Metadata(icc=draw(st.none() | st.binary(min_size=1, max_size=40)), xmp=texts)
    return Photo(pixels, plane, metadata, origin), format


@QUICK
@given(photos())
def test_what_is_encoded_without_loss_is_decoded_the_same(made: tuple[Photo, Format]) -> None:
    photo, format = made
    again = decode(encode(photo), name="a")
    expected = photo.pixels
    if expected.ndim == 3 and (expected == expected[..., :1]).all():
        expected = expected[..., 0]
    assert again.origin.format is format
    assert again.pixels.dtype == expected.dtype
    assert np.array_equal(again.pixels, expected)
    assert (again.alpha is None) == (photo.alpha is None)
    assert photo.alpha is None or np.array_equal(again.alpha, photo.alpha)
    assert again.metadata.icc == photo.metadata.icc
    if photo.metadata.xmp is not None:
        assert again.metadata.xmp == xmp.fit(photo.metadata.xmp, photo.width, photo.height, turned=False)


@QUICK
@given(photos(), st.integers(0, 2**32 - 1))
def test_denoising_never_touches_what_is_hidden(made: tuple[Photo, Format], seed: int) -> None:
    photo, _ = made
    denoised = np.random.default_rng(seed).random(photo.pixels.shape).astype(photo.pixels.dtype)
    result = photo.with_denoised(denoised)
    hidden = photo.hidden
    if hidden is None:
        assert result.pixels is denoised
    else:
        assert np.array_equal(result.pixels[hidden], photo.pixels[hidden])
        assert np.array_equal(result.pixels[~hidden], denoised[~hidden])
    assert result.alpha is photo.alpha


@pytest.mark.parametrize(
    "head", [b"", b"\xff\xd8\xff", png_chunks.SIGNATURE, b"RIFF\x30\0\0\0WEBP", b"II*\0", b"BM"]
)
@QUICK
@given(tail=st.binary(max_size=200))
def test_junk_is_an_image_error(head: bytes, tail: bytes) -> None:
    with pytest.raises(ImageError, match=r"^a: "):
        decode(head + tail, name="a")


@QUICK
@given(
    st.lists(st.tuples(st.integers(0xE0, 0xEF), st.binary(max_size=50)), max_size=6), st.binary(max_size=30)
)
def test_segments_round_trip(segments: list[tuple[int, bytes]], scan: bytes) -> None:
    stuffed = b"\xff\xda\x00\x02" + scan.replace(b"\xff", b"\xff\0") + b"\xff\xd9"
    made = [seg.Segment(marker, content) for marker, content in segments]
    parts = seg.split(seg.join(made, stuffed) + b"trailer")
    assert list(parts.segments) == made
    assert (parts.scans, parts.trailer) == (stuffed, 7)


@QUICK
@given(st.binary(max_size=80))
def test_resources_are_never_lost(content: bytes) -> None:
    wrapped = photoshop.from_iptc(content)
    assert photoshop.find(wrapped + wrapped, photoshop.IPTC) == content
    assert photoshop.without_thumbnails(wrapped + content) in (wrapped + content, wrapped)
