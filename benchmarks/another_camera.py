"""Noisy and clean pairs by a camera that shares nothing with the simulated one, to see how a model fares with others.

    python benchmarks/another_camera.py PHOTOS --out PAIRS
    denoisectl eval PAIRS --pairs '*_real.png' '*_mean.png' --model photo

Demosaicing, noise reduction (non-local means) and JPEG are OpenCV's. As in sets of real pairs, the clean photo is the
mean of many frames. PHOTOS are those of a training run with the recipe `photo`; only what it sets aside is taken. Each
of 12 photos as it is and enlarged twice, each at three sensitivities: 72 pairs, named by photo, scale and sensitivity.
"""

from __future__ import annotations

import argparse
from itertools import count
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

from denoisectl_training.photos.finding import find_photos
from denoisectl_training.photos.photo_set import load_photos
from denoisectl_training.recipes import load_recipe

Pixels = npt.NDArray[np.uint8]
Light = npt.NDArray[np.float64]

SIDE, FRAMES, GAMMA = 256, 16, 2.2
TO_SRGB = np.array([[1.6, -0.45, -0.15], [-0.25, 1.55, -0.30], [-0.05, -0.55, 1.6]])
GAINS = np.array([1.9, 1.0, 1.6])
BLACK = 0.05  # of what white is; noise reaches below black
QUALITIES = (97, 94, 90)


class Sensitivity(NamedTuple):
    """Noise of the sensor, as shares of white, and how strongly it is reduced."""

    shot: float
    read: float
    reduction: int


SENSITIVITIES = (Sensitivity(2e-4, 1e-3, 0), Sensitivity(8e-4, 3e-3, 3), Sensitivity(3e-3, 8e-3, 6))


def frame(scene: Light, at: Sensitivity, quality: int, rng: np.random.Generator) -> Pixels:
    """One JPEG of a scene, which is linear sRGB `(H, W, 3)` in [0, 1]; decoded again, RGB."""
    linear = developed(exposed(mosaic(scene), at, rng)) @ TO_SRGB.T
    curve = np.clip(linear, 0, 1) ** (1 / GAMMA)
    photo = to_8_bits(255 * (0.6 * curve + 0.4 * curve**2 * (3 - 2 * curve)))
    if at.reduction:
        reduced = cv2.fastNlMeansDenoisingColored(photo, None, at.reduction, 2.5 * at.reduction, 5, 15)
        photo = np.asarray(reduced, np.uint8)
    soft = cv2.GaussianBlur(photo.astype(np.float64), (0, 0), 1)
    _, file = cv2.imencode(
        ".jpg", to_8_bits(1.5 * photo - 0.5 * soft)[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality]
    )
    return np.asarray(cv2.imdecode(file, cv2.IMREAD_COLOR), np.uint8)[..., ::-1]


def mosaic(scene: Light) -> Light:
    """What the photosites see: one colour each, red at the top left."""
    raw = np.clip(scene @ np.linalg.inv(TO_SRGB).T / GAINS, 0, 1)
    sites: Light = raw[..., 1].copy()
    sites[0::2, 0::2], sites[1::2, 1::2] = raw[0::2, 0::2, 0], raw[1::2, 1::2, 2]
    return sites


def exposed(sites: Light, at: Sensitivity, rng: np.random.Generator) -> Light:
    """With the noise of light and of the electronics."""
    noisy: Light = rng.poisson(sites / at.shot) * at.shot + rng.normal(0, at.read, sites.shape)
    return noisy


def developed(sites: Light) -> Light:
    """Demosaiced along edges, white balanced; 16 bits hold what is a little below black."""
    levels = np.clip((sites + BLACK) / (1 + BLACK) * 60_000, 0, 65_535).astype(np.uint16)
    colours = cv2.cvtColor(levels, cv2.COLOR_BayerBG2RGB_EA)
    light: Light = (colours.astype(np.float64) / 60_000 * (1 + BLACK) - BLACK) * GAINS
    return light


def to_8_bits(values: Light) -> Pixels:
    """Rounded and clipped."""
    return np.rint(np.clip(values, 0, 255)).astype(np.uint8)


def scene_of(photo: Pixels, scale: int) -> Light:
    """The middle of a photo, enlarged and a little softened as by a lens, in linear light."""
    side = SIDE // scale
    top, left = ((size - side) // 2 for size in photo.shape[:2])
    middle = cv2.resize(
        photo[top : top + side, left : left + side], (SIDE, SIDE), interpolation=cv2.INTER_LANCZOS4
    )
    return np.clip(cv2.GaussianBlur(middle.astype(np.float64), (0, 0), 0.6) / 255, 0, 1) ** GAMMA


def main() -> None:
    """Write the pairs."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("photos", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    asked = parser.parse_args()
    asked.out.mkdir(parents=True, exist_ok=True)
    recipe, number = load_recipe("photo"), count()
    held = load_photos(find_photos([asked.photos]), recipe.data, recipe.training.seed).validation
    for photo in (each.permute(1, 2, 0).numpy() for each in held[::2]):
        for scale in (1, 2):
            scene = scene_of(photo, scale)
            for place, at in enumerate(SENSITIVITIES):
                seed = next(number)
                rng = np.random.default_rng(seed)
                frames = [frame(scene, at, QUALITIES[seed % 3], rng) for _ in range(FRAMES)]
                mean = to_8_bits(np.mean(frames[1:], axis=0))
                for name, pixels in (("real", frames[0]), ("mean", mean)):
                    path = asked.out / f"{seed:03}-x{scale}-{place}_{name}.png"
                    cv2.imwrite(str(path), pixels[..., ::-1])


if __name__ == "__main__":
    main()
