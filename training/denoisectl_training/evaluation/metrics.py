"""How far one image is from another: PSNR and SSIM of `(H, W, 3)` images in [0, 1]."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from skimage.metrics import structural_similarity

from denoisectl.errors import TrainingError

Image = NDArray[np.float32]

_IDENTICAL = 100.0  # dB; a finite number, so that means and JSON stay numbers


def rms(difference: Image) -> float:
    """Root mean square over all pixels and channels."""
    return math.sqrt(float(np.mean(np.square(difference, dtype=np.float64))))


def psnr(image: Image, reference: Image) -> float:
    """Peak signal-to-noise ratio in dB over all of RGB, at most 100.

    Raises:
        TrainingError: there is NaN or infinity in either: no score would say so.
    """
    error = rms(image - reference)
    if not math.isfinite(error):
        raise TrainingError("a network gave NaN or infinity; such a model has no score")
    return _IDENTICAL if error == 0.0 else min(_IDENTICAL, -20.0 * math.log10(error))


def ssim(image: Image, reference: Image) -> float:
    """Structural similarity (Wang et al. 2004: Gaussian window of sigma 1.5), mean over the three channels."""
    score: float = structural_similarity(
        image,
        reference,
        channel_axis=2,
        data_range=1.0,
        gaussian_weights=True,
        sigma=1.5,
        use_sample_covariance=False,
    )
    return float(score)
