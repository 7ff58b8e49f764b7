"""The blocks that autoencoders are built of: figure 18.3's two, and a plain residual block.

Residual connections are section 18.3.2's, batch normalisation is 18.3.3's, dropout 17.4.4's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from torch import Tensor, nn
from torch.nn import functional as F

Shortcut = Literal["convolution", "identity", "none"]


@dataclass(frozen=True, slots=True)
class BlockKind:
    """What the book's blocks are made with."""

    batch_norm: bool = True
    shortcut: Shortcut = "convolution"
    """Of encoder blocks: a 1 x 1 convolution, the text's near-identity, or nothing at all."""
    dropout: float = 0.0
    """Share of a block's output set to zero in training."""


BOOK = BlockKind()
"""Figure 18.3's."""


def conv3x3(inputs: int, outputs: int, *, stride: int = 1, bias: bool = True) -> nn.Conv2d:
    """A 3 x 3 convolution that keeps the size (divided by the stride)."""
    return nn.Conv2d(inputs, outputs, 3, stride=stride, padding=1, bias=bias)


def as_conv(module: nn.Module) -> nn.Conv2d:
    """A part of a network that is a convolution, as one."""
    assert isinstance(module, nn.Conv2d)
    return module


def first_conv(module: nn.Module) -> nn.Conv2d:
    """The convolution that a sequence begins with."""
    assert isinstance(module, nn.Sequential)
    return as_conv(module[0])


def _normalise(channels: int, batch_norm: bool) -> nn.Module:
    """Section 18.3.3's layer as PyTorch has it, or nothing.

    In training it goes by the mean and deviation of the batch, in use by running means of both over the batches that it
    saw. It divides by sqrt(s^2 + epsilon), where the text has s + epsilon.
    """
    return nn.BatchNorm2d(channels) if batch_norm else nn.Identity()


class NearIdentity(nn.Module):
    """Section 18.3.2's V_w: the identity, with features cut off or zeros added, and subsampled, to fit."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.outputs, self.missing, self.stride = outputs, max(0, outputs - inputs), stride

    def forward(self, x: Tensor) -> Tensor:
        """`(B, inputs, H, W)` to `(B, outputs, H / stride, W / stride)`."""
        kept = x[:, : self.outputs, :: self.stride, :: self.stride]
        return F.pad(kept, (0, 0, 0, 0, 0, self.missing))


_SAFE_CHANNELS = 16


class Projection(nn.Conv2d):
    """A 1 x 1 convolution with a stride, `(B, inputs, H, W)` to `(B, outputs, H / stride, W / stride)`.

    With fewer than 16 inputs, oneDNN's gradient of its weights writes past its workspace and takes the process
    down (oneDNN issue 6035, open in PyTorch 2.13): in training such a one subsamples first, which is the same.
    """

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__(inputs, outputs, 1, stride=stride)

    def forward(self, x: Tensor) -> Tensor:
        """Subsample and mix channels."""
        if not self.training or self.in_channels >= _SAFE_CHANNELS:
            return super().forward(x)
        rows, columns = self.stride
        return F.conv2d(x[:, :, ::rows, ::columns], self.weight, self.bias)


def _shortcut(shortcut: Shortcut, inputs: int, outputs: int, stride: int) -> nn.Module | None:
    if shortcut == "identity":
        return NearIdentity(inputs, outputs, stride)
    if shortcut == "convolution":
        return Projection(inputs, outputs, stride)
    return None


class EncoderBlock(nn.Module):
    """Figure 18.3, left: `(B, inputs, H, W)` to `(B, outputs, H / stride, W / stride)`.

    Two 3 x 3 convolutions, each with batch normalisation, and a residual connection through a single
    convolution; ReLU after the first convolution and after the sum. The figure is not in the text: the
    kernel of the shortcut (1 x 1) and the place of the ReLUs are a reconstruction after the usual
    residual block.
    """

    def __init__(self, inputs: int, outputs: int, kind: BlockKind = BOOK, *, stride: int = 1) -> None:
        super().__init__()
        bias = not kind.batch_norm  # batch normalisation has its own offset
        self.body = nn.Sequential(
            conv3x3(inputs, outputs, stride=stride, bias=bias),
            _normalise(outputs, kind.batch_norm),
            nn.ReLU(),
            conv3x3(outputs, outputs, bias=bias),
            _normalise(outputs, kind.batch_norm),
        )
        self.shortcut = _shortcut(kind.shortcut, inputs, outputs, stride)
        self.activation = nn.ReLU()
        self.dropout = nn.Dropout(kind.dropout)

    def forward(self, x: Tensor) -> Tensor:
        """Map a block of features to the next."""
        change = self.body(x)
        total = change if self.shortcut is None else change + self.shortcut(x)
        y: Tensor = self.dropout(self.activation(total))
        return y


class DecoderBlock(nn.Module):
    """Figure 18.3, right: `(B, inputs, H, W)` to `(B, outputs, scale * H, scale * W)`.

    Upsampling by repetition, then two 3 x 3 convolutions, each with batch normalisation and ReLU. The
    figure is not in the text: that the block has two convolutions and no shortcut is a reconstruction.
    """

    def __init__(self, inputs: int, outputs: int, kind: BlockKind = BOOK, *, scale: int = 2) -> None:
        super().__init__()
        bias = not kind.batch_norm
        self.body = nn.Sequential(
            nn.Upsample(scale_factor=float(scale), mode="nearest") if scale > 1 else nn.Identity(),
            conv3x3(inputs, outputs, bias=bias),
            _normalise(outputs, kind.batch_norm),
            nn.ReLU(),
            conv3x3(outputs, outputs, bias=bias),
            _normalise(outputs, kind.batch_norm),
            nn.ReLU(),
            nn.Dropout(kind.dropout),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Map a block of features to the next."""
        y: Tensor = self.body(x)
        return y


class Sum(nn.Module):
    """The sum of two blocks of features, as a module: where 8-bit training rounds what it computes."""

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        """Add two tensors of one shape."""
        return x + y


class ResidualBlock(nn.Module):
    """`x + conv(relu(conv(x)))` on `(B, channels, H, W)`, without normalisation.

    The identity shortcut of section 18.3.2. Restoration networks train well without batch normalisation
    (EDSR, Lim et al. 2017; DRUNet, Zhang et al. 2021), and quantise better for it.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.body = nn.Sequential(conv3x3(channels, channels), nn.ReLU(), conv3x3(channels, channels))
        self.sum = Sum()

    def forward(self, x: Tensor) -> Tensor:
        """Add the block's correction to its input."""
        y: Tensor = self.sum(x, self.body(x))
        return y
