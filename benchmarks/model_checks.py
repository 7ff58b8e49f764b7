"""What no score shows: invented texture, colour drift, checkerboards, and results that depend on where a pixel lies.

    python benchmarks/model_checks.py --model photo --model photo-int8 --model photo-fast

Inputs are made here (ramps, colour charts, flat fields) or come with scikit-image; all are 8-bit as files are.
Prints a table for docs/models.md.
"""

from __future__ import annotations

import argparse
import itertools

import cv2
import numpy as np
import numpy.typing as npt
import skimage.data

from denoisectl import Denoiser
from denoisectl.model_file.shipped import find_model

Photo = npt.NDArray[np.uint8]
Levels = npt.NDArray[np.float32]


def grey_ramp(height: int = 256, width: int = 512) -> Photo:
    """Black to white, left to right, in steps of whole levels."""
    row = np.rint(np.linspace(0, 255, width)).astype(np.uint8)
    return np.ascontiguousarray(np.broadcast_to(row[None, :, None], (height, width, 3)))


def colour_chart(patch: int = 96) -> Photo:
    """24 flat patches: hues at two brightnesses and a row of greys."""
    hues = np.array([[[h, s, v] for h in range(0, 180, 20)] for s, v in ((200, 210), (130, 120))], np.uint8)
    colours = cv2.cvtColor(hues, cv2.COLOR_HSV2RGB).reshape(-1, 3)[:18]
    greys = np.repeat(np.linspace(20, 240, 6).astype(np.uint8)[:, None], 3, axis=1)
    chart = np.vstack([colours, greys]).reshape(4, 6, 3)
    return chart.repeat(patch, axis=0).repeat(patch, axis=1)


def flat(level: int, side: int = 256) -> Photo:
    """One grey."""
    return np.full((side, side, 3), level, np.uint8)


def noisy(photo: Photo, sigma: float, seed: int = 0) -> Photo:
    """Gaussian noise, rounded and clipped as a file holds it."""
    noise = np.random.default_rng(seed).normal(0, sigma, photo.shape)
    return np.clip(np.rint(photo + noise), 0, 255).astype(np.uint8)


def change(denoiser: Denoiser, photo: Photo) -> Levels:
    """What the model does to a photo, in 8-bit levels, unrounded."""
    given = photo.astype(np.float32) / np.float32(255.0)
    moved: Levels = 255.0 * (denoiser.image(given) - given)
    return moved


def colour_drift(denoiser: Denoiser) -> float:
    """Largest change of a channel's mean, in levels, over the ramp and over each patch of the chart."""
    ramp = np.abs(change(denoiser, grey_ramp()).mean(axis=(0, 1))).max()
    patches = change(denoiser, colour_chart()).reshape(4, 96, 6, 96, 3).mean(axis=(1, 3))
    return float(max(ramp, np.abs(patches).max()))


def checkerboard(residual: Levels) -> float:
    """Amplitude of the patterns that repeat every second pixel along rows, columns or both, in levels."""
    signs = np.where(np.arange(residual.shape[0])[:, None] % 2, -1.0, 1.0)
    across = np.where(np.arange(residual.shape[1])[None] % 2, -1.0, 1.0)
    patterns = (
        signs * across,
        np.broadcast_to(signs, residual.shape[:2]),
        np.broadcast_to(across, residual.shape[:2]),
    )
    return float(max(np.abs((residual * pattern[..., None]).mean(axis=(0, 1))).max() for pattern in patterns))


def worst_checkerboard(denoiser: Denoiser) -> float:
    """Over flat fields and the ramp, clean, and a flat field with noise."""
    inputs = [flat(level) for level in (16, 64, 128, 200, 240)] + [grey_ramp(256, 256), noisy(flat(128), 15)]
    return max(checkerboard(change(denoiser, photo)[16:-16, 16:-16]) for photo in inputs)


def invented(denoiser: Denoiser) -> tuple[float, float]:
    """Deviation of the result from a flat clean field, and from flat after noise of sigma 25, in levels."""
    calm = change(denoiser, flat(128))[16:-16, 16:-16].std()
    field = flat(128)
    cleaned = change(denoiser, noisy(field, 25)) + noisy(field, 25) - field
    return float(calm), float(cleaned[16:-16, 16:-16].std())


def flatness(denoiser: Denoiser) -> float:
    """Share of the power of what was taken from a flat noisy field at its fullest eighth of the frequencies.

    White noise that was taken whole has an eighth of its power there. A texture would pile up.
    """
    taken = change(denoiser, noisy(flat(128), 25)).mean(axis=2)
    power = np.square(np.abs(np.fft.fft2(taken - taken.mean())))
    radius = np.hypot(np.fft.fftfreq(taken.shape[0])[:, None], np.fft.fftfreq(taken.shape[1])[None])
    edges = np.quantile(radius, np.linspace(0, 1, 9))
    shares = [power[(radius >= low) & (radius <= high)].sum() for low, high in itertools.pairwise(edges)]
    return float(max(shares) / power.sum())


def shift_change(denoiser: Denoiser) -> float:
    """Root mean square difference, in levels, of the result on a noisy photo and on it moved by one pixel."""
    photo = noisy(skimage.data.astronaut()[:385, :385], 15)
    here = denoiser.image(np.ascontiguousarray(photo[:-1, :-1]).astype(np.float32) / np.float32(255))
    there = denoiser.image(np.ascontiguousarray(photo[1:, 1:]).astype(np.float32) / np.float32(255))
    margin = 64
    difference = 255.0 * (here[1:, 1:] - there[:-1, :-1])[margin:-margin, margin:-margin]
    return float(np.sqrt(np.square(difference).mean()))


def row(name: str) -> str:
    """One model's line of the table."""
    denoiser = Denoiser.open(find_model(name), "cpu")
    calm, left = invented(denoiser)
    figures = (
        f"{colour_drift(denoiser):.2f}",
        f"{worst_checkerboard(denoiser):.3f}",
        f"{calm:.3f}",
        f"{left:.2f}",
        f"{flatness(denoiser):.3f}",
        f"{shift_change(denoiser):.2f}",
    )
    return f"| `{name}` | " + " | ".join(figures) + " |"


def main() -> None:
    """Check each model."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", action="append", required=True)
    print(
        "| model | colour drift | checkerboard | flat, clean | flat, sigma 25 | fullest eighth | one-pixel shift |"
    )
    print("|---|---|---|---|---|---|---|")
    for name in parser.parse_args().model:
        print(row(name), flush=True)


if __name__ == "__main__":
    main()
