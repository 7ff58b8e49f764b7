"""A narrower U-net goes on where a wider one stood."""

import pytest
import torch
from torch import Tensor, nn

from denoisectl_training.networks.autoencoders import UNet
from denoisectl_training.networks.blocks import ResidualBlock
from denoisectl_training.networks.model import DenoisingAutoencoder, build_model
from denoisectl_training.recipes import ModelSettings
from denoisectl_training.weights.narrowing import is_narrower, narrowed

WIDE = ModelSettings(
    architecture="unet",
    colour="rgb",
    output="residual",
    widths=(8, 12, 16),
    encoder_blocks=(1, 1, 1),
    decoder_blocks=(1, 1),
)


def changed(**keys: object) -> ModelSettings:
    return WIDE.model_validate({**WIDE.model_dump(), **keys})


def unet(model: DenoisingAutoencoder) -> UNet:
    assert isinstance(model.network, UNet)
    return model.network


def trained_like(settings: ModelSettings) -> DenoisingAutoencoder:
    torch.manual_seed(0)
    model = build_model(settings).eval()
    nn.init.normal_(unet(model).tail[0].weight, std=0.05)
    return model


def silence(model: DenoisingAutoencoder, kept: int) -> None:
    """Let no more than the first `kept` features of the finest level matter, and the last behind a ReLU."""
    network = unet(model)
    blocks = [part for part in network.down_blocks[0] if isinstance(part, ResidualBlock)]
    blocks += [part for part in network.up_blocks[0] if isinstance(part, ResidualBlock)]
    with torch.no_grad():
        for block in blocks:
            block.body[2].weight[:, :-kept] = 0.0
        for writer in (network.head, *(block.body[2] for block in blocks)):
            writer.weight[kept:] = 0.0
            writer.bias[kept:] = 0.0
        network.up[0][0].weight[4 * kept :] = 0.0
        network.up[0][0].bias[4 * kept :] = 0.0


def test_features_that_do_not_matter_go_without_a_trace(photo: Tensor) -> None:
    wide = trained_like(WIDE)
    silence(wide, kept=5)
    wanted = changed(widths=(5, 12, 16))
    narrow = build_model(wanted).eval()
    narrow.load_state_dict(narrowed(wide.state_dict(), WIDE, wanted, [photo]))
    with torch.no_grad():
        change = wide(photo) - photo
        assert (narrow(photo) - wide(photo)).abs().max() < 1e-5
    assert change.abs().max() > 0.05


def test_every_level_may_be_narrowed_and_all_of_it_can_learn(photo: Tensor) -> None:
    wanted = changed(widths=(4, 8, 8))
    narrow = build_model(wanted)
    narrow.load_state_dict(narrowed(trained_like(WIDE).state_dict(), WIDE, wanted, [photo]))
    narrow(photo).square().sum().backward()
    assert all(weight.grad is not None and weight.grad.abs().max() > 0 for weight in narrow.parameters())


def test_the_strongest_features_are_kept(photo: Tensor) -> None:
    wide, wanted = trained_like(WIDE), changed(widths=(6, 12, 16))
    fresh, narrow = trained_like(wanted), build_model(wanted).eval()
    narrow.load_state_dict(narrowed(wide.state_dict(), WIDE, wanted, [photo]))
    with torch.no_grad():
        near, far = ((each(photo) - wide(photo)).square().mean() for each in (narrow, fresh))
    assert near < 0.5 * far


def test_all_batches_tell_what_matters(photo: Tensor) -> None:
    wide, wanted, other = trained_like(WIDE), changed(widths=(4, 6, 8)), 1.0 - photo.roll(64, 3)

    def narrow(*batches: Tensor) -> Tensor:
        model = build_model(wanted).eval()
        model.load_state_dict(narrowed(wide.state_dict(), WIDE, wanted, batches))
        with torch.no_grad():
            return model(photo)

    assert (narrow(photo, other) - narrow(other, photo)).abs().max() < 1e-4
    assert (narrow(photo, other) - narrow(other)).abs().max() > 0.01


@pytest.mark.parametrize(
    ("wanted", "narrower"),
    [
        (WIDE, False),
        (changed(widths=(4, 12, 16)), True),
        (changed(widths=(4, 8, 8)), True),
        (changed(widths=(4, 12, 24)), False),
        (changed(widths=(16, 24, 32)), False),
        (changed(widths=(4, 8), encoder_blocks=(1, 1), decoder_blocks=(1,)), False),
        (changed(widths=(4, 8, 8), colour="lab"), False),
        (changed(widths=(4, 8, 8), encoder_blocks=(2, 1, 1)), False),
        (ModelSettings(), False),
    ],
)
def test_only_fewer_features_are_narrower(wanted: ModelSettings, narrower: bool) -> None:
    assert is_narrower(wanted, WIDE) is narrower
