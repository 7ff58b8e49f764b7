"""A corruption for whole images of any depth, as `denoisectl corrupt` applies it to files."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt
import torch
from torch import Generator, Tensor

from denoisectl_training.corruption.basic import blur, gaussian, knockout, poisson, salt_and_pepper
from denoisectl_training.corruption.developed_noise import developed
from denoisectl_training.corruption.simulated_camera import camera
from denoisectl_training.devices import is_out_of_memory
from denoisectl_training.recipes import MAGNITUDES

Image = npt.NDArray[np.uint8] | npt.NDArray[np.uint16] | npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class CorruptionKind:
    """One way to corrupt a photo, and how much of it."""

    apply: Callable[[Tensor, Generator, float], Tensor]
    usual: float
    """The amount, if none is given: sigma in 8-bit levels, noise at white, share of pixels, sigma or side in pixels."""
    least: float = 0.0
    most: float = 0.0
    """Of amounts; both 0 where there is none to choose."""


def _unmoved(kind: Callable[..., tuple[Tensor, Tensor]]) -> CorruptionKind:
    """Every pixel stays where it is, so that the photo and its noisy copy are a pair; grey photos stay grey."""

    def apply(planes: Tensor, generator: Generator, _: float) -> Tensor:
        noisy = kind(planes, generator, rescaled=False)[0]
        grey = bool((planes == planes[:, :1]).all())
        return noisy.mean(dim=1, keepdim=True).expand_as(noisy) if grey else noisy

    return CorruptionKind(apply, 0.0)


KINDS = {
    "gaussian": CorruptionKind(partial(gaussian, fixed=True), 25.0, *MAGNITUDES["gaussian"]),
    "poisson": CorruptionKind(partial(poisson, fixed=True), 0.1, *MAGNITUDES["poisson"]),
    "salt_and_pepper": CorruptionKind(salt_and_pepper, 0.05, *MAGNITUDES["salt_and_pepper"]),
    "blur": CorruptionKind(partial(blur, fixed=True), 1.5, *MAGNITUDES["blur"]),
    "knockout": CorruptionKind(partial(knockout, fixed=True), 9.0, *MAGNITUDES["knockout"]),
    "camera": _unmoved(camera),
    "developed": _unmoved(developed),
}

_GRID = 16  # the camera's JPEG works in blocks of this size


@dataclass(frozen=True, slots=True)
class ImageCorruption:
    """Corrupts images one at a time; the same image and seed always give the same result."""

    kind: str
    amount: float
    seed: int = 0

    device_note = ""
    lanes = 1

    def image(self, array: Image, *, strength: float = 1.0, luma: float = 1.0, chroma: float = 1.0) -> Image:
        """Corrupt (H, W) or (H, W, 3) uint8, uint16 or float32 with 1.0 as white; integers are clipped.

        The shares are a denoiser's and are not used: the amount says it all.

        Raises:
            MemoryError: the image does not fit in memory.
        """
        try:
            planes = _to_planes(array)
            noisy = KINDS[self.kind].apply(planes, _generator(array, self.seed), self.amount)
        except RuntimeError as error:
            if is_out_of_memory(error):
                raise MemoryError from error
            raise
        return _like(array, noisy)

    def digest(self) -> str:
        """Names this corruption: equal digests make equal files."""
        return hashlib.sha256(repr(self).encode()).hexdigest()

    def open(self) -> ImageCorruption:
        """Nothing has to be loaded."""
        return self

    def facts(self, height: int, width: int) -> dict[str, str | int]:
        """What was done, for the report of a run."""
        return {"kind": self.kind, "amount": f"{self.amount:g}", "seed": self.seed}


def _generator(array: Image, seed: int) -> Generator:
    """A function of the image and the seed: order and name of the files do not matter."""
    digest = hashlib.sha256(np.ascontiguousarray(array).tobytes() + str(seed).encode()).digest()
    return torch.Generator().manual_seed(int.from_bytes(digest[:7], "big"))


def _to_planes(array: Image) -> Tensor:
    """(1, 3, H, W) float32 with 1.0 as white, mirrored at bottom and right up to the grid."""
    colour = array[..., None].repeat(3, axis=-1) if array.ndim == 2 else array
    height, width = colour.shape[:2]
    padded = np.pad(colour, ((0, -height % _GRID), (0, -width % _GRID), (0, 0)), mode="symmetric")
    return (
        torch.from_numpy(padded.astype(np.float32) / np.float32(_white(array)))
        .permute(2, 0, 1)[None]
        .contiguous()
    )


def _like(array: Image, planes: Tensor) -> Image:
    """Planes back to the shape and dtype of `array`; a grey image is the first of them."""
    pixels = planes[0, :, : array.shape[0], : array.shape[1]].permute(1, 2, 0).numpy()
    pixels = pixels[..., 0] if array.ndim == 2 else pixels
    if array.dtype == np.float32:
        return np.ascontiguousarray(pixels, np.float32)
    levels: npt.NDArray[np.float64] = np.rint(np.clip(pixels, 0.0, 1.0) * _white(array))
    return levels.astype(np.uint8) if array.dtype == np.uint8 else levels.astype(np.uint16)


def _white(array: Image) -> float:
    return {"uint8": 255.0, "uint16": 65535.0, "float32": 1.0}[array.dtype.name]
