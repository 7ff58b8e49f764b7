"""Clean images that folders of photos hold too few of: halftone, fabric, gratings, text, drawings, screenshots.

A network that has never seen a regular pattern takes the dots of a newspaper for noise. These are drawn, not
photographed; each is a function of (seed, number), so a recipe stands for all of them.
"""

from __future__ import annotations

import string
from collections.abc import Iterator

import cv2
import numpy as np
import torch
from numpy.random import Generator
from numpy.typing import NDArray
from torch import Tensor

Canvas = NDArray[np.float32]
"""`(H, W, 3)` in [0, 1]."""

_FONTS = (
    cv2.FONT_HERSHEY_SIMPLEX,
    cv2.FONT_HERSHEY_PLAIN,
    cv2.FONT_HERSHEY_DUPLEX,
    cv2.FONT_HERSHEY_COMPLEX,
    cv2.FONT_HERSHEY_TRIPLEX,
)


def graphics(count: int, side: int = 512, *, seed: int = 0) -> Iterator[Tensor]:
    """`count` images as `(3, side, side)` uint8 RGB, each kind in turn."""
    return (_graphic(number, side, np.random.default_rng((seed, number))) for number in range(count))


def _graphic(number: int, side: int, draw: Generator) -> Tensor:
    image = _KINDS[number % len(_KINDS)](side, draw)
    pixels = (255.0 * image.clip(0.0, 1.0)).round().astype(np.uint8)
    return torch.from_numpy(np.ascontiguousarray(pixels.transpose(2, 0, 1)))


def _colour(draw: Generator) -> Canvas:
    """A random colour; half of them grey."""
    grey = np.full(3, draw.random(), np.float32)
    return grey if draw.random() < 0.5 else draw.random(3).astype(np.float32)


def _two_colours(draw: Generator) -> tuple[Canvas, Canvas]:
    """Two that can be told apart."""
    while True:
        one, other = _colour(draw), _colour(draw)
        if abs(one.mean() - other.mean()) > 0.15:
            return one, other


def _blend(share: Canvas, draw: Generator) -> Canvas:
    """`(H, W)` in [0, 1] as a mixture of two colours."""
    one, other = _two_colours(draw)
    return np.asarray(one + share[..., None] * (other - one), np.float32)


def _turned_grid(side: int, draw: Generator) -> tuple[Canvas, Canvas]:
    """Coordinates in periods of 2 to 12 pixels, turned by any angle, often by none."""
    angle = draw.choice([0.0, np.pi / 4, draw.uniform(0.0, np.pi)])
    period = float(np.exp(draw.uniform(np.log(2.0), np.log(12.0))))
    rows, columns = np.mgrid[:side, :side].astype(np.float32) / period
    return np.cos(angle) * columns + np.sin(angle) * rows, np.cos(angle) * rows - np.sin(angle) * columns


def _shade(side: int, draw: Generator) -> Canvas:
    """`(side, side)` in [0, 1] that changes slowly."""
    coarse = draw.random((5, 5)).astype(np.float32)
    return np.asarray(cv2.resize(coarse, (side, side), interpolation=cv2.INTER_CUBIC).clip(0.0, 1.0))


def _sharp(level: NDArray[np.floating], draw: Generator) -> Canvas:
    """A wave about 0 to [0, 1], between a sine and a hard step."""
    return np.asarray((0.5 + float(np.exp(draw.uniform(-0.7, 2.5))) * level).clip(0.0, 1.0), np.float32)


def _halftone(side: int, draw: Generator) -> Canvas:
    """Dots whose size follows a shade, as in print."""
    across, down = _turned_grid(side, draw)
    dots = np.float32(0.25) * (np.cos(2 * np.pi * across) + np.cos(2 * np.pi * down))
    return _blend(_sharp(dots + _shade(side, draw) - np.float32(0.5), draw), draw)


def _grating(side: int, draw: Generator) -> Canvas:
    """Stripes whose period may change over the image, as on cloth seen at an angle."""
    across, _ = _turned_grid(side, draw)
    stretched = across * (1.0 + draw.uniform(0.0, 0.5) * _shade(side, draw))
    return _blend(_sharp(0.5 * np.cos(2 * np.pi * stretched), draw), draw)


def _weave(side: int, draw: Generator) -> Canvas:
    """Threads over and under each other, with light and shadow on them."""
    across, down = _turned_grid(side, draw)
    threads = np.float32(0.5) * np.sin(2 * np.pi * across) * np.sin(2 * np.pi * down)
    lit = 0.4 + 0.6 * _shade(side, draw)[..., None]
    return np.asarray(_blend(_sharp(threads, draw), draw) * lit, np.float32)


def _sheet(side: int, colour: Canvas) -> NDArray[np.uint8]:
    """A plain 8-bit image to draw on: OpenCV letters no other."""
    return np.full((side, side, 3), _level(colour), np.uint8)


def _level(colour: Canvas) -> list[int]:
    return [round(255 * value) for value in colour.tolist()]


def _as_float(canvas: NDArray[np.uint8]) -> Canvas:
    return canvas.astype(np.float32) / np.float32(255.0)


def _text(side: int, draw: Generator) -> Canvas:
    """Lines of letters in one font on a plain ground."""
    paper, ink = _two_colours(draw)
    canvas = _sheet(side, paper)
    font, scale = int(draw.choice(_FONTS)), float(draw.uniform(0.35, 1.6))
    thickness, kind = int(draw.integers(1, 3)), int(draw.choice([cv2.LINE_AA, cv2.LINE_8]))
    for row in range(int(28 * scale), side, int(34 * scale)):
        letters = "".join(draw.choice(list(string.ascii_letters + string.digits + "  .,-"), 90))
        cv2.putText(canvas, letters, (4, row), font, scale, _level(ink), thickness, kind)
    return _as_float(canvas)


def _drawing(side: int, draw: Generator) -> Canvas:
    """Curves, circles and filled shapes over a plain ground."""
    canvas = _sheet(side, _colour(draw))
    for _ in range(int(draw.integers(15, 70))):
        points = draw.integers(-40, side + 40, (int(draw.integers(2, 6)), 2)).astype(np.int32)
        colour, width = _level(_colour(draw)), int(draw.integers(1, 5))
        if draw.random() < 0.25:
            cv2.fillPoly(canvas, [points], colour, cv2.LINE_AA)
        elif draw.random() < 0.3:
            radius = int(draw.integers(3, 90))
            cv2.circle(canvas, points[0].tolist(), radius, colour, width, cv2.LINE_AA)
        else:
            cv2.polylines(canvas, [points], False, colour, width, cv2.LINE_AA)
    return _as_float(canvas)


def _screen(side: int, draw: Generator) -> Canvas:
    """Panels with hairline borders, short labels and a fine checkerboard, as on a screenshot."""
    canvas = _sheet(side, _colour(draw))
    for _ in range(int(draw.integers(8, 25))):
        left, top = draw.integers(-20, side - 20, 2).tolist()
        right, bottom = left + int(draw.integers(20, 240)), top + int(draw.integers(12, 120))
        fill, ink = _two_colours(draw)
        cv2.rectangle(canvas, (left, top), (right, bottom), _level(fill), cv2.FILLED)
        cv2.rectangle(canvas, (left, top), (right, bottom), _level(ink), 1)
        label = "".join(draw.choice(list(string.ascii_letters), 12))
        cv2.putText(
            canvas, label, (left + 5, top + 16), cv2.FONT_HERSHEY_SIMPLEX, 0.45, _level(ink), 1, cv2.LINE_AA
        )
    rows, columns = np.mgrid[:64, :64]
    left, top = draw.integers(0, side - 64, 2).tolist()
    checks = ((rows // int(draw.integers(1, 9)) + columns // int(draw.integers(1, 9))) % 2).astype(np.float32)
    image = _as_float(canvas)
    image[top : top + 64, left : left + 64] = _blend(checks, draw)
    return image


_KINDS = (_halftone, _text, _grating, _drawing, _weave, _screen)
