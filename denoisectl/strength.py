"""How much of the network's correction is applied, to lightness and to colour apart.

`strength` scales the whole correction, `luma` its lightness and `chroma` its colour; all three in [0, 1].
With equal amounts for both, the result lies on the straight line between the image and the network's output.
With different amounts both are taken to CIE LAB (float32, no clipping), L moves by one amount, a and b by the
other, and the result comes back to RGB: `chroma=0` keeps every pixel's a and b, `luma=0` its L.
"""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Real

import numpy as np
import numpy.typing as npt

from denoisectl.errors import UsageError
from denoisectl.pixels import Planes

# Linear sRGB to XYZ, each row divided by the D65 white point, so that white is (1, 1, 1).
_RGB_TO_XYZ: npt.NDArray[np.float64] = np.array(
    [[0.412453, 0.357580, 0.180423], [0.212671, 0.715160, 0.072169], [0.019334, 0.119193, 0.950227]]
)
_RGB_TO_XYZ /= _RGB_TO_XYZ.sum(axis=1, keepdims=True)
_XYZ_TO_LAB = np.array([[0.0, 116.0, 0.0], [500.0, -500.0, 0.0], [0.0, 200.0, -200.0]])  # of the cube roots
# Below this share of white the cube root becomes a line.
_TOE = 0.008856
_TOE_ROOT = np.float32(np.cbrt(_TOE))
_TOE_SLOPE, _TOE_OFFSET = np.float32(7.787), np.float32(16 / 116)


@dataclass(frozen=True, slots=True)
class Strength:
    """Amounts of the correction that reach lightness (`luma`) and colour (`chroma`), each in [0, 1]."""

    luma: float = 1.0
    chroma: float = 1.0

    @classmethod
    def of(cls, strength: float, luma: float, chroma: float) -> Strength:
        """Combine the three settings.

        Raises:
            UsageError: one of them is not in [0, 1].
        """
        for name, value in (("strength", strength), ("luma", luma), ("chroma", chroma)):
            if not isinstance(value, Real) or not 0 <= value <= 1:
                raise UsageError(f"{name} must be between 0 and 1, got {value!r}")
        return cls(strength * luma, strength * chroma)

    def for_grey(self) -> Strength:
        """The same for an image without colour, where only lightness counts."""
        return Strength(self.luma, self.luma)

    @property
    def changes_nothing(self) -> bool:
        """True if the image comes back as it is."""
        return self.luma == 0 and self.chroma == 0

    def apply(self, noisy: Planes, clean: Planes) -> Planes:
        """What lies between `noisy` and the network's `clean`, both (3, h, w) with 1.0 as white."""
        if self.luma == self.chroma == 1:
            return clean
        if self.luma == self.chroma:
            return noisy + np.float32(self.luma) * (clean - noisy)
        amounts = np.array([self.luma, self.chroma, self.chroma], np.float32)[:, None, None]
        before = _lab(noisy)
        return _rgb(before + amounts * (_lab(clean) - before))


def _lab(rgb: Planes) -> Planes:
    """LAB of sRGB planes (3, h, w), L counted from -16. Values outside [0, 1] keep their meaning."""
    # In its toe each curve is a straight line, which negative values follow too.
    curved = np.power((np.maximum(rgb, 0.04045) + np.float32(0.055)) / np.float32(1.055), np.float32(2.4))
    linear = np.where(rgb > 0.04045, curved, rgb / np.float32(12.92))
    xyz = _mix(_RGB_TO_XYZ, linear)
    roots = np.where(xyz > _TOE, np.cbrt(np.maximum(xyz, _TOE)), _TOE_SLOPE * xyz + _TOE_OFFSET)
    return _mix(_XYZ_TO_LAB, roots)


def _rgb(lab: Planes) -> Planes:
    """The inverse of `_lab`."""
    roots = _mix(np.linalg.inv(_XYZ_TO_LAB), lab)
    xyz = np.where(roots > _TOE_ROOT, roots**3, (roots - _TOE_OFFSET) / _TOE_SLOPE)
    linear = _mix(np.linalg.inv(_RGB_TO_XYZ), xyz)
    curved = np.power(np.maximum(linear, 0.0031308), np.float32(1 / 2.4)) * np.float32(1.055) - np.float32(
        0.055
    )
    return np.where(linear > 0.0031308, curved, linear * np.float32(12.92))


def _mix(matrix: npt.NDArray[np.floating], planes: Planes) -> Planes:
    """Multiply every pixel's triple by the 3 x 3 matrix."""
    flat = matrix.astype(np.float32) @ planes.reshape(3, -1)
    return flat.reshape(planes.shape)
