"""The networks: figure 18.4's three autoencoders and the U-net that ships (sections 17.1, 17.2, 18.3.1, 18.4).

Each maps `(B, channels, H, W)` planes scaled to about [-1, 1] to planes of the same shape, and says its `halo`
(the receptive-field radius in pixels, section 17.1.2). What H and W must divide by, `ModelSettings.multiple_of` says.

Figure 18.4 is not in the text. Widths and depths are reconstructed from its prose: "very shallow" (one
stride), "much deeper" and "as deep" (three strides); skip connections stack an encoder block's output on
the decoder block's, "which is why the input dimensions are so big"; the comparison without skips "uses
decoder blocks with smaller input dimensions"; feature dimensions grow as blocks shrink (section 17.1.2).
The prose calls the small network "shallow (skip only)", so it keeps its one skip.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from denoisectl_training.networks.blocks import (
    BOOK,
    BlockKind,
    DecoderBlock,
    EncoderBlock,
    ResidualBlock,
    Sum,
    conv3x3,
)


class BookAutoencoder(nn.Module):
    """An autoencoder of figure 18.4: encoder blocks, decoder blocks and, if `skip`, stacked skip connections.

    The first encoder level keeps the size; each further one halves it. `small` is two widths with skips,
    `skip` and `noskip` are four widths with and without them. More widths make it deeper by strides, more
    `blocks` a level make it deeper at the same sizes.
    """

    def __init__(
        self,
        channels: int,
        widths: Sequence[int],
        *,
        skip: bool,
        blocks: int = 1,
        kind: BlockKind = BOOK,
    ) -> None:
        super().__init__()
        self.skip, self.blocks = skip, blocks
        ins = [channels, *widths[:-1]]
        self.encoder = nn.ModuleList(
            _level(
                EncoderBlock(i, o, kind, stride=1 if level == 0 else 2),
                [EncoderBlock(o, o, kind) for _ in range(blocks - 1)],
            )
            for level, (i, o) in enumerate(zip(ins, widths, strict=True))
        )
        outs = [widths[0], *widths[:-1]]  # of the decoder, finest first
        self.decoder = nn.ModuleList(
            _level(
                DecoderBlock(
                    widths[level] * (2 if skip and level < len(widths) - 1 else 1),
                    outs[level],
                    kind,
                    scale=2 if level > 0 else 1,
                ),
                [DecoderBlock(outs[level], outs[level], kind, scale=1) for _ in range(blocks - 1)],
            )
            for level in reversed(range(len(widths)))
        )
        self.head = conv3x3(widths[0], channels)

    @property
    def encoding(self) -> list[nn.Module]:
        """The parts that make the code, which fine-tuning may freeze."""
        return [self.encoder]

    @property
    def halo(self) -> int:
        """Receptive-field radius in pixels, summed along the deepest path.

        A block has two 3 x 3 convolutions. Those of the first encoder block of a level straddle its stride;
        those of a decoder block act after its upsampling, which by repetition shifts a pixel by up to s / 2.
        """
        cells = [2**level for level in range(len(self.encoder))]
        encoder = sum(2 * self.blocks * cell - cell // 2 for cell in cells)
        decoder = sum(2 * self.blocks * max(cell // 2, 1) for cell in cells)
        upsampling = sum(cell // 2 for cell in cells)
        radius: int = encoder + decoder + upsampling + 1
        return radius

    def forward(self, x: Tensor) -> Tensor:
        """Encode, decode, and project to the planes."""
        features = []
        for block in self.encoder:
            x = block(x)
            features.append(x)
        for level, block in zip(reversed(range(len(features))), self.decoder, strict=True):
            if self.skip and level < len(features) - 1:
                x = torch.cat([x, features[level]], dim=1)
            x = block(x)
        y: Tensor = self.head(x)
        return y


def _level(first: nn.Module, rest: Sequence[nn.Module]) -> nn.Module:
    """One block as itself, so that the weights of a network with one a level keep their names."""
    return nn.Sequential(first, *rest) if rest else first


class UNet(nn.Module):
    """A U-shaped residual network that works at half resolution and below.

    The first convolution has stride 2 and a 6 x 6 kernel, which is a 3 x 3 convolution on 2 x 2
    pixel-unshuffled input without the shuffle (FFDNet, Zhang et al. 2018, works there too); the last one
    pixel-shuffles back. Levels are joined by 2 x 2 strided convolutions, by pixel shuffles, and by
    additive skips, which cost no multiply-adds where stacking would double the decoder's.
    """

    def __init__(
        self, channels: int, widths: Sequence[int], encoder: Sequence[int], decoder: Sequence[int]
    ) -> None:
        """Args: planes, features a level, residual blocks a level on the way down (the last is the bottom) and up."""
        super().__init__()
        self.blocks_down, self.blocks_up = tuple(encoder), tuple(decoder)
        self.head = nn.Conv2d(channels, widths[0], 6, stride=2, padding=2)
        self.down_blocks = nn.ModuleList(
            nn.Sequential(*(ResidualBlock(width) for _ in range(count)))
            for width, count in zip(widths, encoder, strict=True)
        )
        pairs = list(itertools.pairwise(widths))
        self.down = nn.ModuleList(nn.Conv2d(fine, coarse, 2, stride=2) for fine, coarse in pairs)
        self.up = nn.ModuleList(
            nn.Sequential(nn.Conv2d(coarse, 4 * fine, 1), nn.PixelShuffle(2)) for fine, coarse in pairs
        )
        self.merge = nn.ModuleList(Sum() for _ in pairs)
        self.up_blocks = nn.ModuleList(
            nn.Sequential(*(ResidualBlock(width) for _ in range(count)))
            for width, count in zip(widths[:-1], decoder, strict=True)
        )
        self.tail = nn.Sequential(conv3x3(widths[0], 4 * channels), nn.PixelShuffle(2))

    @property
    def encoding(self) -> list[nn.Module]:
        """The parts that make the code, which fine-tuning may freeze."""
        return [self.head, self.down_blocks, self.down]

    def level_blocks(self, level: int) -> list[ResidualBlock]:
        """The residual blocks on one level's stream, on the way down and up."""
        parts = [self.down_blocks[level], *self.up_blocks[level : level + 1]]
        return [module for part in parts for module in part.modules() if isinstance(module, ResidualBlock)]

    @property
    def halo(self) -> int:
        """Receptive-field radius in pixels, summed along the deepest path.

        A residual block reaches two cells of its level to each side; one cell of level k is 2^(k+1) pixels.
        Strided convolutions and pixel shuffles tile the plane, so all they add is one cell's width less one.
        """
        cells = [2 ** (level + 1) for level in range(len(self.blocks_down))]
        down = sum(2 * count * cell for count, cell in zip(self.blocks_down, cells, strict=True))
        up = sum(2 * count * cell for count, cell in zip(self.blocks_up, cells, strict=False))
        radius: int = 2 + down + up + 2 + cells[-1] - 1
        return radius

    def forward(self, x: Tensor) -> Tensor:
        """Map scaled planes to a correction of the same shape."""
        x = self.head(x)  # (B, widths[0], H / 2, W / 2)
        skips = []
        for blocks, down in zip(self.down_blocks, self.down, strict=False):
            x = blocks(x)
            skips.append(x)
            x = down(x)
        x = self.down_blocks[-1](x)
        for blocks, up, merge in zip(
            reversed(self.up_blocks), reversed(self.up), reversed(self.merge), strict=True
        ):
            x = blocks(merge(up(x), skips.pop()))
        y: Tensor = self.tail(x)
        return y
