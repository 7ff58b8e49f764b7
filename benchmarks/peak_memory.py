"""Peak memory of `denoisectl run` on one 48-megapixel photo, as the operating system counts it.

python benchmarks/peak_memory.py [--model NAME|FILE] [--format jpg|png|tif]
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np
import skimage.data

from denoisectl.model_file.shipped import find_model

HEIGHT, WIDTH = 6000, 8000


def write_photo(path: Path) -> None:
    """Tile a real photo, mirrored so that it has no seams, over 48 megapixels, with noise on it."""
    photo = skimage.data.astronaut()[..., ::-1]
    pair = np.hstack([photo, photo[:, ::-1]])
    block = np.vstack([pair, pair[::-1]])
    rows, columns = -(-HEIGHT // block.shape[0]), -(-WIDTH // block.shape[1])
    noise = np.random.default_rng(0).normal(0, 10, block.shape)
    noisy = np.clip(block + noise, 0, 255).astype(np.uint8)
    cv2.imwrite(str(path), np.tile(noisy, (rows, columns, 1))[:HEIGHT, :WIDTH])


def main() -> None:
    """Run it once and print one row."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="photo")
    parser.add_argument("--format", default="jpg", choices=("jpg", "png", "tif"))
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / f"photo.{options.format}"
        write_photo(source)
        out = ["--out", f"{folder}/clean", "--model", str(find_model(options.model))]
        command = [sys.executable, "-m", "denoisectl", "run", str(source), *out, "--quiet"]
        start = time.monotonic()
        subprocess.run(command, check=True)
        seconds = time.monotonic() - start
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024  # KiB on Linux
    megapixels = HEIGHT * WIDTH / 1e6
    print(
        f"{options.model}, one {megapixels:.0f}-megapixel .{options.format}: peak {peak:.0f} MiB, {seconds:.1f} s"
    )


if __name__ == "__main__":
    main()
