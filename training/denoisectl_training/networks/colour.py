"""sRGB to CIE LAB and back in float32, once, for training and for the exported graph (section 18.2).

Ranges: sRGB in [0, 1] (gamma-encoded, D65); L in 0..100, a and b in about -128..127. The white point and
the matrix are those of IEC 61966-2-1 as scikit-image uses them, so the two agree to 1e-4. Values outside
[0, 1] follow the linear toe of the sRGB curve below 0 and the power law above 1, so nothing is lost on
the way there and back and every gradient is finite.

The channel mixes are written as sums, not as 1 x 1 convolutions, because autocast would run those in half
precision, where LAB errs by visible amounts.
"""

from __future__ import annotations

import torch
from torch import Tensor

_XYZ_FROM_RGB = (
    (0.412453, 0.357580, 0.180423),
    (0.212671, 0.715160, 0.072169),
    (0.019334, 0.119193, 0.950227),
)
_RGB_FROM_XYZ = tuple(
    tuple(row) for row in torch.linalg.inv(torch.tensor(_XYZ_FROM_RGB, dtype=torch.float64)).tolist()
)
_WHITE = (0.95047, 1.0, 1.08883)  # D65, two-degree observer
_TOE = 0.008856  # CIE: below this share of white the cube root becomes a line
_TOE_SLOPE, _TOE_OFFSET = 7.787, 16.0 / 116.0


def _power(x: Tensor, exponent: float) -> Tensor:
    # exp(p log x) runs faster than Pow in onnxruntime and is as exact here; x is clamped above 0 by the callers.
    return torch.exp(exponent * torch.log(x))


def _cube_root(x: Tensor) -> Tensor:
    # One Newton step takes exp(log(x) / 3) from 2e-4 to 2e-5 of a LAB unit: a and b magnify errors 500 times.
    root = _power(x, 1.0 / 3.0)
    return root - (root - x / (root * root)) / 3.0


def srgb_to_linear(srgb: Tensor) -> Tensor:
    """Undo the sRGB transfer curve. Any shape, nominal range [0, 1], float32."""
    curve = _power((srgb.clamp(min=0.04045) + 0.055) / 1.055, 2.4)
    return torch.where(srgb > 0.04045, curve, srgb / 12.92)


def linear_to_srgb(linear: Tensor) -> Tensor:
    """Apply the sRGB transfer curve. Any shape, nominal range [0, 1], float32."""
    curve = 1.055 * _power(linear.clamp(min=0.0031308), 1.0 / 2.4) - 0.055
    return torch.where(linear > 0.0031308, curve, linear * 12.92)


def _mix(planes: Tensor, matrix: tuple[tuple[float, ...], ...]) -> Tensor:
    """Multiply the channel vector of each pixel of `(B, 3, H, W)` by a 3 x 3 matrix."""
    first, second, third = planes[:, 0:1], planes[:, 1:2], planes[:, 2:3]
    return torch.cat([row[0] * first + row[1] * second + row[2] * third for row in matrix], dim=1)


def rgb_to_lab(rgb: Tensor) -> Tensor:
    """Convert `(B, 3, H, W)` float32 sRGB in [0, 1] to L in 0..100 and a, b in about -128..127."""
    xyz = _mix(srgb_to_linear(rgb), _XYZ_FROM_RGB)
    share = torch.cat([xyz[:, i : i + 1] / white for i, white in enumerate(_WHITE)], dim=1)
    f = torch.where(share > _TOE, _cube_root(share.clamp(min=_TOE)), _TOE_SLOPE * share + _TOE_OFFSET)
    fx, fy, fz = f[:, 0:1], f[:, 1:2], f[:, 2:3]
    return torch.cat([116.0 * fy - 16.0, 500.0 * (fx - fy), 200.0 * (fy - fz)], dim=1)


def lab_to_rgb(lab: Tensor) -> Tensor:
    """Convert `(B, 3, H, W)` float32 LAB back to sRGB, nominally [0, 1]; colours out of gamut are not clipped."""
    fy = (lab[:, 0:1] + 16.0) / 116.0
    f = torch.cat([fy + lab[:, 1:2] / 500.0, fy, fy - lab[:, 2:3] / 200.0], dim=1)
    share = torch.where(f > _TOE ** (1.0 / 3.0), f * f * f, (f - _TOE_OFFSET) / _TOE_SLOPE)
    xyz = torch.cat([share[:, i : i + 1] * white for i, white in enumerate(_WHITE)], dim=1)
    return linear_to_srgb(_mix(xyz, _RGB_FROM_XYZ))
