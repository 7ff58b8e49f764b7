"""Mode `l`: smoothing of A and B in place of denoising them (section 18.2), as fixed modules that export.

Both map `(B, 2, H, W)` A and B planes, with the `(B, 1, H, W)` clean L plane in [0, 1] at hand, to smooth
ones of the same shape. Edges are padded by repetition, so a tile that holds an image's edge sees the same.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F


def _padded(planes: Tensor, radius: int) -> Tensor:
    return F.pad(planes, (radius,) * 4, mode="replicate")


class GaussianSmoothing(nn.Module):
    """A Gaussian of `sigma` pixels; colour bleeds over edges, evenly."""

    kernel: Tensor

    def __init__(self, sigma: float) -> None:
        super().__init__()
        radius = max(1, round(3 * sigma))
        offsets = torch.arange(-radius, radius + 1, dtype=torch.float32)
        kernel = torch.exp(-0.5 * (offsets / sigma).square())
        self.register_buffer("kernel", kernel / kernel.sum(), persistent=False)

    @property
    def halo(self) -> int:
        """Radius in pixels."""
        return len(self.kernel) // 2

    def guide_halo(self, network: int) -> int:
        """Radius including the way through a network of radius `network` that makes L: L is not used here."""
        return max(network, self.halo)

    def forward(self, chroma: Tensor, lightness: Tensor) -> Tensor:
        """Smooth A and B; L is not looked at."""
        columns = self.kernel.view(1, 1, -1, 1).expand(2, 1, -1, 1)
        rows = self.kernel.view(1, 1, 1, -1).expand(2, 1, 1, -1)
        return F.conv2d(F.conv2d(_padded(chroma, self.halo), columns, groups=2), rows, groups=2)


class GuidedSmoothing(nn.Module):
    """The guided filter (He, Sun, Tang 2010) with L as guide: colour follows the edges of the clean L.

    In every window of `2 * radius + 1` pixels A and B are fitted as linear functions of L; `epsilon`, in
    squared units of L in [0, 1], is the variance of L below which a window counts as flat.
    """

    def __init__(self, radius: int, epsilon: float) -> None:
        super().__init__()
        self.radius, self.epsilon = radius, epsilon

    @property
    def halo(self) -> int:
        """Radius in pixels: the fits reach one window, their average another."""
        return 2 * self.radius

    def guide_halo(self, network: int) -> int:
        """Radius including the way through a network of radius `network` that makes L."""
        return network + self.halo

    def _mean(self, planes: Tensor) -> Tensor:
        """Box average, one axis at a time; the caller has padded."""
        side = 2 * self.radius + 1
        columns = F.avg_pool2d(planes, (side, 1), stride=1)
        return F.avg_pool2d(columns, (1, side), stride=1)

    def forward(self, chroma: Tensor, lightness: Tensor) -> Tensor:
        """Smooth A and B along the edges of L."""
        guide, noisy = _padded(lightness, 2 * self.radius), _padded(chroma, 2 * self.radius)
        mean_guide, mean_noisy = self._mean(guide), self._mean(noisy)  # r fewer pixels at each side
        variance = self._mean(guide * guide) - mean_guide * mean_guide
        covariance = self._mean(guide * noisy) - mean_guide * mean_noisy
        slope = covariance / (variance.clamp(min=0.0) + self.epsilon)
        offset = mean_noisy - slope * mean_guide
        return self._mean(slope) * lightness + self._mean(offset)
