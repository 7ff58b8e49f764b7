"""What a run keeps of its past: its best moment, its best loss, averaged weights, and the scale of its gradients."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from denoisectl.errors import DivergedError
from denoisectl_training.fit import loop as fitting
from denoisectl_training.fit import validation
from denoisectl_training.fit.loop import training_step
from denoisectl_training.fit.state import TrainingState
from denoisectl_training.fit.validation import Validation
from denoisectl_training.photos.crops import step_generator
from denoisectl_training.recipes import Recipe
from denoisectl_training.records.checkpoint import load_checkpoint, save_checkpoint
from denoisectl_training.train import train
from tests.training.fit.test_loop import request, toy
from tests.training.fit.test_lost_runs import exploding

CPU = torch.device("cpu")
NOISY, CLEAN = torch.rand((2, 4, 3, 32, 32), generator=torch.Generator().manual_seed(0))


def with_training(**changes: object) -> Recipe:
    recipe = toy()
    return recipe.model_copy(update={"training": recipe.training.model_copy(update=changes)})


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The PSNR that each validation finds, in turn."""
    values = [20.0, 30.0, 25.0]
    coming: Iterator[float] = iter(values)
    monkeypatch.setattr(fitting, "validate", lambda *_, **__: Validation(next(coming), 1.0))
    return values


@pytest.mark.usefixtures("told")
@pytest.mark.parametrize("stop_after", [None, 9])
def test_the_best_checkpoint_is_the_best_one(
    stop_after: int | None, photo_folder: Path, tmp_path: Path
) -> None:
    asked = request(photo_folder, tmp_path)
    if stop_after is not None:  # after the best one
        stops = iter([False] * stop_after + [True])
        train(asked, stop=lambda: next(stops))
        asked = request(photo_folder, tmp_path, resume=asked.run.path)
    state = train(asked)
    assert (state.best_psnr, state.psnr) == (30.0, 25.0)
    best = load_checkpoint(asked.run.best)
    assert best["step"] == 8 and best["psnr"] == 30.0


@pytest.mark.parametrize("changes", [{"checkpoint_every": 8}, {"images": 24}])
def test_a_run_that_is_lost_between_two_records_overwrites_no_checkpoint(
    changes: dict[str, object], photo_folder: Path, tmp_path: Path
) -> None:
    recipe = exploding(data={"crop": 32, "validation_photos": 0})  # no validation that would look
    training = recipe.training.model_copy(update={"log_every": 1_000, **changes})
    asked = request(photo_folder, tmp_path, recipe.model_copy(update={"training": training}))
    with pytest.raises(DivergedError):
        train(asked)
    assert not asked.run.last.exists() or load_checkpoint(asked.run.last)["step"] == 4


def test_the_best_loss_is_that_of_the_records_and_survives(photo_folder: Path, tmp_path: Path) -> None:
    whole, broken = (request(photo_folder, tmp_path) for _ in range(2))
    expected = train(whole).best_loss
    logged = [record["loss"] for record in whole.run.records() if "loss" in record]
    assert expected == min(logged) < logged[0]
    stops = iter([False] * 10 + [True])
    train(broken, stop=lambda: next(stops))
    before = load_checkpoint(broken.run.last)["best_loss"]
    state = train(request(photo_folder, tmp_path, resume=broken.run.path), stop=lambda: True)
    assert state.best_loss == before < logged[0]


def test_before_the_first_record_the_best_loss_is_that_of_the_first_step(
    photo_folder: Path, tmp_path: Path
) -> None:
    recipe = toy(data={"crop": 32, "validation_photos": 0})
    one_step = recipe.training.model_copy(update={"images": 4, "log_every": 1_000})
    state = train(request(photo_folder, tmp_path, recipe.model_copy(update={"training": one_step})))
    assert 0.0 < state.best_loss < 100.0


def test_a_tuned_run_counts_the_images_of_the_first_after_a_resume_too(
    photo_folder: Path, tmp_path: Path
) -> None:
    first = request(photo_folder, tmp_path)
    train(first)
    tuned = replace(request(photo_folder, tmp_path), source=first.run.path)
    stops = iter([False] * 3 + [True])
    train(tuned, stop=lambda: next(stops))
    state = train(request(photo_folder, tmp_path, resume=tuned.run.path))
    assert load_checkpoint(tuned.run.last)["images_before"] == state.images_before == 48


def test_young_averages_forget_faster() -> None:
    state = TrainingState.start(with_training(ema=0.9), CPU, "float32")
    before = [parameter.detach().clone() for parameter in state.average.parameters()]
    training_step(state, NOISY, CLEAN)
    for old, new, mean in zip(before, state.model.parameters(), state.average.parameters(), strict=True):
        assert torch.allclose(mean, old * 2 / 11 + new * 9 / 11, atol=1e-6)


def test_the_average_has_the_statistics_of_the_network() -> None:
    state = TrainingState.start(toy(), CPU, "float32")
    fresh = {name: value.clone() for name, value in state.model.named_buffers()}
    training_step(state, NOISY, CLEAN)
    found = dict(state.average.named_buffers())
    assert any(not torch.equal(fresh[name], value) for name, value in found.items())
    assert all(torch.equal(value, found[name]) for name, value in state.model.named_buffers())


def test_gradients_are_clipped_at_their_own_size_not_at_the_scale_of_half_precision() -> None:
    recipe = toy(optimizer={"name": "sgd", "lr": 1e-2, "clip_norm": 1e-3})
    plain, scaled = (TrainingState.start(recipe, CPU, "float32") for _ in range(2))
    scaled.scaler = torch.amp.GradScaler("cpu", init_scale=2.0**10)
    for state in (plain, scaled):
        training_step(state, NOISY, CLEAN)
    start = [each.detach() for each in TrainingState.start(recipe, CPU, "float32").model.parameters()]
    moved, other = (
        torch.cat([(new - old).flatten() for old, new in zip(start, state.model.parameters(), strict=True)])
        for state in (plain, scaled)
    )
    assert moved.norm().item() == pytest.approx(1e-5, rel=0.05), "the rate times the norm"
    assert torch.allclose(moved, other, rtol=1e-2, atol=1e-8)


def test_the_scale_of_half_precision_survives(tmp_path: Path) -> None:
    state, again = (TrainingState.start(toy(), CPU, "float16") for _ in range(2))
    state.scaler = torch.amp.GradScaler("cpu", init_scale=128.0)
    training_step(state, NOISY, CLEAN)
    save_checkpoint(tmp_path / "last.pt", state.to_checkpoint())
    assert again.scaler.get_scale() != 128.0
    again.restore(tmp_path / "last.pt")
    training_step(again, NOISY, CLEAN)
    assert again.scaler.get_scale() == 128.0


def test_a_run_goes_on_where_gradients_need_another_scale(tmp_path: Path) -> None:
    state = TrainingState.start(toy(), CPU, "float32")
    training_step(state, NOISY, CLEAN)
    save_checkpoint(tmp_path / "last.pt", state.to_checkpoint())
    again = TrainingState.start(toy(), CPU, "float16")
    again.restore(tmp_path / "last.pt")
    assert again.step == 1


@pytest.mark.parametrize("steady", [0.0, 0.5])
def test_averaged_weights_with_statistics_of_others_are_told(
    photo_folder: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture, steady: float
) -> None:
    recipe = with_training(ema=0.99, steady_share=steady)
    assert recipe.model.batch_norm
    train(replace(request(photo_folder, tmp_path), recipe=recipe))
    assert ("set training.steady_share=0.1" in caplog.text) is (steady == 0.0)


def test_held_out_photos_have_noise_that_no_crop_has(monkeypatch: pytest.MonkeyPatch) -> None:
    seeds: list[int] = []

    def noted(seed: int, step: int, device: torch.device) -> torch.Generator:
        seeds.append(seed)
        return step_generator(seed, step, device)

    monkeypatch.setattr(validation, "step_generator", noted)
    recipe = toy()
    model = TrainingState.start(recipe, CPU, "float32").model
    photo = torch.zeros((3, 64, 64), dtype=torch.uint8)
    validation.validate(model, [photo, photo], recipe, CPU)
    assert seeds == [recipe.training.seed + 2] * 2


def test_old_averages_forget_as_the_recipe_says() -> None:
    state = TrainingState.start(with_training(ema=0.9), CPU, "float32")
    state.step = 10_000
    before = [parameter.detach().clone() for parameter in state.average.parameters()]
    training_step(state, NOISY, CLEAN)
    for old, new, mean in zip(before, state.model.parameters(), state.average.parameters(), strict=True):
        assert torch.allclose(mean, 0.9 * old + 0.1 * new, atol=1e-6)


@pytest.mark.parametrize(("dropout", "alike"), [(0.0, True), (0.5, False)])
def test_each_step_drops_other_features(dropout: float, alike: bool) -> None:
    model = {"architecture": "small", "widths": [4, 8], "colour": "rgb", "dropout": dropout}
    state = TrainingState.start(toy(model=model, optimizer={"lr": 1e-30}), CPU, "float32")
    first, second = (training_step(state, NOISY, CLEAN) for _ in range(2))
    assert torch.equal(first, second) is alike
