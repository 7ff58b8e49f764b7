"""One gigapixel TIFF through `denoisectl run`: peak memory, and speed beside a photo of 12 megapixels.

    python benchmarks/gigapixel.py PHOTO --model photo-fast [--side 32768] [--compress]

PHOTO is mirrored over a square of `--side` pixels, strip by strip, so that this process holds none of it. The
TIFF and its result take 3 bytes a pixel each on disk in `--scratch`. Prints one row and appends it, as JSON, to
results/gigapixel.jsonl.
"""

from __future__ import annotations

import argparse
import json
import struct
import tempfile
import zlib
from pathlib import Path

import numpy as np
from photos import Pixels, noisy
from timing import Speed, timed_command

from denoisectl_training.photos.files import read_photo

_STRIP = 64  # rows
_NONE, _DEFLATE = 1, 8


def main() -> None:
    """Write the photos, run, and print."""
    options = _options()
    block = _block(options.photo)
    with tempfile.TemporaryDirectory(dir=options.scratch) as folder:
        speeds = []
        for height, width in ((3000, 4000), (options.side, options.side)):
            source = Path(folder) / "photo.tif"
            write_tiff(source, block, height, width, compress=options.compress)
            speeds.append(_run(options.model, source, height * width / 1e6))
            source.with_name("clean.tif").unlink()
    small, large = speeds
    row = {
        "model": options.model,
        "megapixels": large.megapixels,
        "peak_gb": round(large.peak_bytes / 1e9, 2),
        "megapixels_per_second": round(large.rate, 4),
        "speed_over_12_megapixels": round(large.rate / small.rate, 3),
        "the_same_by_processor_seconds": round(small.cost / large.cost, 3),
        "compressed": options.compress,
    }
    options.out.mkdir(parents=True, exist_ok=True)
    with (options.out / "gigapixel.jsonl").open("a") as file:
        file.write(json.dumps(row) + "\n")
    print(json.dumps(row))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("photo", type=Path)
    parser.add_argument("--model", default="photo-fast")
    parser.add_argument("--side", type=int, default=32768)
    parser.add_argument("--compress", action="store_true", help="deflate instead of bare pixels")
    parser.add_argument("--scratch", type=Path, default=None, help="folder with room for the TIFF, twice")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results")
    return parser.parse_args()


def _run(model: str, source: Path, megapixels: float) -> Speed:
    command = ["run", str(source), "--out", str(source.with_name("clean.tif")), "--model", model, "--quiet"]
    return timed_command([*command, "--max-pixels", "0"], megapixels)


def _block(path: Path) -> Pixels:
    """The photo and its mirror images, which repeat without a seam; noisy."""
    photo = read_photo(path, bits=8)
    pair = np.hstack([photo, photo[:, ::-1]])
    return noisy(np.vstack([pair, pair[::-1]]), 12.0, 0)


def write_tiff(path: Path, block: Pixels, height: int, width: int, *, compress: bool) -> None:
    """An RGB TIFF in strips; BigTIFF where 32 bits do not count its bytes."""
    starts, sizes = [], []
    with path.open("wb") as file:
        file.write(bytes(16))
        for top in range(0, height, _STRIP):
            rows = np.arange(top, min(top + _STRIP, height)) % len(block)
            strip = np.take(block[rows], np.arange(width) % block.shape[1], axis=1)
            data = zlib.compress(strip.tobytes(), 1) if compress else strip.tobytes()
            starts.append(file.tell())
            sizes.append(file.write(data))
        big = file.tell() + 32 * len(starts) > 2**32 - 2**16
        directory, header = _directory(file.tell(), height, width, starts, sizes, compress=compress, big=big)
        file.write(directory)
        file.seek(0)
        file.write(header)


def _directory(
    place: int, height: int, width: int, starts: list[int], sizes: list[int], *, compress: bool, big: bool
) -> tuple[bytes, bytes]:
    """The directory at `place` behind the values that do not fit into it, and the file's header."""
    word, kind, room = ("Q", 16, 8) if big else ("I", 4, 4)
    values = b"".join(struct.pack(f"<{len(each)}{word}", *each) for each in (starts, sizes))
    values += struct.pack("<3H", 8, 8, 8)
    at = [place, place + len(starts) * room, place + 2 * len(starts) * room]
    if len(starts) == 1:
        at[:2] = starts[0], sizes[0]
    depths = int.from_bytes(struct.pack("<3H", 8, 8, 8), "little") if big else at[2]
    entries = (
        (256, 4, 1, width), (257, 4, 1, height), (258, 3, 3, depths),
        (259, 3, 1, _DEFLATE if compress else _NONE), (262, 3, 1, 2), (273, kind, len(starts), at[0]),
        (277, 3, 1, 3), (278, 4, 1, _STRIP), (279, kind, len(starts), at[1]), (284, 3, 1, 1),
    )  # fmt: skip
    body = b"".join(struct.pack(f"<HH{word}{word}", *entry) for entry in entries)
    count = struct.pack("<Q" if big else "<H", len(entries))
    first = place + len(values)
    header = struct.pack("<2sHHHQ", b"II", 43, 8, 0, first) if big else struct.pack("<2sHI", b"II", 42, first)
    return values + count + body + bytes(room), header


if __name__ == "__main__":
    main()
