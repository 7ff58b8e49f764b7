"""Quality against work: each run's score, multiply-adds a pixel, and speed in onnxruntime with the halo's cost.

    python benchmarks/architectures.py --clean KODAK24 --sigma 25 --every 4 RUN [RUN ...] --plot docs/architectures.png

Runs are exported to a temporary folder and scored through the file. Speed is that of ready tiles of 1,024 pixels
on one thread, processor seconds, best of three; "with halo" divides by the pixels computed twice: a photo of 12
megapixels in tiles of that size that overlap by the run's effective halo.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import onnxruntime

from denoisectl_exports.write import export_run
from denoisectl_training.evaluation.metrics import psnr
from denoisectl_training.evaluation.sources import photos
from denoisectl_training.photos.finding import find_photos

_TILE, _PHOTO = 1024, (3000, 4000)


@dataclass(frozen=True)
class Row:
    """One architecture's figures."""

    name: str
    macs: float
    halo: int
    psnr: float
    speed: float
    """Megapixels a processor second on ready tiles."""
    waste: float
    """Pixels computed over pixels there are."""

    def line(self) -> str:
        """As a table's row."""
        return (
            f"| `{self.name}` | {self.macs / 1e3:.1f} | {self.halo} | {self.psnr:.2f} | {self.speed:.2f} | "
            f"{self.speed / self.waste:.2f} |"
        )


def session(path: Path) -> onnxruntime.InferenceSession:
    """One thread, quiet."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.log_severity_level = 1, 3
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def megapixels_a_second(model: onnxruntime.InferenceSession, multiple_of: int) -> float:
    """Best of three tiles, in processor seconds."""
    side = _TILE // multiple_of * multiple_of
    tile = np.random.default_rng(0).random((1, 3, side, side), np.float32)
    spent = []
    for _ in range(3):
        start = time.process_time()
        model.run(None, {"image": tile})
        spent.append(time.process_time() - start)
    return side * side / 1e6 / min(spent)


def recomputed(overlap: int) -> float:
    """Pixels computed over pixels there are, for a photo in tiles that see `overlap` beyond their own part."""
    own = _TILE - 2 * overlap
    tiles = np.prod([-(-size // own) for size in _PHOTO])
    return float(max(1.0, tiles * _TILE * _TILE / np.prod(_PHOTO)))


def score(
    model: onnxruntime.InferenceSession, multiple_of: int, folder: Path, sigma: float, every: int
) -> float:
    """Mean over clean photos with float noise, as papers measure; each photo cut to the grid."""
    scores = []
    for photo in photos(find_photos([folder]), every=every):
        height, width = (size // multiple_of * multiple_of for size in photo.pixels.shape[:2])
        clean = photo.pixels[:height, :width]
        noise = np.random.default_rng(photo.index).normal(0, sigma / 255, clean.shape).astype(np.float32)
        given = np.ascontiguousarray((clean + noise).transpose(2, 0, 1)[None])
        found = model.run(None, {"image": given})[0][0].transpose(1, 2, 0)
        scores.append(psnr(np.clip(found, 0, 1), clean))
    return float(np.mean(scores))


def measured(run: Path, folder: Path, sigma: float, every: int) -> Row:
    """Export a run and measure it."""
    with TemporaryDirectory() as place:
        path = Path(place) / "model.onnx"
        card = export_run(run, path)
        model = session(path)
    halo = card.halo if card.effective_halo is None else card.effective_halo
    quality = score(model, card.multiple_of, folder, sigma, every)
    speed = megapixels_a_second(model, card.multiple_of)
    return Row(card.name, card.macs_per_pixel, halo, quality, speed, recomputed(halo))


def plot(rows: list[Row], path: Path) -> None:
    """Score against multiply-adds, and against speed with the halo."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 4), layout="constrained")
    left, right = figure.subplots(1, 2, sharey=True)
    for row in rows:
        for axes, x in ((left, row.macs / 1e3), (right, row.speed / row.waste)):
            axes.plot(x, row.psnr, "o")
            axes.annotate(row.name.removeprefix("exp-"), (x, row.psnr), fontsize=7)
    left.set(xlabel="thousand multiply-adds a pixel", ylabel="PSNR, dB")
    right.set(xlabel="megapixels a processor second, halo included")
    figure.savefig(path, dpi=100)


def main() -> None:
    """Measure each run and print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("runs", nargs="+", type=Path)
    parser.add_argument("--clean", type=Path, required=True)
    parser.add_argument("--sigma", type=float, default=25.0)
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--plot", type=Path)
    args = parser.parse_args()
    print("| run | k MAC/px | effective halo | PSNR | MP/s, ready tiles | MP/s, with halo |")
    print("|---|---|---|---|---|---|")
    rows = []
    for run in args.runs:
        rows.append(measured(run, args.clean, args.sigma, args.every))
        print(rows[-1].line(), flush=True)
    if args.plot:
        plot(rows, args.plot)


if __name__ == "__main__":
    main()
