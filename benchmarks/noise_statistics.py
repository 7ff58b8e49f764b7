"""Noise in numbers: of real pairs, or of simulated noise on clean photos, in the same terms.

    python benchmarks/noise_statistics.py --pairs POLYU50 '*_real.JPG' '*_mean.JPG'
    python benchmarks/noise_statistics.py --camera PHOTOS --count 50
    python benchmarks/noise_statistics.py --developed PHOTOS --count 50
    python benchmarks/noise_statistics.py --sheet docs/camera.jpg

Noise is noisy minus clean, in 8-bit levels; "shift" is the mean of it over an image. "Detail" is of the clean
photos: the power of their luma by spatial frequency, in levels squared. Of each figure the median over the images
and the middle half. The sheet shows the simulated camera on scikit-image's photos.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import skimage.data
import torch

from denoisectl_training.corruption import camera, developed
from denoisectl_training.evaluation.sources import read_image
from denoisectl_training.photos.crops import step_generator
from denoisectl_training.photos.finding import find_photos
from denoisectl_training.photos.pairs import match_patterns

Image = npt.NDArray[np.float32]
Kind = Callable[[torch.Tensor, torch.Generator], tuple[torch.Tensor, torch.Tensor]]
SIDE = 256
_BANDS = {"1/16 to 1/8": (1 / 16, 1 / 8), "1/8 to 1/4": (1 / 8, 1 / 4), "above 1/4": (1 / 4, 1.0)}


def statistics(noisy: Image, clean: Image) -> dict[str, float]:
    """What one pair's noise is like; both `(H, W, 3)` in [0, 1]."""
    noise = 255.0 * (noisy - clean)
    luma = noise.mean(axis=2)
    chroma = noise - luma[..., None]
    found = {f"std {name}": float(noise[..., c].std()) for c, name in enumerate("RGB")}
    found |= {f"luma lag {lag}": autocorrelation(luma, lag) for lag in (1, 2, 3)}
    found |= {
        f"chroma lag {lag}": float(np.mean([autocorrelation(chroma[..., c], lag) for c in (0, 2)]))
        for lag in (1, 2, 3)
    }
    found["chroma / luma"] = float(chroma.std() / max(luma.std(), 1e-6))
    found["shift"] = float(np.abs(noise.mean(axis=(0, 1))).mean())
    return found | {f"detail {name}": detail(clean, *band) for name, band in _BANDS.items()}


def detail(image: Image, low: float, high: float) -> float:
    """Power of the luma between two frequencies, in cycles a pixel; faded out at the borders, which are no detail."""
    luma = 255.0 * image.mean(axis=2, dtype=np.float64)
    height, width = luma.shape
    fade = np.outer(np.hanning(height), np.hanning(width))
    spectrum = np.fft.fft2((luma - luma.mean()) * fade) / (height * width * np.sqrt(np.square(fade).mean()))
    radius = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.fftfreq(width)[None])
    return float(np.square(np.abs(spectrum[(radius >= low) & (radius < high)])).sum())


def autocorrelation(plane: Image, lag: int) -> float:
    """Mean of the horizontal and the vertical correlation of pixels `lag` apart."""
    plane = plane - plane.mean()
    beside, below = plane[:, lag:] * plane[:, :-lag], plane[lag:] * plane[:-lag]
    return float((beside.mean() + below.mean()) / 2 / max(float(np.square(plane).mean()), 1e-12))


def real_pairs(folder: Path, noisy: str, clean: str) -> Iterator[tuple[Image, Image]]:
    """The pairs of a folder, by the two patterns of `denoisectl eval --pairs`."""
    for noisy_path, clean_path in match_patterns([folder], noisy, clean):
        yield read_image(noisy_path), read_image(clean_path)


def simulated(photos: list[Path], count: int, kind: Kind) -> Iterator[tuple[Image, Image]]:
    """Squares of clean photos, each with noise of its own."""
    for index in range(count):
        photo = read_image(photos[index * len(photos) // count])
        if min(photo.shape[:2]) >= SIDE:
            yield noisy_and_target(photo[:SIDE, :SIDE], index, kind)


def noisy_and_target(clean: Image, seed: int, kind: Kind = camera) -> tuple[Image, Image]:
    """Both `(H, W, 3)` as `clean`."""
    planes = torch.from_numpy(clean.copy()).permute(2, 0, 1)[None]
    noisy, target = kind(planes, step_generator(seed, 0))
    return tuple(image[0].permute(1, 2, 0).numpy() for image in (noisy, target))  # type: ignore[return-value]


def table(found: list[dict[str, float]]) -> str:
    """Median and quartiles of each figure, as a table for a page."""
    lines = ["| figure | median | middle half |", "|---|---|---|"]
    for key in found[0]:
        low, middle, high = np.percentile([each[key] for each in found], (25, 50, 75))
        lines.append(f"| {key} | {middle:.2f} | {low:.2f} to {high:.2f} |")
    return "\n".join(lines)


def sheet(path: Path) -> None:
    """Clean crops above, the same through six cameras below."""
    photos = (skimage.data.astronaut(), skimage.data.chelsea(), skimage.data.coffee())
    crops = [photo[40:168, 120:248].astype(np.float32) / 255.0 for photo in photos]
    columns = [np.vstack(noisy_and_target(crop, seed)[::-1]) for seed, crop in enumerate([*crops, *crops])]
    pixels = np.clip(255.0 * np.hstack(columns), 0, 255).round().astype(np.uint8)
    enlarged = cv2.resize(pixels, None, fx=2, fy=2, interpolation=cv2.INTER_NEAREST)
    cv2.imwrite(str(path), enlarged[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 88])


def main() -> None:
    """Measure what the options ask for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pairs", nargs=3, metavar=("FOLDER", "NOISY", "CLEAN"))
    parser.add_argument("--camera", type=Path, metavar="PHOTOS")
    parser.add_argument("--developed", type=Path, metavar="PHOTOS")
    parser.add_argument("--count", type=int, default=50)
    parser.add_argument("--sheet", type=Path)
    args = parser.parse_args()
    if args.sheet:
        sheet(args.sheet)
    pairs: Iterator[tuple[Image, Image]] = iter(())
    if args.pairs:
        pairs = real_pairs(Path(args.pairs[0]), args.pairs[1], args.pairs[2])
    elif args.camera:
        pairs = simulated(find_photos([args.camera]), args.count, camera)
    elif args.developed:
        pairs = simulated(find_photos([args.developed]), args.count, developed)
    found = [statistics(noisy, clean) for noisy, clean in pairs]
    if found:
        print(f"{len(found)} images\n" + table(found))


if __name__ == "__main__":
    main()
