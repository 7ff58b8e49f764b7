"""How sharp reconstructions are: mean length of the luminance gradient of the output over that of the clean photo.

    python benchmarks/sharpness.py KODAK24 --model RUNS/exp-base RUNS/exp-loss-ssd RUNS/exp-loss-l1 --crops 100

1 is as sharp as the photo, less is blurred, more is noise or ringing (figures 17.6 and 17.7).
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from pathlib import Path

import numpy as np

from denoisectl_training.evaluation.candidates import open_models
from denoisectl_training.evaluation.metrics import Image
from denoisectl_training.evaluation.protocols import five_cases
from denoisectl_training.evaluation.sources import crops


def gradient(image: Image) -> float:
    """Mean gradient length of `(H, W, 3)`, channels averaged."""
    rows, columns = np.gradient(np.clip(image, 0.0, 1.0).mean(axis=2))
    return float(np.hypot(rows, columns).mean())


def main() -> None:
    """Measure and print a row for each model."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--model", nargs="+", required=True)
    parser.add_argument("--crops", type=int, default=100)
    args = parser.parse_args()
    candidates = open_models(args.model, device="cpu")
    ratios: dict[tuple[str, str], list[float]] = defaultdict(list)
    paths = sorted(path for path in args.folder.iterdir() if path.is_file())
    for sample in five_cases(crops(paths, args.crops, 128)).samples:
        for candidate in candidates:
            ratio = gradient(candidate.denoise(sample.noisy)) / max(gradient(sample.clean), 1e-6)
            ratios[candidate.name, sample.case].append(ratio)
    cases = list(dict.fromkeys(case for _, case in ratios))
    print(f"{'':<24}" + "".join(f"{case:>17}" for case in cases))
    for candidate in candidates:
        row = (float(np.mean(ratios[candidate.name, case])) for case in cases)
        print(f"{candidate.name:<24}" + "".join(f"{value:>17.3f}" for value in row))


if __name__ == "__main__":
    main()
