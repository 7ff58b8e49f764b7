"""Going on from a wider U-net: the features that matter most, so that a smaller network need not begin anew.

The stream of a level is only added to and convolved, so it may be turned: it is projected onto its principal
components, and these are mixed, because 8-bit integers and optimisers like channels of one loudness. What
lies behind a ReLU may not be turned: there the features that the next convolution makes most of are kept
(He et al., "Channel Pruning for Accelerating Very Deep Neural Networks", 2017, choose among features too).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import ExitStack

import torch
from torch import Tensor, nn

from denoisectl_training.networks.autoencoders import UNet
from denoisectl_training.networks.blocks import ResidualBlock, as_conv
from denoisectl_training.networks.model import build_model
from denoisectl_training.networks.streams import change_basis, readers, set_weights
from denoisectl_training.recipes import ModelSettings

_SEED = 4


def is_narrower(wanted: ModelSettings, trained: ModelSettings) -> bool:
    """Whether `wanted` is the U-net of `trained` with fewer features at some levels and more at none."""
    same = wanted.model_copy(update={"widths": trained.widths}) == trained
    return (
        wanted.architecture == "unet"
        and same
        and wanted != trained
        and len(wanted.widths) == len(trained.widths)
        and all(few <= many for few, many in zip(wanted.widths, trained.widths, strict=True))
    )


def narrowed(
    weights: dict[str, Tensor], trained: ModelSettings, wanted: ModelSettings, batches: Iterable[Tensor]
) -> dict[str, Tensor]:
    """Weights of the U-net `wanted` that does nearly what `weights` of the wider one, `trained`, do.

    Args:
        weights: of the wide network.
        trained: its settings.
        wanted: settings with fewer features (`is_narrower`).
        batches: noisy crops as training meets them, `(B, 3, H, W)` in [0, 1], that tell which features matter.
    """
    model = build_model(trained)
    model.load_state_dict(weights)
    network = model.eval().network
    assert isinstance(network, UNet)
    streams, hidden = _observed(network, lambda: [model(batch) for batch in batches])
    generator = torch.Generator().manual_seed(_SEED)
    with torch.no_grad():
        for level, width in enumerate(wanted.widths):
            if width == trained.widths[level]:
                continue
            basis = _mixed_components(streams[level], width, generator)
            change_basis(network, level, basis.T, basis)
            for block in network.level_blocks(level):
                _keep_hidden(block, hidden[block], width)
    return model.state_dict()


def _observed(network: UNet, run: Callable[[], object]) -> tuple[list[Tensor], dict[nn.Module, Tensor]]:
    """Second moments `(C, C)` of each level's stream, and the power `(C,)` of each block's hidden features."""
    streams = [torch.zeros(0)] * len(network.down_blocks)
    hidden: dict[nn.Module, Tensor] = {}

    def note_stream(level: int, x: Tensor) -> None:
        flat = x.transpose(0, 1).flatten(1).double()
        moments = flat @ flat.T
        streams[level] = moments if not len(streams[level]) else streams[level] + moments

    def note_hidden(block: nn.Module, x: Tensor) -> None:
        power = x.double().square().sum(dim=(0, 2, 3))
        hidden[block] = hidden[block] + power if block in hidden else power

    with ExitStack() as stack, torch.inference_mode():
        for level in range(len(streams)):
            for reader in readers(network, level):
                hook = reader.register_forward_pre_hook(
                    lambda module, inputs, level=level: note_stream(level, inputs[0])
                )
                stack.callback(hook.remove)
            for block in network.level_blocks(level):
                hook = as_conv(block.body[2]).register_forward_pre_hook(
                    lambda module, inputs, block=block: note_hidden(block, inputs[0])
                )
                stack.callback(hook.remove)
        run()
    return [moments.clone() for moments in streams], {block: power.clone() for block, power in hidden.items()}


def _mixed_components(moments: Tensor, width: int, generator: torch.Generator) -> Tensor:
    """An orthonormal basis `(C, width)`, float64, of the strongest components, turned at random among themselves."""
    strongest = torch.linalg.eigh(moments).eigenvectors[:, -width:]
    turn = torch.linalg.qr(torch.randn(width, width, generator=generator, dtype=torch.float64)).Q
    basis: Tensor = strongest @ turn
    return basis


def _keep_hidden(block: ResidualBlock, power: Tensor, width: int) -> None:
    first, second = as_conv(block.body[0]), as_conv(block.body[2])
    use = power * second.weight.double().square().sum(dim=(0, 2, 3))
    kept = use.topk(width).indices.sort().values
    assert first.bias is not None
    set_weights(first, first.weight[kept], first.bias[kept])
    set_weights(second, second.weight[:, kept], second.bias)
