from __future__ import annotations

import io
import struct

import numpy as np
import pytest
import tifffile
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from denoisectl.batch.estimate import working_bytes
from denoisectl.images import stated


@pytest.mark.parametrize("kind", ["jpeg", "png", "webp", "bmp", "tiff"])
def test_the_header_tells_the_memory(kind: str) -> None:
    file = io.BytesIO()
    Image.new("RGB", (300, 200)).save(file, kind)
    pixels = working_bytes(file) - len(file.getvalue())
    assert 3 * 3 * 300 * 200 <= pixels <= 3 * 4 * 300 * 200


@pytest.mark.parametrize("big", [False, True])
@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize(("dtype", "depth"), [(np.uint16, 2), (np.float32, 4)])
def test_tiff_of_every_kind(big: bool, order: str, dtype: type, depth: int) -> None:
    file = io.BytesIO()
    tifffile.imwrite(file, np.zeros((20, 30, 3), dtype), bigtiff=big, byteorder=order, photometric="rgb")
    assert working_bytes(file) - len(file.getvalue()) == 3 * 20 * 30 * 3 * depth


def test_a_palette_counts_as_the_colours_that_it_stands_for() -> None:
    file = io.BytesIO()
    Image.new("RGB", (300, 200)).quantize(16).save(file, "tiff")
    assert working_bytes(file) - len(file.getvalue()) == 3 * 300 * 200 * 6


def test_64_bits_are_counted_before_they_become_32() -> None:
    file = io.BytesIO()
    tifffile.imwrite(file, np.zeros((20, 30), np.float64))
    assert working_bytes(file) - len(file.getvalue()) == 3 * 20 * 30 * 8


@given(
    head=st.sampled_from([b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"II*\0", b"MM\0+", b"RIFF0000WEBP", b"BM"]),
    rest=st.binary(max_size=200),
)
def test_damage_is_not_its_affair(head: bytes, rest: bytes) -> None:
    assert working_bytes(io.BytesIO(head + rest)) >= len(head + rest)


def test_a_bitmap_of_os2_has_a_shorter_header() -> None:
    head = b"BM" + struct.pack("<IHHI", 26 + 30 * 120, 0, 0, 26) + struct.pack("<IHHHH", 12, 40, 30, 1, 24)
    assert stated(io.BytesIO(head + bytes(30 * 120))).pixels == 40 * 30
