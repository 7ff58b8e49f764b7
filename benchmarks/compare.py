"""This tool beside what a user would pick instead, in one run, on the same photos.

python benchmarks/compare.py PHOTOS --model photo [--model FILE] [--run CHECKPOINT] [--count 20]

PHOTOS is a folder of clean photos: mirrored up to 12 megapixels and made noisy they give the speeds, their
middles with noise of sigma 25 give the quality. Writes compare.json, compare.md and compare.png.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import cv2
import numpy as np
import onnxruntime
from peers import SIGMA, Peer, classics, eager, library
from photos import Pixels, clean_middles, noisy, write_large
from table import Row, write_results
from timing import Speed, once, timed, timed_command

from denoisectl.engine.devices import usable_cpus
from denoisectl.images import decode, encode
from denoisectl.shipped import find_model

HEIGHT, WIDTH = 3000, 4000
TILE = 1000


def main() -> None:
    """Measure everything and write the results."""
    options = _options()
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as folder:
        large = write_large(options.photos, Path(folder), options.count, HEIGHT, WIDTH)
        rows += _whole_photos(options, large, Path(folder))
    middles = clean_middles(options.quality or options.photos, 6)
    for peer in _peers(options):
        rows.append(Row(peer.name, _peer_speed(peer, middles[0]), _quality(peer, middles)))
        print(rows[-1])
    command = f"python benchmarks/compare.py {options.photos.name} --count {options.count}"
    write_results(rows, options.out, command, threads=options.threads, photos=options.count)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("photos", type=Path)
    parser.add_argument("--quality", type=Path, help="clean photos to measure quality on, if not PHOTOS")
    parser.add_argument("--model", action="append", required=True)
    parser.add_argument("--run", type=Path, help="the checkpoint behind the first model, for eager PyTorch")
    parser.add_argument("--count", type=int, default=20, help="photos of 12 megapixels")
    parser.add_argument("--threads", type=int, default=usable_cpus())
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results")
    return parser.parse_args()


def _whole_photos(options: argparse.Namespace, large: list[Path], folder: Path) -> list[Row]:
    """`run` on JPEG files, and its two limits: the network alone, and the codec alone."""
    megapixels = len(large) * HEIGHT * WIDTH / 1e6
    rows = [Row("limit: decode and encode only", once(lambda: _recode(large), megapixels))]
    for model in options.model:
        name = Path(model).stem
        command = ["run", str(folder), "--out", f"{folder}/clean", "--overwrite", "--quiet", "--model", model]
        rows.append(
            Row(f"limit: onnxruntime on ready tiles, {name}", _bare(model, options.threads, megapixels))
        )
        rows.append(
            Row(
                f"denoisectl run, {name}",
                timed_command([*command, "--threads", str(options.threads)], megapixels),
            )
        )
    for row in rows:
        print(row)
    return rows


def _recode(paths: list[Path]) -> None:
    for path in paths:
        encode(decode(path.read_bytes(), name=path.name))


def _bare(model: str, threads: int, megapixels: float) -> Speed:
    """The same area in tiles of one megapixel that lie in memory, without overlap."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(find_model(model).read_bytes(), options, ["CPUExecutionProvider"])
    tile = np.random.default_rng(0).random((1, 3, TILE, TILE), np.float32)

    def work() -> None:
        for _ in range(round(megapixels)):
            session.run(None, {"image": tile})

    session.run(None, {"image": tile})
    return once(work, round(megapixels))


def _peers(options: argparse.Namespace) -> list[Peer]:
    peers = [library(model, options.threads) for model in options.model]
    if options.run:
        peers.append(eager(options.run, options.threads))
    else:
        print("no --run: eager PyTorch is left out")
    cv2.setNumThreads(options.threads)
    for name, make in classics().items():
        try:
            peers.append(make())
        except ImportError as error:
            print(f"{name} is left out: {error}")
    return peers


def _peer_speed(peer: Peer, middle: Pixels) -> Speed:
    times = -(-peer.side // middle.shape[0])
    photo = noisy(np.tile(middle, (times, times, 1))[: peer.side, : peer.side], SIGMA, 0)
    return timed(lambda: peer.clean(photo), peer.side**2 / 1e6)


def _quality(peer: Peer, middles: list[Pixels]) -> float:
    """Mean PSNR in dB at sigma 25, noise rounded and clipped to 8 bits."""
    found = [cv2.PSNR(peer.clean(noisy(photo, SIGMA, seed)), photo) for seed, photo in enumerate(middles)]
    return float(np.mean(found))


if __name__ == "__main__":
    main()
