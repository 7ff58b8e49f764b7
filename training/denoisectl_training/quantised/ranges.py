"""What range the 256 levels of each tensor cover: chosen once on crops as training meets them, then kept."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from contextlib import ExitStack

import torch
from torch import Tensor, nn

from denoisectl_training.networks.model import DenoisingAutoencoder, build_model
from denoisectl_training.networks.modes import evaluating
from denoisectl_training.quantised.evened import evened
from denoisectl_training.quantised.fake_quantize import FakeQuantize, with_fake_quantization
from denoisectl_training.recipes import ModelSettings

Range = tuple[float, float]

_TAIL = 3e-4
"""Share of a tensor's values that is clipped at each end. Wider ranges make every step coarser, which shows where
there is little noise; narrower ones clip strong noise. docs/decisions.md has the figures."""
_KEPT = 1 << 16  # values of a tensor that one batch contributes: enough to know its tail


def prepared_weights(
    settings: ModelSettings, weights: dict[str, Tensor], batches: Sequence[Tensor]
) -> dict[str, Tensor]:
    """The weights to begin 8-bit training with: channels evened out, ranges chosen.

    Args:
        settings: of the network.
        weights: of the trained float network.
        batches: noisy crops as training meets them, `(B, 3, H, W)` in [0, 1].
    """
    model = build_model(settings)
    model.load_state_dict(weights)
    even = with_fake_quantization(evened(model.eval(), batches))
    calibrate(even, batches)
    return even.state_dict()


def calibrate(model: DenoisingAutoencoder, batches: Iterable[Tensor]) -> None:
    """Choose the range of every tensor of a fake-quantised model, each measured without any rounding before it."""
    roundings = [module for module in model.modules() if isinstance(module, FakeQuantize)]
    found: dict[nn.Module, list[Tensor]] = {module: [] for module in roundings}
    generator = torch.Generator().manual_seed(0)
    relus = _before_relu(model)

    def note(module: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        sample = _sample(inputs[0].detach().flatten(), generator)
        found[module].append(sample.relu() if module in relus else sample.clone())

    with ExitStack() as stack, evaluating(model), torch.no_grad():
        for module in roundings:
            module.enabled = False
            stack.callback(module.register_forward_pre_hook(note).remove)
        for batch in batches:
            model(batch)
    for module in roundings:
        module.enabled = True
        module.set_range(*_trimmed(torch.cat(found[module]), _TAIL))


def _sample(values: Tensor, generator: torch.Generator) -> Tensor:
    """Some of the values, by chance: at even steps they would be those of a few columns, borders among them."""
    if len(values) <= _KEPT:
        return values
    return values[torch.randint(len(values), (_KEPT,), generator=generator)]


def _before_relu(model: nn.Module) -> set[nn.Module]:
    """Roundings whose values go through a ReLU next: nothing below 0 needs a level."""
    before: set[nn.Module] = set()
    for sequence in (module for module in model.modules() if isinstance(module, nn.Sequential)):
        for module, following in itertools.pairwise(sequence):
            if isinstance(following, nn.ReLU):
                before.update(part for part in module.modules() if isinstance(part, FakeQuantize))
    return before


def _trimmed(values: Tensor, share: float) -> Range:
    """Lowest and highest value, but for a share of them at each end."""
    count = len(values)
    cut = int(share * count)
    ordered = values.float().sort().values
    return ordered[cut].item(), ordered[count - 1 - cut].item()


def ranges_in_order(model: DenoisingAutoencoder) -> list[Range]:
    """The ranges of a fake-quantised model in the order in which its tensors are computed."""
    order: list[Range] = []
    side = 2 * model.multiple_of
    probe = next(model.parameters()).new_zeros(1, 3, side, side)
    with ExitStack() as stack, evaluating(model), torch.no_grad():
        for module in model.modules():
            if isinstance(module, FakeQuantize):
                hook = module.register_forward_pre_hook(lambda module, _: order.append(module.range))
                stack.callback(hook.remove)
        model(probe)
    return order
