"""How far a model misses brightness, by distance from the border: clean crops in, the mean over 9 x 9 pixels compared.

    python benchmarks/brightness.py KODAK24 --model book-skip book-small --side 256

Root mean squares in 8-bit levels. A network that tells brightness from what lies beyond the border errs more
the further away that is.
"""

from __future__ import annotations

import argparse
import itertools
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from denoisectl_training.evaluation.candidates import Candidate, open_models
from denoisectl_training.evaluation.metrics import Image
from denoisectl_training.evaluation.sources import crops

EDGES = (0, 8, 16, 32, 64, 96, 128)
WINDOW = 9


def border_distance(side: int) -> npt.NDArray[np.int64]:
    """Of each pixel of a square, in pixels."""
    along = np.minimum(np.arange(side), np.arange(side)[::-1])
    return np.minimum(along[:, None], along[None, :])


def brightness_error(found: Image, clean: Image) -> npt.NDArray[np.float64]:
    """Squared error of the local mean of `(H, W, 3)` in [0, 1], in squared 8-bit levels."""
    difference = 255.0 * (found.astype(np.float64) - clean).mean(axis=2)
    squared: npt.NDArray[np.float64] = np.square(cv2.blur(difference, (WINDOW, WINDOW)))
    return squared


def rows_of(candidates: list[Candidate], clean: list[Image], side: int) -> dict[str, list[float]]:
    """Root mean square error of each candidate in each ring of `EDGES` that a crop has."""
    distance = border_distance(side)
    rings = [
        (distance >= near) & (distance < far) for near, far in itertools.pairwise(EDGES) if near < side / 2
    ]
    rows = {}
    for candidate in candidates:
        errors = [brightness_error(candidate.denoise(image), image) for image in clean]
        rows[candidate.name] = [
            float(np.mean([error[ring].mean() for error in errors]) ** 0.5) for ring in rings
        ]
    return rows


def main() -> None:
    """Measure and print a row for each model."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--model", nargs="+", required=True)
    parser.add_argument("--crops", type=int, default=24)
    parser.add_argument("--side", type=int, default=256)
    args = parser.parse_args()
    paths = sorted(path for path in args.folder.iterdir() if path.is_file())
    clean = [crop.pixels for crop in crops(paths, args.crops, args.side)]
    rows = rows_of(open_models(args.model, device="cpu"), clean, args.side)
    rings = [f"{near}-{far}" for near, far in itertools.pairwise(EDGES)]
    count = max(map(len, rows.values()))
    print(f"{'pixels from the border':<24}" + "".join(f"{ring:>9}" for ring in rings[:count]))
    for name, row in rows.items():
        print(f"{name:<24}" + "".join(f"{value:>9.2f}" for value in row))


if __name__ == "__main__":
    main()
