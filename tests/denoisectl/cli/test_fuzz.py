"""Two thousand damaged images and twenty good ones in one folder."""

from __future__ import annotations

import io
import json
import random
import struct
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
import tifffile
from PIL import Image

GOOD = 20
MEMORY = 1.2e9
"""Bytes at the peak, far below what one believed header of the absurd ones would take."""

Mutation = Callable[[bytearray, random.Random], bytes]


def seeds() -> dict[str, bytes]:
    """One good file of every kind, by name ending."""
    rng = np.random.default_rng(0)
    colour, grey = rng.integers(0, 256, (48, 64, 3), np.uint8), rng.integers(0, 256, (48, 64), np.uint8)
    deep, alpha = rng.integers(0, 65536, (48, 64, 3), np.uint16), rng.integers(0, 256, (48, 64, 4), np.uint8)
    files = {
        ".jpg": _pillow(colour, "jpeg"),
        ".prog.jpg": _pillow(
            colour, "jpeg", progressive=True, exif=Image.Exif().tobytes() or b"Exif\0\0MM\0*\0\0\0\x08\0\0"
        ),
        ".grey.jpg": _pillow(grey, "jpeg"),
        ".png": _pillow(colour, "png"),
        ".deep.png": cv2.imencode(".png", deep)[1].tobytes(),
        ".alpha.png": _pillow(alpha, "png"),
        ".webp": _pillow(colour, "webp"),
        ".alpha.webp": _pillow(alpha, "webp", lossless=True),
        ".bmp": _pillow(colour, "bmp"),
        ".tif": _tiff(colour),
        ".deep.tif": _tiff(deep, compression="zlib", predictor=True),
        ".float.tif": _tiff(deep.astype(np.float32) / 65535, tile=(16, 16)),
    }
    return files


def _pillow(pixels: np.ndarray, kind: str, **options: object) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, kind, **options)
    return file.getvalue()


def _tiff(pixels: np.ndarray, **options: object) -> bytes:
    file = io.BytesIO()
    tifffile.imwrite(file, pixels, photometric="rgb", **options)
    return file.getvalue()


def flip_bits(data: bytearray, rng: random.Random) -> bytes:
    for _ in range(rng.randint(1, 40)):
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    return bytes(data)


def flip_bits_in_the_header(data: bytearray, rng: random.Random) -> bytes:
    for _ in range(rng.randint(1, 8)):
        data[rng.randrange(min(len(data), 256))] ^= 1 << rng.randrange(8)
    return bytes(data)


def cut(data: bytearray, rng: random.Random) -> bytes:
    return bytes(data[: rng.randrange(len(data))])


def swap_the_header(data: bytearray, rng: random.Random) -> bytes:
    other = rng.choice(list(seeds().values()))
    length = rng.choice((4, 8, 16, 64))
    return other[:length] + bytes(data[length:])


def claim_absurd_dimensions(data: bytearray, rng: random.Random) -> bytes:
    """Put large numbers where the kind keeps its size; where that is not known, over any four bytes."""
    big = rng.choice((20_000, 22_000, 65_535, 2**31 - 1))
    if data[:4] == b"\x89PNG":
        struct.pack_into(">II", data, 16, big, big)
    elif data[:2] == b"BM":
        struct.pack_into("<ii", data, 18, min(big, 2**31 - 1), min(big, 2**31 - 1))
    elif data[:2] == b"\xff\xd8" and (place := max(data.find(b"\xff\xc0"), data.find(b"\xff\xc2"))) > 0:
        struct.pack_into(">HH", data, place + 5, min(big, 65_500), min(big, 65_500))
    else:
        struct.pack_into("<I", data, rng.randrange(8, min(len(data) - 4, 200)), min(big, 2**31 - 1))
    return bytes(data)


MUTATIONS: tuple[Mutation, ...] = (
    flip_bits, flip_bits_in_the_header, cut, swap_the_header, claim_absurd_dimensions,
)  # fmt: skip


def fill(folder: Path, damaged: int) -> None:
    folder.mkdir()
    rng = random.Random(0)
    kinds = list(seeds().items())
    for number in range(damaged):
        ending, data = kinds[number % len(kinds)]
        mutated = MUTATIONS[number // len(kinds) % len(MUTATIONS)](bytearray(data), rng)
        (folder / f"bad{number}{ending}").write_bytes(mutated)
    for number in range(GOOD):
        ending, data = kinds[number % len(kinds)]
        (folder / f"good{number}{ending}").write_bytes(data)


@pytest.mark.parametrize("damaged", [120, pytest.param(2000, marks=pytest.mark.slow)])
def test_damage_costs_the_damaged_only(
    damaged: int,
    tmp_path: Path,
    model: Path,
    cli_env: dict[str, str],
    record_testsuite_property: Callable[[str, object], None],
) -> None:
    fill(tmp_path / "in", damaged)
    command = [sys.executable, "-m", "denoisectl", "run", str(tmp_path / "in"), "-o", str(tmp_path / "out")]
    # A small parent process knows the peak of its only child.
    peak = "import resource, subprocess, sys; r = subprocess.run(sys.argv[1:]).returncode; "
    peak += "sys.stderr.write(f'\\n{r} {resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024}')"
    ended = subprocess.run(
        [sys.executable, "-c", peak, *command, "-m", str(model), "-d", "cpu", "--json", "-q"],
        env=cli_env, capture_output=True, text=True, timeout=900, check=True,
    )  # fmt: skip
    code, memory = map(int, ended.stderr.splitlines()[-1].split())
    *files, summary = map(json.loads, ended.stdout.splitlines())
    assert code == 1 and summary["remaining"] == 0 and len(files) == damaged + GOOD
    good = [event for event in files if Path(event["input"]).name.startswith("good")]
    assert len(good) == GOOD and all(event["status"] == "ok" for event in good)
    assert all(Path(event["output"]).stat().st_size for event in files if event["status"] == "ok")
    assert all(event["input"] in event["error"]["message"] for event in files if event["status"] == "failed")
    unexpected = [
        event["error"]["message"]
        for event in files
        if event["error"] and "unexpectedly" in event["error"]["message"]
    ]
    assert unexpected == []
    assert memory < MEMORY
    record_testsuite_property("ended", Counter(event["status"] for event in files))
    record_testsuite_property("peak megabytes", memory // 10**6)
    record_testsuite_property("seconds", summary["seconds"])
