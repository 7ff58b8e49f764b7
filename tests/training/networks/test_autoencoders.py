"""One contract for every network: size kept, gradients everywhere, and the receptive field it claims."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from denoisectl_training.networks.autoencoders import BookAutoencoder, UNet
from denoisectl_training.networks.blocks import (
    BlockKind,
    DecoderBlock,
    EncoderBlock,
    Projection,
    ResidualBlock,
)

Network = BookAutoencoder | UNet
MULTIPLE = 16  # what the sides of all of these divide by

NETWORKS: dict[str, Callable[[], Network]] = {
    "small": lambda: BookAutoencoder(3, (4, 8), skip=True),
    "noskip": lambda: BookAutoencoder(1, (4, 4, 8, 8), skip=False),
    "skip": lambda: BookAutoencoder(3, (4, 4, 8, 8), skip=True),
    "skip without batch normalisation": lambda: BookAutoencoder(
        1, (4, 8), skip=True, kind=BlockKind(batch_norm=False)
    ),
    "identity shortcuts": lambda: BookAutoencoder(
        1, (4, 8, 4), skip=True, kind=BlockKind(shortcut="identity")
    ),
    "no shortcuts": lambda: BookAutoencoder(
        1, (4, 8, 8), skip=False, kind=BlockKind(shortcut="none", dropout=0.1)
    ),
    "two blocks a level": lambda: BookAutoencoder(1, (4, 4, 4), skip=True, blocks=2),
    "one level": lambda: BookAutoencoder(3, (4,), skip=False),
    "unet": lambda: UNet(3, (8, 8, 8), (1, 1, 2), (1, 1)),
    "deeper unet": lambda: UNet(1, (4, 4, 4, 4), (1, 2, 1, 2), (2, 1, 1)),
}


@pytest.fixture(params=NETWORKS)
def network(request: pytest.FixtureRequest) -> Network:
    torch.manual_seed(0)
    return NETWORKS[request.param]()


def channels(network: Network) -> int:
    first = next(module for module in network.modules() if isinstance(module, nn.Conv2d))
    return first.in_channels


def test_the_shape_is_kept(network: Network) -> None:
    side = 5 * MULTIPLE
    x = torch.rand(2, channels(network), side, 2 * side)
    assert network(x).shape == x.shape


def test_every_parameter_gets_a_gradient(network: Network) -> None:
    side = 4 * MULTIPLE
    network(torch.rand(2, channels(network), side, side)).square().mean().backward()
    assert all(p.grad is not None and 0 < p.grad.abs().max() < 1e6 for p in network.parameters())


def reach(network: Network, row: int, column: int, side: int) -> int:
    """How far from one output pixel the input pixels lie that it depends on."""
    x = torch.rand(1, channels(network), side, side, dtype=torch.float64).requires_grad_()
    network(x)[0, :, row, column].sum().backward()
    assert x.grad is not None
    touched = (x.grad.abs().sum((0, 1)) > 0).nonzero()
    return int((touched - torch.tensor([row, column])).abs().max())


def test_the_halo_is_exactly_what_the_gradient_reaches(network: Network) -> None:
    for parameter in network.parameters():
        nn.init.constant_(parameter, 0.01)  # positive weights: no ReLU closes, nothing cancels
    network.double().eval()
    side = (2 * network.halo // MULTIPLE + 4) * MULTIPLE
    middle = side // 2 // MULTIPLE * MULTIPLE
    found = max(reach(network, middle + phase, middle + phase, side) for phase in range(MULTIPLE))
    assert found == network.halo


def test_the_skip_network_has_bigger_inputs_than_the_one_without() -> None:
    with_skips, without = (
        BookAutoencoder(1, (4, 8, 16), skip=True),
        BookAutoencoder(1, (4, 8, 16), skip=False),
    )
    inputs = [[block.body[1].in_channels for block in net.decoder] for net in (with_skips, without)]
    assert inputs == [[16, 16, 8], [16, 8, 4]]


@pytest.mark.parametrize(
    ("block", "expected"),
    [
        (EncoderBlock(3, 8, stride=2), (2, 8, 8, 6)),
        (EncoderBlock(3, 8), (2, 8, 16, 12)),
        (DecoderBlock(3, 5, scale=2), (2, 5, 32, 24)),
        (DecoderBlock(3, 5, scale=1), (2, 5, 16, 12)),
        (ResidualBlock(3), (2, 3, 16, 12)),
    ],
)
def test_blocks_change_the_size_as_they_say(block: nn.Module, expected: tuple[int, ...]) -> None:
    assert block(torch.rand(2, 3, 16, 12)).shape == expected


def test_batch_normalisation_makes_train_and_eval_mode_differ(photo: Tensor) -> None:
    block = EncoderBlock(3, 8)
    in_training = block.train()(photo)
    assert not torch.allclose(block.eval()(photo), in_training)


@pytest.mark.parametrize("inputs", [4, 16])
@pytest.mark.parametrize("size", [(48, 48), (9, 6)])
def test_a_projection_in_training_is_the_strided_convolution(inputs: int, size: tuple[int, int]) -> None:
    torch.manual_seed(0)
    projection, x = Projection(inputs, 5, 2), torch.randn(2, inputs, *size, dtype=torch.float64)
    projection.double()
    projection(x).square().sum().backward()
    learned = [weight.grad for weight in projection.parameters()]
    with torch.no_grad():
        trained, used = projection(x), projection.eval()(x)
    assert torch.allclose(trained, used, atol=1e-12)
    projection.zero_grad()
    nn.functional.conv2d(x, projection.weight, projection.bias, stride=2).square().sum().backward()
    for mine, plain in zip(learned, projection.parameters(), strict=True):
        assert mine is not None and plain.grad is not None and torch.allclose(mine, plain.grad, atol=1e-9)
