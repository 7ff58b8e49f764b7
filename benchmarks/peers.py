"""What is compared: this tool's network in several hands, and the classics. Each maps uint8 RGB to the same."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import onnxruntime
from networks import dncnn_like, ffdnet_like
from photos import Pixels
from records import Row
from timing import Speed, once, timed

from denoisectl import Denoiser
from denoisectl.model_file.shipped import find_model

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
    denoiser = Denoiser.open(find_model(model), "cpu", threads=threads)
    return Peer(f"Denoiser {Path(model).stem}", denoiser.image, 1024)


def eager(run: Path, threads: int) -> Peer:
    """The same network in PyTorch, without compilation."""
    import torch

    from denoisectl_training.weights.trained import load_trained

    torch.set_num_threads(threads)
    model = load_trained(run).model.to(memory_format=torch.channels_last)  # type: ignore[call-overload] # torch's stub lacks it

    def clean(photo: Pixels) -> Pixels:
        planes = torch.from_numpy(photo).permute(2, 0, 1)[None].float() / 255.0
        with torch.inference_mode():
            found = model(planes)[0].permute(1, 2, 0).numpy()
        return _levels(found)

    return Peer("eager PyTorch, the same network", clean, 1024)


def bare(model: str, threads: int, tiles: int = 12) -> Speed:
    """Bare onnxruntime, on tiles of one megapixel that lie in memory, without overlap."""
    session = _session(find_model(model).read_bytes(), threads)
    tile = np.random.default_rng(0).random((1, 3, 1000, 1000), np.float32)
    session.run(None, {"image": tile})
    return once(lambda: [session.run(None, {"image": tile}) for _ in range(tiles)], tiles)


def shapes(threads: int) -> dict[str, Callable[[], Row]]:
    """Networks of others in their shape, without their weights: as fast, but nothing is cleaned."""
    tile = np.random.default_rng(0).random((1, 3, 1000, 1000), np.float32)

    def row(key: str, name: str, model: bytes) -> Row:
        session = _session(model, threads)
        return Row(key, name, timed(lambda: session.run(None, {"image": tile}), 1, repeat=1))

    return {
        "ffdnet": lambda: row("ffdnet", "FFDNet's shape in onnxruntime", ffdnet_like()),
        "dncnn": lambda: row("dncnn", "CDnCNN-B's shape in onnxruntime", dncnn_like()),
    }


def _session(model: bytes, threads: int) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 4
    return onnxruntime.InferenceSession(model, options, ["CPUExecutionProvider"])


def classics() -> dict[str, Callable[[], Peer]]:
    """Key and maker of each classic; a maker raises `ImportError` where its library is missing."""
    return {"opencv": _opencv, "wavelet": _wavelet, "nlm": _nlm, "bm3d": _bm3d}


def _opencv() -> Peer:
    return Peer(
        "OpenCV fastNlMeansDenoisingColored",
        lambda photo: np.asarray(cv2.fastNlMeansDenoisingColored(photo, None, 10, 10, 7, 21), np.uint8),
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
