"""The basis of a stream in which how loud a direction is and how much it matters are the same."""

from collections.abc import Callable, Sequence

import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from denoisectl_training.networks.autoencoders import UNet
from denoisectl_training.networks.model import DenoisingAutoencoder, build_model
from denoisectl_training.quantised import evened
from denoisectl_training.quantised.balance import _SEED, balance, balanced_basis
from denoisectl_training.recipes import load_recipe

SEEDS = st.integers(0, 2**32 - 1)


def diagonal(*values: float) -> Tensor:
    return torch.diag(torch.tensor(values, dtype=torch.float64))


def gramian(size: int, seed: int) -> Tensor:
    factor = torch.randn(size, 2 * size, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    return factor @ factor.T


def arriving(basis: Tensor, loudness: Tensor, sensitivity: Tensor) -> float:
    """What one step for all channels, as large as the loudest asks for, does to the output."""
    inverse = torch.linalg.inv(basis)
    step = (basis @ loudness @ basis.T).diagonal().amax()
    return float(step * (inverse.T @ sensitivity @ inverse).trace())


def test_a_loud_channel_that_matters_little_is_made_quieter() -> None:
    basis = balanced_basis(diagonal(4.0, 1.0), diagonal(1.0, 4.0))
    assert torch.allclose(basis, diagonal(0.5, 1.0) * 2.5**0.5)  # 5 in all, as before


def test_equal_channels_stay() -> None:
    assert torch.allclose(balanced_basis(diagonal(1.0, 1.0), diagonal(7.0, 7.0)), diagonal(1.0, 1.0))


@given(size=st.integers(2, 12), seed=SEEDS)
def test_loudness_and_sensitivity_are_the_same_in_the_basis(size: int, seed: int) -> None:
    loudness, sensitivity = gramian(size, seed), gramian(size, seed + 1)
    basis = balanced_basis(loudness, sensitivity)
    inverse = torch.linalg.inv(basis)
    there, felt = basis @ loudness @ basis.T, inverse.T @ sensitivity @ inverse
    assert torch.allclose(there / there.trace(), felt / felt.trace(), rtol=1e-6, atol=1e-9)
    assert torch.isclose(there.trace(), loudness.trace())


@given(size=st.integers(2, 12), seed=SEEDS)
def test_less_of_the_rounding_arrives(size: int, seed: int) -> None:
    loudness, sensitivity = gramian(size, seed), gramian(size, seed + 1)
    values, vectors = torch.linalg.eigh(loudness)
    whitened = (vectors * values.pow(-0.5)).T  # the other basis in which all channels are equally loud
    basis = balanced_basis(loudness, sensitivity)
    mean = (basis @ loudness @ basis.T).diagonal().mean()  # a rotation makes all channels as loud as the mean
    inverse = torch.linalg.inv(basis)
    best = float(mean * (inverse.T @ sensitivity @ inverse).trace())
    assert best <= arriving(whitened, loudness, sensitivity) * (1 + 1e-9)
    assert best <= arriving(diagonal(*[1.0] * size), loudness, sensitivity) * (1 + 1e-9)


def test_a_direction_that_no_image_takes_does_no_harm() -> None:
    basis = balanced_basis(diagonal(1.0, 1.0, 0.0), diagonal(1.0, 1.0, 1.0))
    assert bool(basis.isfinite().all()) and bool(torch.linalg.inv(basis).isfinite().all())


def test_streams_change_and_the_function_does_not() -> None:
    torch.manual_seed(0)
    settings = load_recipe("photo").model.model_copy(update={"widths": (8, 12, 16)})
    model: DenoisingAutoencoder = build_model(settings).eval()
    image = torch.rand(1, 3, 64, 64)
    with torch.inference_mode():
        before = model(image)
    heads = model.network.head.weight.clone(), model.network.down[1].weight.clone()
    balance(model, model.network, [image])
    with torch.inference_mode():
        assert torch.allclose(model(image), before, atol=1e-5)
    assert not torch.allclose(model.network.head.weight, heads[0])
    assert not torch.allclose(model.network.down[1].weight, heads[1])


def observed(network: UNet, loss: Callable[[], Tensor]) -> list[tuple[Tensor, Tensor]]:
    """Of each level's stream the mean of x x' and of g g', the gradients of `loss`, both with a trace of 1."""
    written = [
        [entry, *(block.sum for block in network.level_blocks(level)), *network.merge[level : level + 1]]
        for level, entry in enumerate([network.head, *network.down])
    ]
    levels: list[list[Tensor]] = [[] for _ in written]
    for modules, values in zip(written, levels, strict=True):
        for module in modules:
            module.register_forward_hook(lambda _, __, output, values=values: values.append(output))
    total = loss()
    gradients = [torch.autograd.grad(total, values, retain_graph=True) for values in levels]
    return [(gram(x), gram(g)) for x, g in zip(levels, gradients, strict=True)]


def gram(blocks: Sequence[Tensor]) -> Tensor:
    flat = torch.cat([block.detach().double().transpose(0, 1).flatten(1) for block in blocks], dim=1)
    return flat @ flat.T / flat.square().sum()


def test_a_network_is_balanced_at_every_level_over_all_photos(photo: Tensor) -> None:
    torch.manual_seed(0)
    settings = load_recipe("photo").model.model_copy(update={"widths": (8, 12, 16)})
    model: DenoisingAutoencoder = build_model(settings).eval()
    torch.nn.init.normal_(model.network.tail[0].weight, std=0.05)
    images = [photo[..., :64, :64], 0.2 * photo[..., 64:, :64]]
    even = evened(model, images)
    draws = torch.Generator().manual_seed(_SEED)

    def loss() -> Tensor:
        return sum((even(each) * torch.randn(each.shape, generator=draws)).sum() for each in images)

    for loudness, sensitivity in observed(even.network, loss):
        assert (loudness - sensitivity).norm() < 1e-3 * loudness.norm()
