"""Damaged files give a photo or an ImageError, quickly; never another exception."""

from __future__ import annotations

import time
import zlib
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image

from denoisectl.errors import ImageError
from denoisectl.images import decode, encode
from tests.denoisectl.images.samples import (
    alpha_of,
    exif,
    full_jpeg,
    full_png,
    full_tiff,
    full_webp,
    photo,
    pil,
    tiff,
)

PALETTED = Image.fromarray(photo()).quantize(16)
RGBA = np.dstack([photo(), alpha_of(photo())])
SEEDS = [
    full_jpeg(6),
    full_jpeg(3, progressive=True),
    full_png(6),
    full_webp(6),
    full_tiff(6),
    full_tiff(pixels=photo("uint16"), compression="zlib", predictor=2),
    full_tiff(pixels=photo("float32")),
    tiff(photo("uint16"), tile=(16, 16)),
    tiff(photo(), bigtiff=True),
    pil(photo(), "TIFF", compression="tiff_lzw", exif=exif()),
    pil(photo(), "TIFF", compression="jpeg"),
    pil(photo()[..., 0], "TIFF", compression="packbits"),
    pil(Image.fromarray(photo()).convert("1"), "TIFF", compression="group4"),
    pil(PALETTED, "TIFF"),
    pil(PALETTED, "PNG", transparency=3),
    pil(PALETTED, "BMP"),
    pil(photo(), "BMP"),
    pil(RGBA, "BMP"),
    pil(RGBA, "WEBP"),
    pil(photo(), "WEBP"),
]
ABSURD = [
    b"\xff\xff\xff\xff",
    b"\0\0\0\0",
    b"\x7f\xff\xff\xff",
    b"\xff\xff\xff\x7f",
    b"\0\1\0\0",
    b"\0\0\1\0",
]
Mutation = Callable[[bytearray, np.random.Generator], None]


def flip(data: bytearray, rng: np.random.Generator) -> None:
    for _ in range(rng.integers(1, 8)):
        data[rng.integers(len(data))] ^= 1 << rng.integers(8)


def truncate(data: bytearray, rng: np.random.Generator) -> None:
    del data[rng.integers(len(data)) :]


def swap_header(data: bytearray, rng: np.random.Generator) -> None:
    size = int(rng.integers(4, 200))
    data[:size] = SEEDS[rng.integers(len(SEEDS))][:size]


def absurd_numbers(data: bytearray, rng: np.random.Generator) -> None:
    for _ in range(rng.integers(1, 4)):
        start = int(rng.integers(min(200, len(data) - 4) if rng.random() < 0.5 else len(data) - 4))
        data[start : start + 4] = ABSURD[rng.integers(len(ABSURD))]


def insert(data: bytearray, rng: np.random.Generator) -> None:
    start = int(rng.integers(len(data)))
    data[start:start] = rng.bytes(int(rng.integers(1, 50)))


MUTATIONS: list[Mutation] = [flip, truncate, swap_header, absurd_numbers, insert]


def with_sound_checksums(data: bytes) -> bytes:
    """A PNG whose damage is not given away by its checksums."""
    out, start = bytearray(data), 8
    while start + 12 <= len(out):
        size = int.from_bytes(out[start : start + 4], "big")
        if start + 12 + size > len(out):
            break
        out[start + 8 + size : start + 12 + size] = zlib.crc32(out[start + 4 : start + 8 + size]).to_bytes(
            4, "big"
        )
        start += 12 + size
    return bytes(out)


def fuzz(count: int, seed: int) -> tuple[int, int]:
    """How many mutated files were decoded, and how many refused."""
    rng, decoded, refused = np.random.default_rng(seed), 0, 0
    for index in range(count):
        data = bytearray(SEEDS[index % len(SEEDS)])
        MUTATIONS[rng.integers(len(MUTATIONS))](data, rng)
        mutated = bytes(data)
        if mutated[:4] == b"\x89PNG" and rng.random() < 0.8:
            mutated = with_sound_checksums(mutated)
        start = time.monotonic()
        try:
            encode(decode(mutated, name="a", max_pixels=1_000_000))
            decoded += 1
        except ImageError:
            refused += 1
        assert time.monotonic() - start < 10
    return decoded, refused


@pytest.mark.parametrize("seed", range(2))
def test_mutated_files(seed: int) -> None:
    decoded, refused = fuzz(1000, seed)
    assert min(decoded, refused) > 100


@pytest.mark.slow
def test_very_many_mutated_files() -> None:
    fuzz(40_000, seed=2)


def test_the_seeds_themselves_are_sound() -> None:
    for seed in SEEDS:
        assert decode(seed, name="a").width in (40, 56)
