"""Before and after on what photos of daylight are not: night, text, drawings, screenshots, grey scans.

    python benchmarks/pictures.py --model photo --out docs/pictures

Every picture is free: scikit-image's, or drawn here. Each strip shows what the model gets and what it makes of
it, enlarged twice, with neither interpolation nor choice of a good spot beyond the middle of the subject.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import skimage.data
import torch

from denoisectl import Denoiser
from denoisectl.model_file.shipped import find_model
from denoisectl_training.corruption import camera
from denoisectl_training.photos.crops import step_generator

Photo = npt.NDArray[np.uint8]

SIDE = 180
_CANVAS = 192
_FONT = cv2.FONT_HERSHEY_SIMPLEX


def night() -> Photo:
    """A rocket at dusk, made darker, through the simulated camera: the third noisiest of twelve tries."""
    clean = skimage.data.rocket()[60:316, 200:456].astype(np.float32) / 255.0
    dark = torch.from_numpy((clean**1.2 / 3.0).astype(np.float32)).permute(2, 0, 1)[None]
    tries = [camera(dark, step_generator(seed, 0), rescaled=False) for seed in range(12)]
    tries.sort(key=lambda pair: float((pair[0] - pair[1]).std()))
    return np.rint(255.0 * tries[-3][0][0].permute(1, 2, 0).numpy()).astype(np.uint8)


def text() -> Photo:
    """A page photographed in poor light: scikit-image's, with noise of sigma 12."""
    return with_noise(skimage.data.page(), 12.0, 1)


def drawing() -> Photo:
    """Lines and flat colours, saved as a poor JPEG."""
    canvas = np.full((_CANVAS, _CANVAS, 3), 250, np.uint8)
    cv2.circle(canvas, (70, 80), 46, (230, 180, 40), -1, cv2.LINE_AA)
    cv2.circle(canvas, (70, 80), 46, (30, 30, 30), 2, cv2.LINE_AA)
    cv2.rectangle(canvas, (96, 100), (176, 168), (70, 130, 200), -1)
    cv2.rectangle(canvas, (96, 100), (176, 168), (30, 30, 30), 2)
    for step in range(8):
        cv2.line(canvas, (8, 140 + 6 * step), (90, 116 + 9 * step), (40, 40, 40), 1, cv2.LINE_AA)
    return saved(canvas, 40)


def screenshot() -> Photo:
    """Menus and small type, without any noise: it should come back as it is."""
    canvas = np.full((_CANVAS, _CANVAS, 3), 245, np.uint8)
    canvas[:22] = (52, 58, 70)
    cv2.putText(canvas, "File  Edit  View", (6, 15), _FONT, 0.4, (235, 235, 235), 1, cv2.LINE_AA)
    for line, words in enumerate(("denoisectl run ./photos", "  --out ./clean", "20 of 20 done", "$ _")):
        cv2.putText(canvas, words, (8, 44 + 18 * line), _FONT, 0.38, (20, 90, 40), 1, cv2.LINE_AA)
    canvas[120:180:2, 10:90] = (200, 210, 240)  # lines one pixel wide
    canvas[120:180, 104:184][::2, ::2] = (120, 120, 120)
    return canvas


def scan() -> Photo:
    """Coins in grey, with film grain of sigma 15."""
    return with_noise(skimage.data.coins()[20:212, 30:222], 15.0, 2)


def with_noise(grey: Photo, sigma: float, seed: int) -> Photo:
    """Gaussian noise on a grey picture, the same in all channels."""
    noise = np.random.default_rng(seed).normal(0, sigma, grey.shape)
    return np.clip(np.rint(grey + noise), 0, 255).astype(np.uint8)[..., None].repeat(3, axis=2)


def saved(photo: Photo, quality: int) -> Photo:
    """Through a JPEG file and back; RGB."""
    _, data = cv2.imencode(".jpg", photo[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)[..., ::-1].copy()


def subjects() -> Iterator[tuple[str, Photo]]:
    """Names and pictures, `(H, W, 3)`."""
    for make in (night, text, drawing, screenshot, scan):
        yield make.__name__, make()


def strip(before: Photo, after: Photo) -> Photo:
    """The two side by side, their middles, enlarged twice."""
    top, left = ((size - SIDE) // 2 for size in before.shape[:2])
    crops = [photo[top : top + SIDE, left : left + SIDE] for photo in (before, after)]
    return np.hstack(crops).repeat(2, axis=0).repeat(2, axis=1)


def main() -> None:
    """Write one strip a subject."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", default="photo")
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    denoiser = Denoiser.open(find_model(args.model), "cpu")
    for name, before in subjects():
        after = denoiser.image(before)
        changed = np.abs(after.astype(int) - before).mean()
        cv2.imwrite(
            str(args.out / f"{name}.jpg"), strip(before, after)[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 88]
        )
        print(f"{name}: changed by {changed:.2f} levels in the mean")


if __name__ == "__main__":
    main()
