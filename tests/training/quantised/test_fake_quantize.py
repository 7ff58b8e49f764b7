"""8-bit training: what rounds, how, from where it starts, and that a run of it is a run like any other."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn

from denoisectl.errors import ConfigError, DivergedError
from denoisectl_training.fit import loop
from denoisectl_training.fit.loop import training_step
from denoisectl_training.fit.state import TrainingState
from denoisectl_training.networks.autoencoders import UNet
from denoisectl_training.networks.model import DenoisingAutoencoder, build_model
from denoisectl_training.photos.photo_set import PhotoSet
from denoisectl_training.quantised import (
    evened,
    prepared_weights,
    ranges_in_order,
    weight_steps,
    with_fake_quantization,
    without_fake_quantization,
)
from denoisectl_training.quantised.equalise import equalise
from denoisectl_training.quantised.fake_quantize import FakeQuantize
from denoisectl_training.quantised.ranges import _KEPT, _sample, _trimmed, calibrate
from denoisectl_training.recipes import Recipe, changed, load_recipe
from denoisectl_training.records.checkpoint import load_checkpoint
from denoisectl_training.records.run_folder import RunFolder
from denoisectl_training.train import Photos, resumed, started, train
from denoisectl_training.weights.starting import _probe_batches
from denoisectl_training.weights.trained import load_trained

TOY = [
    "model.widths=[8, 12, 16]",
    "data.crop=32",
    "data.validation_photos=1",
    "training.batch=4",
    "training.images=8",
    "schedule.warmup=0",
    "training.precision=float32",
]


def toy(name: str = "photo-int8", *more: str) -> Recipe:
    return load_recipe(name, [*TOY, *more])


def network() -> DenoisingAutoencoder:
    """A toy U-net that changes what it sees."""
    torch.manual_seed(0)
    model = build_model(toy().model)
    assert isinstance(model.network, UNet)
    nn.init.normal_(model.network.tail[0].weight, std=0.02)
    return model.eval()


@pytest.fixture(scope="module")
def float_run(photo_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    request = started(Photos((photo_folder,)), toy("photo"), tmp_path_factory.mktemp("runs"), device="cpu")
    train(request)
    return request.run


def test_values_round_to_256_levels_with_zero_among_them() -> None:
    rounding = FakeQuantize()
    rounding.set_range(-1.0, 1.55)
    assert rounding.range == pytest.approx((-1.0, 1.55))
    found = rounding(torch.tensor([-5.0, -1.0, 0.0, 0.004, 0.006, 1.55, 9.0]))
    assert found.tolist() == pytest.approx([-1.0, -1.0, 0.0, 0.0, 0.01, 1.55, 1.55], abs=1e-6)


@given(low=st.floats(-100, 100), span=st.floats(1e-3, 100))
def test_a_range_covers_what_was_asked_to_within_a_step(low: float, span: float) -> None:
    rounding = FakeQuantize()
    rounding.set_range(low, low + span)
    step = float(rounding.scale)
    found_low, found_high = rounding.range
    assert found_low <= 0.0 <= found_high
    assert found_low <= min(low, 0.0) + 0.51 * step and found_high >= max(low + span, 0.0) - 0.51 * step
    values = torch.linspace(max(low, found_low), min(low + span, found_high), 50)
    assert (rounding(values) - values).abs().max() <= 0.51 * step
    assert rounding(torch.zeros(1)) == 0.0


def test_a_step_lets_no_neighbours_of_one_sign_add_up_to_more_than_127() -> None:
    weight = torch.tensor([[100.0, 50.0, -7.0], [100.0, -50.0, -7.0], [0.0, 254.0, 0.0], [0.0, 0.0, 0.0]])
    steps = weight_steps(weight.view(4, 3, 1, 1))
    assert steps.tolist() == pytest.approx([150 / 127, 100 / 127, 2.0, 0.0], abs=1e-6)


@given(seed=st.integers(0, 2**32 - 1), inputs=st.integers(1, 9), side=st.sampled_from([1, 2, 3]))
def test_sums_of_two_products_fit_16_bits(seed: int, inputs: int, side: int) -> None:
    weight = torch.randn(5, inputs, side, side, generator=torch.Generator().manual_seed(seed)) ** 3
    steps = weight_steps(weight)
    assert bool((weight.abs().amax(dim=(1, 2, 3)) <= 127.0001 * steps).all())
    row = (weight / steps.view(-1, 1, 1, 1)).round().permute(0, 2, 3, 1).flatten(1)
    pairs = torch.cat([row, torch.zeros(5, row.shape[1] % 2)], dim=1).reshape(5, -1, 2)
    extremes = torch.stack([(255 * pairs.clamp(min=0)).sum(2).max(), (255 * pairs.clamp(max=0)).sum(2).min()])
    assert extremes.min() >= -(2**15) and extremes.max() < 2**15


def test_gradients_pass_straight_through_but_not_where_values_were_clipped() -> None:
    rounding = FakeQuantize()
    rounding.set_range(0.0, 1.0)
    x = torch.tensor([-0.5, 0.3, 2.0], requires_grad=True)
    torch.autograd.backward(rounding(x).sum())
    assert x.grad is not None and x.grad.tolist() == [0.0, 1.0, 0.0]


def test_both_ends_stay_in_float_and_all_between_rounds(photo: Tensor) -> None:
    model = with_fake_quantization(network())
    rounding = {name for name, module in model.named_modules() if isinstance(module, FakeQuantize)}
    convolutions = {name for name, module in model.named_modules() if isinstance(module, nn.Conv2d)}
    assert {f"{name}.rounding" for name in convolutions} - rounding == {"network.tail.0.rounding"}
    assert {"network.merge.0.rounding", "network.up_blocks.0.0.sum.rounding"} <= rounding
    calibrate(model, [photo])
    values = []
    model.network.head.rounding.register_forward_hook(
        lambda _, inputs, output: values.append((inputs[0], output))
    )
    with torch.inference_mode():
        model(photo)
        expected = nn.functional.conv2d(
            2.0 * photo - 1.0, model.network.head.weight, model.network.head.bias, stride=2, padding=2
        )
    assert torch.allclose(values[0][0], expected, atol=1e-5)  # the first weights are exact
    assert len(values[0][1].unique()) <= 256


def test_inner_convolutions_compute_with_weights_in_whole_steps(photo: Tensor) -> None:
    model = with_fake_quantization(network())
    calibrate(model, [photo])
    inner = model.network.down_blocks[0][0].body[0]
    seen: list[Tensor] = []
    inner.rounding.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    x = torch.rand(1, inner.in_channels, 8, 8, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        inner(x)
    steps = weight_steps(inner.weight).view(-1, 1, 1, 1)
    whole = (inner.weight / steps).round() * steps
    assert not torch.allclose(whole, inner.weight, atol=1e-6)
    expected = nn.functional.conv2d(x, whole, inner.bias, padding=inner.padding)
    torch.testing.assert_close(seen[0], expected, atol=1e-5, rtol=0.0)


def test_all_batches_count_whichever_is_the_last(photo: Tensor) -> None:
    crops = [photo[..., :32, :32], torch.full((1, 3, 32, 32), 0.5)]
    weights, ranges = [], []
    for batches in (crops, crops[::-1], crops[1:]):
        model = network()
        equalise(model, model.network, batches)
        weights.append(model.network.down_blocks[0][0].body[0].weight)
        calibrate(rounded := with_fake_quantization(network()), batches)
        ranges.append(torch.tensor(ranges_in_order(rounded)))
    for found in (weights, ranges):
        assert torch.equal(found[0], found[1]) and not torch.allclose(found[0], found[2], rtol=0.1)


def test_the_same_share_is_cut_off_at_each_end() -> None:
    assert _trimmed(torch.arange(1000).flip(0), 0.01) == (10.0, 989.0)


def test_values_are_sampled_from_all_columns() -> None:
    columns = torch.arange(48).expand(16, 64, 48, 48).flatten()
    shares = _sample(columns, torch.Generator().manual_seed(0)).bincount(minlength=48) / _KEPT
    assert shares.min() > 0.8 / 48 and shares.max() < 1.2 / 48
    assert torch.equal(_sample(columns[:100], torch.Generator()), columns[:100])


def test_a_calibrated_network_stays_near_its_float_self(photo: Tensor) -> None:
    model = network()
    weights = prepared_weights(model.settings, model.state_dict(), [photo])
    rounded = with_fake_quantization(build_model(model.settings)).eval()
    rounded.load_state_dict(weights)
    with torch.inference_mode():
        change = (model(photo) - photo).abs().mean()
        assert 0 < (rounded(photo) - model(photo)).abs().mean() < 0.1 * change
        assert torch.allclose(without_fake_quantization(rounded)(photo), model(photo), atol=1e-4)


def test_values_before_a_relu_have_no_level_below_zero(photo: Tensor) -> None:
    model = with_fake_quantization(network())
    calibrate(model, [photo])
    ranges = ranges_in_order(model)
    rounding = model.network.down_blocks[0][0].body[0].rounding
    assert rounding.range[0] == 0.0 < rounding.range[1]
    assert len(ranges) == 25 and ranges[1] == rounding.range  # after the first convolution's


def test_tuning_in_8_bits_begins_with_ranges_and_moves_weights_only(
    float_run: RunFolder, photo_folder: Path, tmp_path: Path
) -> None:
    request = started(Photos((photo_folder,)), toy(), tmp_path, device="cpu")
    state = train(replace(request, source=float_run.path))
    before = load_trained(float_run.path).model
    tuned = load_trained(request.run.path)
    after = tuned.model
    assert tuned.recipe.training.quantise == "int8"
    assert tuned.images_seen == 8 + 8  # of the float run and its own
    assert any(isinstance(module, FakeQuantize) for module in after.modules())
    assert not torch.equal(before.network.head.weight, after.network.head.weight)
    assert ranges_in_order(state.model) == ranges_in_order(after)
    assert state.psnr is not None


def test_a_resumed_8_bit_run_equals_one_that_was_never_stopped(
    float_run: RunFolder, photo_folder: Path, tmp_path: Path
) -> None:
    photos = Photos((photo_folder,))
    whole = replace(started(photos, toy(), tmp_path / "whole", device="cpu"), source=float_run.path)
    train(whole)
    parts = replace(started(photos, toy(), tmp_path / "parts", device="cpu"), source=float_run.path)
    stops = iter([False, True])
    train(parts, stop=lambda: next(stops))
    assert load_checkpoint(parts.run.last)["step"] == 1
    train(resumed(photos, parts.run.path, device="cpu"))
    expected, found = load_checkpoint(whole.run.last)["model"], load_checkpoint(parts.run.last)["model"]
    assert all(torch.equal(expected[name], found[name]) for name in expected)


def test_8_bit_weights_can_be_tuned_in_float_but_not_in_8_bits_again(
    float_run: RunFolder, photo_folder: Path, tmp_path: Path
) -> None:
    photos = Photos((photo_folder,))
    first = replace(started(photos, toy(), tmp_path, device="cpu"), source=float_run.path)
    train(first)
    back = replace(started(photos, toy("photo"), tmp_path, device="cpu"), source=first.run.path)
    assert not any(isinstance(module, FakeQuantize) for module in train(back).model.modules())
    again = replace(started(photos, toy(), tmp_path, device="cpu"), source=first.run.path)
    with pytest.raises(ConfigError, match="start from the float network that it was tuned from"):
        train(again)


def test_it_learns_what_the_float_network_does_and_not_the_clean_photos(
    float_run: RunFolder, photo_folder: Path, tmp_path: Path
) -> None:
    recipe = toy("photo-int8", "training.images=160", "training.log_every=16", "schedule.warmup=16")
    request = replace(started(Photos((photo_folder,)), recipe, tmp_path, device="cpu"), source=float_run.path)
    state = train(request)
    losses = [record["loss"] for record in request.run.records() if "loss" in record]
    assert sum(losses[-3:]) < sum(losses[:3])
    assert state.teacher is not None
    before = load_trained(float_run.path).model
    planes = torch.rand(1, 3, 32, 32)
    with torch.inference_mode():
        assert torch.allclose(state.teacher.predict(planes), before.predict(planes), atol=1e-4)


def test_the_loss_is_what_rounding_adds_to_the_networks_own_error(photo: Tensor, tmp_path: Path) -> None:
    recipe, clean = toy(), photo[..., :64, :64]
    weights = prepared_weights(recipe.model, network().state_dict(), [photo])
    state = TrainingState.start(recipe, torch.device("cpu"), "float32", weights)
    assert 0 < training_step(state, clean + 0.1 * torch.randn_like(clean), clean) < 0.3, (
        "that error counts as 1"
    )
    with pytest.raises(DivergedError, match=r"diverged .*loss 11"):
        loop._record([torch.tensor(11.0)], state, RunFolder(tmp_path))


def test_a_network_is_observed_on_noisy_crops() -> None:
    grey = torch.full((3, 64, 64), 128, dtype=torch.uint8)
    seen = _probe_batches(toy(), PhotoSet([grey], [], [], ""))
    assert torch.cat([batch.flatten() for batch in seen]).std() > 0.01


def test_8_bit_training_needs_a_trained_network(photo_folder: Path, tmp_path: Path) -> None:
    request = started(Photos((photo_folder,)), toy(), tmp_path, device="cpu")
    with pytest.raises(ConfigError, match="give it with --from RUN"):
        train(request)
    assert not request.run.path.exists()


def test_only_the_unet_is_trained_in_8_bits() -> None:
    with pytest.raises(ConfigError, match=r"training\.quantise is for unet, and model\.architecture is skip"):
        changed(load_recipe("skip"), ["training.quantise=int8"])


def test_a_small_share_is_clipped_at_each_end(photo: Tensor) -> None:
    model = with_fake_quantization(network())
    calibrate(model, [photo])

    def clipped(name: str) -> float:
        rounding = model.network.get_submodule(name)
        found: list[Tensor] = []
        handle = rounding.register_forward_pre_hook(lambda module, inputs: found.append(inputs[0]))
        with torch.inference_mode():
            model(photo)
        handle.remove()
        low, high = rounding.range
        return ((found[0] < low) | (found[0] > high)).float().mean().item()

    for name in ("head.rounding", "merge.0.rounding", "up.0.0.rounding"):
        assert 0 < clipped(name) < 0.002  # 0.03% at each end, but for the rounding before it


def test_channels_within_a_block_become_half_as_uneven(photo: Tensor) -> None:
    model = network()
    first, loudness = model.network.down_blocks[0][0].body[0], torch.logspace(-1, 1, 8)
    with torch.no_grad():
        first.weight *= loudness.view(-1, 1, 1, 1)
        first.bias.copy_(loudness)

    def unevenness(model: DenoisingAutoencoder) -> float:
        seen: list[Tensor] = []
        second = model.network.down_blocks[0][0].body[2]
        handle = second.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
        with torch.inference_mode():
            model(photo)
        handle.remove()
        return seen[0].transpose(0, 1).flatten(1).quantile(0.999, dim=1).log().std().item()

    even = evened(model, [photo])
    assert unevenness(even) == pytest.approx(0.5 * unevenness(model), rel=0.02)
