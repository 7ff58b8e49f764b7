"""A U-net that rounds where its 8-bit file will round, so that it can learn to live with it.

What `denoisectl_exports.int8` writes is said here in torch: weights are signed, symmetric, with a scale for
each output channel; what a convolution or a sum writes is unsigned, with one scale for the tensor. The first
convolution's weights and the last convolution stay in float. Rounding has no useful
gradient; it is passed straight through where nothing was clipped (Jacob et al., "Quantization and Training
of Neural Networks for Efficient Integer-Arithmetic-Only Inference", 2018). Biases have 32 bits and are left
alone.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from denoisectl_training.networks.autoencoders import UNet
from denoisectl_training.networks.blocks import Sum
from denoisectl_training.networks.model import DenoisingAutoencoder, build_model

_LEVELS = 255
_LARGEST_WEIGHT = 127
_RANGE_KEYS = (".rounding.scale", ".rounding.zero_point")


class FakeQuantize(nn.Module):
    """Rounds a tensor of any shape to 256 levels between two values; 0 is always one of the levels.

    Before `set_range` is called, the levels are 0, 1, 2 to 255. While `enabled` is False, values pass as they are.
    """

    scale: Tensor
    zero_point: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.enabled = True
        self.register_buffer("scale", torch.ones(()))
        self.register_buffer("zero_point", torch.zeros((), dtype=torch.int32))

    def set_range(self, low: float, high: float) -> None:
        """Cover `low` to `high`, widened to hold 0."""
        low, high = min(low, 0.0), max(high, 0.0)
        scale = max(high - low, 1e-8) / _LEVELS
        self.scale.fill_(scale)
        self.zero_point.fill_(round(-low / scale))

    @property
    def range(self) -> tuple[float, float]:
        """The values of the lowest and the highest level."""
        scale, zero_point = float(self.scale), int(self.zero_point)
        return -zero_point * scale, (_LEVELS - zero_point) * scale

    def forward(self, x: Tensor) -> Tensor:
        """The nearest levels, clipped to the range."""
        if not self.enabled:
            return x
        return torch.fake_quantize_per_tensor_affine(x, self.scale, self.zero_point, 0, _LEVELS)


class _FakeQuantizedConv2d(nn.Conv2d):
    """A convolution whose weights (if `weights`) and output are rounded."""

    def __init__(self, like: nn.Conv2d, *, weights: bool) -> None:
        super().__init__(
            like.in_channels,
            like.out_channels,
            like.kernel_size,  # type: ignore[arg-type] # always a pair in a built module
            stride=like.stride,  # type: ignore[arg-type]
            padding=like.padding,  # type: ignore[arg-type]
            device="meta",
        )
        self.weight, self.bias = like.weight, like.bias
        self.rounds_weights = weights
        self.rounding = FakeQuantize()

    def forward(self, x: Tensor) -> Tensor:
        """Convolve with rounded weights and round the result."""
        weight = (
            _fake_quantized_weights(self.weight)
            if self.rounds_weights and self.rounding.enabled
            else self.weight
        )
        y: Tensor = self.rounding(self._conv_forward(x, weight, self.bias))
        return y


def weight_steps(weight: Tensor) -> Tensor:
    """The step of each output channel of `(O, I, h, w)` weights, `(O,)`, at which no sum of two products is clipped.

    x86 without VNNI multiplies activations, up to 255, by the weights of two neighbouring input channels at once, and
    clips the sum at 16 bits. So neighbours of one sign may add up to 127 steps, and to 128 once they are rounded:
    every processor then gives the same result.
    """
    rows = weight.detach().permute(0, 2, 3, 1).flatten(1)  # in the order in which onnxruntime multiplies them
    pairs = F.pad(rows, (0, rows.shape[1] % 2)).reshape(len(rows), -1, 2)
    largest = torch.maximum(pairs.relu().sum(dim=2), (-pairs).relu().sum(dim=2)).amax(dim=1)
    return largest.clamp(min=1e-12) / _LARGEST_WEIGHT


def _fake_quantized_weights(weight: Tensor) -> Tensor:
    """`(O, I, h, w)` in whole steps of each output channel."""
    zero = torch.zeros(len(weight), dtype=torch.int32, device=weight.device)
    steps = weight_steps(weight)
    return torch.fake_quantize_per_channel_affine(weight, steps, zero, 0, -_LARGEST_WEIGHT, _LARGEST_WEIGHT)


class _FakeQuantizedSum(Sum):
    """A sum whose result is rounded."""

    def __init__(self) -> None:
        super().__init__()
        self.rounding = FakeQuantize()

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        """Add and round."""
        total: Tensor = self.rounding(x + y)
        return total


def with_fake_quantization(model: DenoisingAutoencoder) -> DenoisingAutoencoder:
    """Turn the network of `model` into one that rounds as its 8-bit file does; returns `model`.

    The network has to be a U-net, which recipes that ask for this are held to.
    """
    network = model.network
    assert isinstance(network, UNet)
    for name, module in list(network.named_modules()):
        if isinstance(module, nn.Conv2d) and module is not network.tail[0]:
            network.set_submodule(name, _FakeQuantizedConv2d(module, weights=module is not network.head))
        elif isinstance(module, Sum):
            network.set_submodule(name, _FakeQuantizedSum())
    return model


def without_fake_quantization(model: DenoisingAutoencoder) -> DenoisingAutoencoder:
    """A copy with the same weights that computes in float, as if it had never been fake-quantised."""
    plain = build_model(model.settings)
    plain.load_state_dict(without_ranges(model.state_dict()))
    return plain.train(model.training)


def without_ranges(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    """The weights of a float network in those of a rounded one; float ones as they are."""
    return {name: value for name, value in weights.items() if not name.endswith(_RANGE_KEYS)}
