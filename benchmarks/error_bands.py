"""Which details a model leaves wrong: the error of its results by spatial frequency, for luma and chroma.

    python benchmarks/error_bands.py PAIRS '*_real.JPG' '*_mean.JPG' --model photo

PAIRS holds noisy and clean photos, matched by name. For each band: mean squared error of the noisy photos and of the
results, in 8-bit levels squared and over red, green and blue, and of the results if each photo's correction
were scaled, in each band by itself, by the best factor (which only the clean photo tells: no estimate of strength
could do better); and that factor, in the median. Below 1 the model removes too much there, above 1 too little.
"""

from __future__ import annotations

import argparse
import itertools
from pathlib import Path

import numpy as np
import numpy.typing as npt

from denoisectl import Denoiser
from denoisectl.model_file.shipped import find_model
from denoisectl_training.evaluation.sources import read_image
from denoisectl_training.photos.pairs import match_patterns

EDGES = (0.0, 1 / 64, 1 / 32, 1 / 16, 1 / 8, 1 / 4, 1.0)  # cycles a pixel

Image = npt.NDArray[np.float64]


def parts(image: Image) -> tuple[Image, Image]:
    """`(H, W, 3)` as the mean of its channels and what they differ from it by, both of that shape."""
    luma = np.broadcast_to(image.mean(axis=2, keepdims=True), image.shape)
    return luma, image - luma


def spectra(image: Image) -> list[npt.NDArray[np.complex128]]:
    """Fourier coefficients of each band, scaled so that the squares of all sum up to the mean square of a channel."""
    height, width, _ = image.shape
    radius = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.fftfreq(width)[None])
    found = np.fft.fft2(image, axes=(0, 1)) / (height * width * np.sqrt(3))
    return [found[(radius >= low) & (radius < high)] for low, high in itertools.pairwise(EDGES)]


def power(coefficients: npt.NDArray[np.complex128]) -> float:
    """Sum of squares."""
    return float(np.square(np.abs(coefficients)).sum())


def bands(noisy: Image, result: Image, clean: Image) -> npt.NDArray[np.float64]:
    """`(2, 6, 4)`: for luma and chroma and each band the error before, after and at best, and the best factor."""
    rows = []
    for change, wanted in zip(parts(result - noisy), parts(clean - noisy), strict=True):
        for made, right in zip(spectra(change), spectra(wanted), strict=True):
            factor = float((made.conj() * right).real.sum()) / max(power(made), 1e-12)
            rows.append((power(right), power(right - made), power(right - factor * made), factor))
    return np.array(rows).reshape(2, -1, 4)


def psnr(error: float) -> float:
    """In dB, of a mean squared error in levels squared."""
    return float(10 * np.log10(255**2 / error))


def main() -> None:
    """Print one table a model."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("noisy")
    parser.add_argument("clean")
    parser.add_argument("--model", required=True)
    asked = parser.parse_args()
    denoiser = Denoiser.open(find_model(asked.model), "cpu")
    found = []
    for pair in match_patterns([asked.folder], asked.noisy, asked.clean):
        noisy, clean = (np.rint(255.0 * read_image(path)) for path in pair)
        result = denoiser.image(noisy.astype(np.uint8)).astype(np.float64)
        found.append(bands(noisy, result, clean))
    table = np.array(found)
    means, factors = table.mean(axis=0), np.median(table[..., 3], axis=0)
    after, best = (np.mean([psnr(pair[..., which].sum()) for pair in table]) for which in (1, 2))
    print(f"`{asked.model}`, {len(table)} pairs: {after:.2f} dB, with the best factors {best:.2f} dB\n")
    print(
        "| cycles a pixel | luma before | after | at best | factor | chroma before | after | at best | factor |"
    )
    print("|---|---|---|---|---|---|---|---|---|")
    for index, (low, high) in enumerate(itertools.pairwise(EDGES)):
        values = [
            f"{value:.2f}" for part in (0, 1) for value in (*means[part, index, :3], factors[part, index])
        ]
        print(f"| {low:.3g} to {high:.3g} | {' | '.join(values)} |")


if __name__ == "__main__":
    main()
