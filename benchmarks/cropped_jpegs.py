"""Noisy and clean pairs, saved as JPEG and cropped since, to see whether a model minds where JPEG's blocks begin.

    python benchmarks/cropped_jpegs.py PHOTOS --out PAIRS
    denoisectl eval PAIRS --pairs '*-00_real.png' '*-00_mean.png' --model photo
    denoisectl eval PAIRS --pairs '*-44_real.png' '*-44_mean.png' --model photo

Each photo gets Gaussian noise and is saved (4:2:0). Files that end in 00 show it from a block's corner on, those that
end in 44 and 13 lack the rows and columns that the digits say. All show the same noise of almost the same pixels.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import cv2
import numpy as np

CUTS = ((0, 0), (4, 4), (1, 3))
MARGIN = 16


def main() -> None:
    """Write the pairs."""
    options = _options()
    options.out.mkdir(parents=True, exist_ok=True)
    for seed, path in enumerate(sorted(options.photos.glob("*.png"))[:: options.every]):
        clean = cv2.imread(str(path))
        if clean is None:
            raise SystemExit(f"{path}: cannot be read")
        noise = np.random.default_rng(seed).normal(0, options.sigma, clean.shape)
        noisy = np.clip(np.rint(clean + noise), 0, 255).astype(np.uint8)
        _, file = cv2.imencode(".jpg", noisy, [cv2.IMWRITE_JPEG_QUALITY, options.quality])
        saved = cv2.imdecode(file, cv2.IMREAD_COLOR)
        assert saved is not None
        height, width = (size - MARGIN for size in clean.shape[:2])
        for top, left in CUTS:
            part = (slice(top, top + height), slice(left, left + width))
            for kind, image in (("real", saved), ("mean", clean)):
                cv2.imwrite(str(options.out / f"{path.stem}-{top}{left}_{kind}.png"), image[part])


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("photos", type=Path, metavar="PHOTOS", help="folder of clean PNG files")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--quality", type=int, default=75)
    parser.add_argument("--sigma", type=float, default=10.0)
    parser.add_argument("--every", type=int, default=1, help="take every Nth photo")
    return parser.parse_args()


if __name__ == "__main__":
    main()
