"""Law 1 with the default seams: large photos in tiles against the same photos whole, and what the tiles cost.

python benchmarks/seams.py PHOTOS --model photo [--count 20]

PHOTOS is a folder of clean photos, mirrored up to `--height` x `--width` and made noisy. A 12-megapixel photo
takes 4 GB to run whole.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import numpy as np
from photos import write_large

from denoisectl import Denoiser
from denoisectl.model_file.shipped import find_model
from denoisectl_training.photos.files import read_photo


def main() -> None:
    """Print one row a photo: pixels computed twice, largest difference in 8-bit levels, share of pixels."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("photos", type=Path)
    parser.add_argument("--model", default="photo")
    parser.add_argument("--count", type=int, default=20)
    parser.add_argument("--height", type=int, default=3000)
    parser.add_argument("--width", type=int, default=4000)
    options = parser.parse_args()
    model = find_model(options.model)
    tiled, whole = Denoiser.open(model), Denoiser.open(model, tile=0)
    grid = tiled.grid(options.height, options.width)
    print(f"{len(grid)} tiles of {grid.shape}, recomputed {grid.recomputed:.1%}")
    with tempfile.TemporaryDirectory() as folder:
        for path in write_large(options.photos, Path(folder), options.count, options.height, options.width):
            photo = read_photo(path)
            moved = np.abs(tiled.image(photo).astype(np.int16) - whole.image(photo))
            print(f"{path.name}: at most {moved.max()} levels, {(moved > 0).mean():.2e} of all samples")


if __name__ == "__main__":
    main()
