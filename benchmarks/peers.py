"""What is compared: this tool's network in several hands, and the classics. Each maps uint8 RGB to the same."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from photos import Pixels

from denoisectl import Denoiser

__all__ = ["Peer", "classics", "eager", "library"]

SIGMA = 25.0
_SHARE = SIGMA / 255.0

Clean = Callable[[Pixels], Pixels]


@dataclass(frozen=True)
class Peer:
    """One way to clean a photo."""

    name: str
    clean: Clean
    side: int
    """Of the square that speed is measured on: slow ones get less to do."""


def library(model: str, threads: int) -> Peer:
    """The library's `Denoiser`, whose output is what `run` writes."""
    denoiser = Denoiser.open(model, "cpu", threads=threads)
    return Peer(f"Denoiser {Path(model).stem}", denoiser.image, 1024)


def eager(run: Path, threads: int) -> Peer:
    """The same network in PyTorch, without compilation."""
    import torch

    from denoisectl_training.trained import load_trained

    torch.set_num_threads(threads)
    model = load_trained(run)[0].to(memory_format=torch.channels_last)

    def clean(photo: Pixels) -> Pixels:
        planes = torch.from_numpy(photo).permute(2, 0, 1)[None].float() / 255.0
        with torch.inference_mode():
            found = model(planes)[0].permute(1, 2, 0).numpy()
        return _levels(found)

    return Peer("eager PyTorch, the same network", clean, 1024)


def classics() -> dict[str, Callable[[], Peer]]:
    """Name and maker of each classic; a maker raises `ImportError` where its library is missing."""
    return {"OpenCV": _opencv, "wavelet": _wavelet, "NLM": _nlm, "BM3D": _bm3d}


def _opencv() -> Peer:
    return Peer(
        "OpenCV fastNlMeansDenoisingColored",
        lambda photo: cv2.fastNlMeansDenoisingColored(photo, None, 10, 10, 7, 21),
        1024,
    )


def _wavelet() -> Peer:
    import pywt  # noqa: F401 - scikit-image asks for it when it is too late to skip
    from skimage.restoration import denoise_wavelet

    return Peer(
        "scikit-image wavelet",
        lambda photo: _levels(denoise_wavelet(photo / 255.0, channel_axis=2, convert2ycbcr=True)),
        1024,
    )


def _nlm() -> Peer:
    from skimage.restoration import denoise_nl_means

    def clean(photo: Pixels) -> Pixels:
        found = denoise_nl_means(
            photo / 255.0, h=0.6 * _SHARE, sigma=_SHARE, patch_size=5, patch_distance=6, channel_axis=2
        )
        return _levels(found)

    return Peer("scikit-image NLM, told the sigma", clean, 512)


def _bm3d() -> Peer:
    import bm3d

    return Peer("BM3D, told the sigma", lambda photo: _levels(bm3d.bm3d_rgb(photo / 255.0, _SHARE)), 256)


def _levels(photo: np.ndarray) -> Pixels:
    return np.clip(np.rint(photo * 255.0), 0, 255).astype(np.uint8)
