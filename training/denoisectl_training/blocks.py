"""The blocks that autoencoders are built of: figure 18.3's two, and a plain residual block."""

from __future__ import annotations

from torch import Tensor, nn

__all__ = ["DecoderBlock", "EncoderBlock", "ResidualBlock", "conv3x3"]


def conv3x3(inputs: int, outputs: int, *, stride: int = 1, bias: bool = True) -> nn.Conv2d:
    """A 3 x 3 convolution that keeps the size (divided by the stride)."""
    return nn.Conv2d(inputs, outputs, 3, stride=stride, padding=1, bias=bias)


def _normalise(channels: int, batch_norm: bool) -> nn.Module:
    return nn.BatchNorm2d(channels) if batch_norm else nn.Identity()


class EncoderBlock(nn.Module):
    """Figure 18.3, left: `(B, inputs, H, W)` to `(B, outputs, H / stride, W / stride)`.

    Two 3 x 3 convolutions, each with batch normalisation, and a residual connection through a single
    convolution; ReLU after the first convolution and after the sum. The figure is not in the text: the
    kernel of the shortcut (1 x 1) and the place of the ReLUs are a reconstruction after the usual
    residual block.
    """

    def __init__(self, inputs: int, outputs: int, *, stride: int = 1, batch_norm: bool = True) -> None:
        super().__init__()
        bias = not batch_norm  # batch normalisation has its own offset
        self.body = nn.Sequential(
            conv3x3(inputs, outputs, stride=stride, bias=bias),
            _normalise(outputs, batch_norm),
            nn.ReLU(),
            conv3x3(outputs, outputs, bias=bias),
            _normalise(outputs, batch_norm),
        )
        self.shortcut = nn.Conv2d(inputs, outputs, 1, stride=stride)
        self.activation = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        """Map a block of features to the next."""
        y: Tensor = self.activation(self.body(x) + self.shortcut(x))
        return y


class DecoderBlock(nn.Module):
    """Figure 18.3, right: `(B, inputs, H, W)` to `(B, outputs, scale * H, scale * W)`.

    Upsampling by repetition, then two 3 x 3 convolutions, each with batch normalisation and ReLU. The
    figure is not in the text: that the block has two convolutions and no shortcut is a reconstruction.
    """

    def __init__(self, inputs: int, outputs: int, *, scale: int = 2, batch_norm: bool = True) -> None:
        super().__init__()
        bias = not batch_norm
        self.body = nn.Sequential(
            nn.Upsample(scale_factor=float(scale), mode="nearest") if scale > 1 else nn.Identity(),
            conv3x3(inputs, outputs, bias=bias),
            _normalise(outputs, batch_norm),
            nn.ReLU(),
            conv3x3(outputs, outputs, bias=bias),
            _normalise(outputs, batch_norm),
            nn.ReLU(),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Map a block of features to the next."""
        y: Tensor = self.body(x)
        return y


class ResidualBlock(nn.Module):
    """`x + conv(relu(conv(x)))` on `(B, channels, H, W)`, without normalisation.

    The identity shortcut of section 18.3.2. Restoration networks train well without batch normalisation
    (EDSR, Lim et al. 2017; DRUNet, Zhang et al. 2021), and quantise better for it.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.body = nn.Sequential(conv3x3(channels, channels), nn.ReLU(), conv3x3(channels, channels))

    def forward(self, x: Tensor) -> Tensor:
        """Add the block's correction to its input."""
        y: Tensor = x + self.body(x)
        return y
