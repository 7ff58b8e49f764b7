"""What a network's numbers mean: the range it works in, and whether it gives the clean photo or the noise.

Told by what it makes of photos. A denoiser gives a clean photo back nearly unchanged and a noisy one nearer to
the clean one, in its own range only: in another one its biases, and the noise that it expects, are of the wrong
size. Noisy photos are tried as well because a network that takes the noise for detail gives clean photos back all
the better. One that gives the noise has to take some of it away: whatever gives next to nothing, a mask in [0, 1]
taken for noise in [0, 255], would give clean photos back as well.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from denoisectl.errors import ExportError
from denoisectl_exports.adopted.foreign import Array, Network

_SIGMA = 25 / 255
_CLOSEST = 20.0  # dB of clean photos; a blur over nine pixels has more, a wrong range much less
_MUST_GO = 0.9  # of the squares of the noise, the most that a network that gives the noise may leave
_TIE = 0.01  # dB; a network without biases does the same in every range
_BORDER = 16  # pixels that do not count: padding with zeros is black in one range and grey in another


@dataclass(frozen=True, slots=True)
class Meaning:
    """The network sees `scale * photo + shift`, the photo being in [0, 1]."""

    range: str
    scale: float
    shift: float
    residual: bool
    """It gives what has to be subtracted from its input."""

    def __str__(self) -> str:
        """For people."""
        return f"{self.range}{', returns the noise' if self.residual else ''}"

    def around(self, network: Network) -> Network:
        """The network as a function of photos in [0, 1], whose results are not clipped."""
        scale, shift = np.float32(self.scale), np.float32(self.shift)

        def run(images: Array) -> Array:
            seen = images * scale + shift
            result = network(seen)
            clean: Array = ((seen - result if self.residual else result) - shift) / scale
            return clean

        return run


MEANINGS = tuple(
    Meaning(name, scale, shift, residual)
    for residual in (False, True)
    for name, scale, shift in (("[0, 1]", 1.0, 0.0), ("[0, 255]", 255.0, 0.0), ("[-1, 1]", 2.0, -1.0))
)


def find_meaning(network: Network, photos: Sequence[Array]) -> Meaning:
    """The meaning by which the network's results are nearest to the clean photos.

    Args:
        network: maps (B, 3, h, w) float32 in its own range to the same shape.
        photos: clean, (1, 3, h, w) float32, 1.0 as white; more than 32 pixels a side.

    Raises:
        ExportError: with none of them clean photos come back as photos.
    """
    errors = [_errors(meaning.around(network), photos) for meaning in MEANINGS]
    undone = _MUST_GO * sum(_errors(lambda images: images, photos))
    together = [
        -math.inf if meaning.residual and clean + noisy > undone else _decibels(clean + noisy)
        for meaning, (clean, noisy) in zip(MEANINGS, errors, strict=True)
    ]
    # Where several do as well, the first: [0, 1] needs nothing around the network.
    best = next(index for index, value in enumerate(together) if value >= max(together) - _TIE)
    clean = [_decibels(clean) for clean, _ in errors]
    if not clean[best] >= _CLOSEST:
        found = ", ".join(f"{meaning}: {value:.1f}" for meaning, value in zip(MEANINGS, clean, strict=True))
        raise ExportError(
            "is no denoiser of photos, or works in a range that is not known: clean photos do not come back, or no "
            f"noise is taken away, whichever is tried (dB of clean photos, {_CLOSEST:g} wanted; {found}); put the "
            "scaling into its graph"
        )
    return MEANINGS[best]


def with_noise(photo: Array, seed: int) -> Array:
    """A photo with Gaussian noise of sigma 25, not clipped."""
    noise = np.random.default_rng(seed).standard_normal(photo.shape, np.float32)
    noisy: Array = photo + np.float32(_SIGMA) * noise
    return noisy


def _errors(network: Network, photos: Sequence[Array]) -> tuple[float, float]:
    """Mean square difference to clean photos, of what becomes of them and of their noisy copies."""
    clean = [_square(network(photo), photo) for photo in photos]
    noisy = [_square(network(with_noise(photo, seed)), photo) for seed, photo in enumerate(photos)]
    return float(np.mean(clean)), float(np.mean(noisy))


def _square(one: Array, other: Array) -> float:
    inner = (..., slice(_BORDER, -_BORDER), slice(_BORDER, -_BORDER))
    return float(np.square(one[inner] - other[inner], dtype=np.float64).mean())


def _decibels(square: float) -> float:
    """PSNR, at most 100 dB; without end below where there is no number."""
    return -10.0 * math.log10(max(square, 1e-10)) if math.isfinite(square) else -math.inf
