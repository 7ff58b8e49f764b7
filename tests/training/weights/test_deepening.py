"""A deeper U-net goes on where a shallower one stood."""

import pytest
import torch
from torch import Tensor

from denoisectl_training.networks.model import build_model
from denoisectl_training.recipes import ModelSettings
from denoisectl_training.weights.deepening import deepened, is_deeper

SHALLOW = ModelSettings(
    architecture="unet",
    colour="rgb",
    output="residual",
    widths=(8, 16),
    encoder_blocks=(1, 2),
    decoder_blocks=(1,),
)


def changed(**keys: object) -> ModelSettings:
    return SHALLOW.model_validate({**SHALLOW.model_dump(), **keys})


MORE_BLOCKS = changed(encoder_blocks=(2, 3), decoder_blocks=(2,))
MORE_LEVELS = changed(widths=(8, 16, 16, 24), encoder_blocks=(1, 2, 1, 2), decoder_blocks=(2, 1, 1))


@pytest.mark.parametrize("wanted", [MORE_BLOCKS, MORE_LEVELS], ids=["blocks", "levels"])
def test_the_deeper_network_begins_as_the_trained_one(photo: Tensor, wanted: ModelSettings) -> None:
    torch.manual_seed(0)
    shallow = build_model(SHALLOW).eval()
    torch.nn.init.normal_(shallow.network.tail[0].weight, std=0.02)
    deep = build_model(wanted).eval()
    deep.load_state_dict(deepened(shallow.state_dict(), wanted))
    with torch.no_grad():
        assert torch.equal(deep(photo), shallow(photo))
        assert not torch.equal(shallow(photo), photo)
    assert deep.halo > shallow.halo


@pytest.mark.parametrize(
    ("wanted", "added"),
    [(MORE_BLOCKS, "down_blocks.0.1.body.2.weight"), (MORE_LEVELS, "up.1.0.weight")],
    ids=["blocks", "levels"],
)
def test_what_was_added_can_learn(photo: Tensor, wanted: ModelSettings, added: str) -> None:
    deep = build_model(wanted)
    deep.load_state_dict(deepened(build_model(SHALLOW).state_dict(), wanted))
    torch.nn.init.normal_(deep.network.tail[0].weight, std=0.02)
    deep(photo).sum().backward()
    gradient = deep.network.get_parameter(added).grad
    assert gradient is not None and gradient.abs().max() > 0


@pytest.mark.parametrize(
    ("wanted", "deeper"),
    [
        (SHALLOW, False),
        (changed(encoder_blocks=(1, 3)), True),
        (changed(encoder_blocks=(1, 1)), False),
        (changed(encoder_blocks=(2, 1)), False),
        (changed(widths=(8, 32), encoder_blocks=(2, 2)), False),
        (MORE_LEVELS, True),
        (changed(widths=(8,), encoder_blocks=(1,), decoder_blocks=()), False),
        (changed(widths=(8, 16, 16), encoder_blocks=(1, 1, 1), decoder_blocks=(1, 1)), False),
        (changed(colour="lab", encoder_blocks=(2, 2)), False),
        (ModelSettings(), False),
    ],
)
def test_only_more_blocks_and_levels_are_deeper(wanted: ModelSettings, deeper: bool) -> None:
    assert is_deeper(wanted, SHALLOW) is deeper
