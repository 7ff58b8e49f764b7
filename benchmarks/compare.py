"""This tool beside what a user would pick instead, in one run, on the same photos.

    python benchmarks/compare.py PHOTOS --quality KODAK24 --model photo --model photo-int8 --model photo-fast \
        --run CHECKPOINT

PHOTOS is a folder of clean photos: mirrored up to 12 megapixels and made noisy they give the speeds. The middles
of those in KODAK24 with noise of sigma 25 give the quality. Every measurement goes to results/compare.jsonl.part
as it is made; a comparison that was stopped goes on with --resume. At the end that file becomes compare.jsonl, and
compare.md, compare.json and compare.png are written. Leave parts out with --skip, for example
`--skip peers --skip memory`.
"""

from __future__ import annotations

import argparse
import platform
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from itertools import product
from pathlib import Path

import cv2
import numpy as np
import onnxruntime
from figures import figures
from peers import SIGMA, Peer, bare, classics, eager, library, shapes
from photos import Pixels, clean_middles, noisy, write_large, write_small
from records import Records, Row
from table import write_results
from timing import Speed, once, run_alone, timed, timed_command

from denoisectl import __version__
from denoisectl.images import decode, encode
from denoisectl.machine.processors import usable_cpus
from denoisectl.model_file.shipped import find_model

HEIGHT, WIDTH = 3000, 4000
PARTS = ("run", "cores", "small", "cold", "memory", "peers")
_SMALL = 100


def main() -> None:
    """Measure everything and write the results."""
    options, started = _options(), time.perf_counter()
    if not options.photos.is_dir():
        raise SystemExit(f"{options.photos}: no such folder; check the name")
    records = Records(options.out / "compare.jsonl", resume=options.resume)
    with tempfile.TemporaryDirectory() as folder:
        for part in PARTS:
            if part not in options.skip:
                _MEASURE[part](options, records, Path(folder))
    records.finish()
    about = {
        "command": " ".join(["python benchmarks/compare.py PHOTOS", *_shown(sys.argv[2:])]),
        "threads": options.threads,
        "photos": options.count,
        "processor": _processor(),
        "onnxruntime": onnxruntime.__version__,
        "denoisectl": __version__,
        "minutes": round((time.perf_counter() - started) / 60, 1),
    }
    write_results(records.rows, list(figures(records.rows, options.model)), options.out, about)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("photos", type=Path)
    parser.add_argument("--quality", type=Path, help="clean photos to measure quality on, if not PHOTOS")
    parser.add_argument("--model", action="append", required=True, help="repeatable; the first is the base")
    parser.add_argument("--run", type=Path, help="the checkpoint behind the first model, for eager PyTorch")
    parser.add_argument("--count", type=int, default=20, help="photos of 12 megapixels")
    parser.add_argument("--threads", type=int, default=usable_cpus())
    parser.add_argument("--skip", action="append", default=[], choices=PARTS)
    parser.add_argument("--resume", action="store_true", help="keep what has been measured already")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results")
    return parser.parse_args()


def _shown(arguments: list[str]) -> list[str]:
    """The arguments without the folders of this machine."""
    return [Path(argument).name if "/" in argument else argument for argument in arguments]


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    return next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), "unknown")


def _run(options: argparse.Namespace, folder: Path, model: str, megapixels: float, **rest: int) -> Speed:
    """`denoisectl run` over a folder, start-up included."""
    command = [
        "run",
        str(folder),
        "--out",
        f"{folder}-clean",
        "--overwrite",
        "--quiet",
        "--model",
        str(find_model(model)),
    ]
    threads = rest.get("cores", options.threads)
    return timed_command([*command, "--threads", str(threads)], megapixels, **rest)


def _large(options: argparse.Namespace, folder: Path, count: int, height: int, width: int) -> Path:
    """A folder of large photos, made once."""
    into = folder / f"{count}-of-{height}"
    if not into.exists():
        into.mkdir()
        write_large(options.photos, into, count, height, width)
    return into


def _whole_photos(options: argparse.Namespace, records: Records, folder: Path) -> None:
    """`run` on JPEG files, and its two limits: the network alone, and the codec alone."""
    megapixels = options.count * HEIGHT * WIDTH / 1e6
    large = _large(options, folder, options.count, HEIGHT, WIDTH)
    records.speed("codec", "limit: decode and encode", lambda: once(partial(_recode, large), megapixels))
    for model in options.model:
        name = Path(model).stem
        # The limit before and after, so that a machine that changes its pace changes both.
        limit = partial(bare, model, options.threads)
        records.speed(f"before {model}", f"onnxruntime on ready tiles, {name}, before", limit)
        records.speed(
            f"run {model}", f"denoisectl run, {name}", partial(_run, options, large, model, megapixels)
        )
        records.speed(f"after {model}", f"onnxruntime on ready tiles, {name}, after", limit)
        both = partial(records.sum, f"before {model}", f"after {model}")
        records.speed(f"bare {model}", f"limit: onnxruntime on ready tiles, {name}", both)


def _recode(folder: Path) -> None:
    for path in sorted(folder.glob("*.jpg")):
        encode(decode(path.read_bytes(), name=path.name))


def _cores(options: argparse.Namespace, records: Records, folder: Path) -> None:
    """The same four photos on one core and on two."""
    if usable_cpus() < 2:
        print("one core only: nothing to compare it with")
        return
    large = _large(options, folder, 4, HEIGHT, WIDTH)
    megapixels = 4 * HEIGHT * WIDTH / 1e6
    for model, (cores, word) in product(options.model, ((1, "core"), (2, "cores"))):
        name = f"denoisectl run on {cores} {word}, {Path(model).stem}, 4 photos"
        records.speed(
            f"{cores} {word} {model}", name, partial(_run, options, large, model, megapixels, cores=cores)
        )


def _small(options: argparse.Namespace, records: Records, folder: Path) -> None:
    """A folder of small images."""
    into = folder / "small"
    into.mkdir()
    write_small(options.photos, into, _SMALL)
    megapixels = _SMALL * 256 * 256 / 1e6
    for model in options.model:
        name = f"denoisectl run, {Path(model).stem}, {_SMALL} images of 256 x 256"
        records.speed(f"small {model}", name, partial(_run, options, into, model, megapixels))


def _cold(options: argparse.Namespace, records: Records, folder: Path) -> None:
    """A single photo of one megapixel, and the imports that nobody can do without: the best of five each."""
    into = _large(options, folder, 1, 1000, 1000)
    imports = [sys.executable, "-c", "import onnxruntime, cv2, numpy"]

    alone = partial(run_alone, imports, 1)
    records.speed("imports", "importing onnxruntime, cv2, numpy", partial(_best_of_five, alone))
    for model in options.model:
        name = f"denoisectl run, {Path(model).stem}, one megapixel, cold"
        records.speed(f"cold {model}", name, partial(_best_of_five, partial(_run, options, into, model, 1)))


def _best_of_five(measure: Callable[[], Speed]) -> Speed:
    return min((measure() for _ in range(5)), key=lambda speed: speed.seconds)


def _memory(options: argparse.Namespace, records: Records, folder: Path) -> None:
    """Three photos of 24 megapixels."""
    large = _large(options, folder, 3, 4000, 6000)
    for model in options.model:
        name = f"denoisectl run, {Path(model).stem}, 3 photos of 24 megapixels"
        records.speed(f"24 megapixels {model}", name, partial(_run, options, large, model, 72))


def _peers(options: argparse.Namespace, records: Records, _: Path) -> None:
    """Everybody in this process, on one photo each; quality on six."""
    cv2.setNumThreads(options.threads)
    middles = clean_middles(options.quality or options.photos, 6)
    makers: dict[str, Callable[[], Peer]] = {
        f"library {model}": partial(library, model, options.threads) for model in options.model
    }
    makers |= classics()
    if options.run:
        makers["eager"] = partial(eager, options.run, options.threads)
    for key, make in makers.items():
        records.measure(key, partial(_peer, key, make, middles))
    for key, row in shapes(options.threads).items():
        records.measure(key, row)


def _peer(key: str, make: Callable[[], Peer], middles: list[Pixels]) -> Row:
    peer = make()
    times = -(-peer.side // middles[0].shape[0])
    photo = noisy(np.tile(middles[0], (times, times, 1))[: peer.side, : peer.side], SIGMA, 0)
    speed = timed(lambda: peer.clean(photo), peer.side**2 / 1e6)
    return Row(key, peer.name, speed, _quality(peer, middles))


def _quality(peer: Peer, middles: list[Pixels]) -> float:
    """Mean PSNR in dB at sigma 25, noise rounded and clipped to 8 bits."""
    found = [cv2.PSNR(peer.clean(noisy(photo, SIGMA, seed)), photo) for seed, photo in enumerate(middles)]
    return float(np.mean(found))


_MEASURE = dict(zip(PARTS, (_whole_photos, _cores, _small, _cold, _memory, _peers), strict=True))

if __name__ == "__main__":
    main()
