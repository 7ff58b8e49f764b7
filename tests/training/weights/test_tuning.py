"""Fine-tuning, learning from pairs, and finding the first rate, on a toy network."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import get_args

import cv2
import numpy as np
import pytest
import skimage.data
import torch

from denoisectl.errors import ConfigError, DivergedError
from denoisectl_training.devices import choose_device
from denoisectl_training.fit import rate_search
from denoisectl_training.fit.rate_search import RateTrial, SearchStoppedError, find_rate
from denoisectl_training.fit.schedule import learning_rate
from denoisectl_training.fit.state import TrainingState
from denoisectl_training.photos.finding import find_photos
from denoisectl_training.photos.photo_set import load_photos
from denoisectl_training.recipes import (
    OptimizerSettings,
    Recipe,
    changed,
    first_rate,
    load_recipe,
    with_first_rate,
)
from denoisectl_training.records.checkpoint import load_checkpoint
from denoisectl_training.records.run_folder import RunFolder
from denoisectl_training.train import Photos, TrainRequest, started, train
from denoisectl_training.weights.fresh import build_network
from denoisectl_training.weights.trained import load_weights
from denoisectl_training.weights.tuning import tuned
from tests.training.fit.test_loop import toy
from tests.training.fit.test_lost_runs import UNBOUNDED


@pytest.fixture(scope="module")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Two photos and their noisy partners, of one kind of noise: a loss of light by half."""
    noisy, clean = tmp_path_factory.mktemp("noisy"), tmp_path_factory.mktemp("clean")
    for name, pixels in (("a", skimage.data.astronaut()[:96, :96]), ("b", skimage.data.coffee()[:96, :96])):
        cv2.imwrite(str(clean / f"{name}.png"), pixels)
        cv2.imwrite(str(noisy / f"{name}.png"), pixels // 2)
    return noisy, clean


@pytest.fixture(scope="module")
def trained(photo_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    request = started(Photos((photo_folder,)), toy(), tmp_path_factory.mktemp("runs"), device="cpu")
    train(request)
    return request.run


def weights(run: RunFolder) -> dict[str, torch.Tensor]:
    state: dict[str, torch.Tensor] = load_checkpoint(run.last)["average"]
    return state


def tuning(run: RunFolder, recipe: Recipe, pairs: tuple[Path, Path], runs: Path) -> TrainRequest:
    return replace(started(Photos((), pairs), recipe, runs, device="cpu"), source=run.path)


def test_a_tuning_recipe_takes_small_steps_for_a_short_time() -> None:
    recipe = load_recipe("skip")
    tuning = tuned(recipe, 100)
    assert tuning.data.validation_photos is None, "a fifth of what there is"
    assert tuning.name == "book-skip-tuned"
    assert first_rate(tuning) == pytest.approx(0.1 * 2e-3)
    assert tuning.schedule.name == "constant"
    assert tuning.training.images == recipe.training.images // 10


@pytest.mark.parametrize(
    ("before", "photos", "after"), [(2, 100, 2), (0, 100, 0), (24, 30, None), (24, 3, None)]
)
def test_tuning_holds_no_photos_out_that_the_first_training_did_not(
    before: int, photos: int, after: int | None
) -> None:
    recipe = load_recipe("skip", [f"data.validation_photos={before}"])
    assert tuned(recipe, photos).data.validation_photos == after


def test_tuning_on_pairs_starts_from_the_weights_and_learns_the_pairs(
    trained: RunFolder, pairs: tuple[Path, Path], tmp_path: Path
) -> None:
    recipe = changed(toy(), ["training.images=200", "optimizer.lr=1e-2"])
    request = tuning(trained, recipe, pairs, tmp_path)
    train(request)
    assert request.run.description()["started_from"] == str(trained.path)
    assert load_weights(request.run.last).images_seen == load_weights(trained.last).images_seen + 200
    losses = [
        json.loads(line)["loss"] for line in request.run.log.read_text().splitlines() if '"loss"' in line
    ]
    assert losses[-1] < 0.5 * losses[0]


def test_a_frozen_encoder_keeps_weights_and_statistics(
    trained: RunFolder, pairs: tuple[Path, Path], tmp_path: Path
) -> None:
    recipe = changed(toy(), ['training.frozen="encoder"', "training.ema=0.5"])
    request = tuning(trained, recipe, pairs, tmp_path)
    train(request)
    before, after = weights(trained), weights(request.run)
    encoder = [key for key in before if key.startswith("network.encoder")]
    assert encoder and all(torch.equal(before[key], after[key]) for key in encoder)
    assert any(
        not torch.equal(before[key], after[key]) for key in before if key.startswith("network.decoder")
    )


def test_weights_of_another_network_are_refused(
    trained: RunFolder, pairs: tuple[Path, Path], tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match=r"model.widths = \(4, 8\), the recipe asks for \(4, 16\)"):
        train(tuning(trained, changed(toy(), ["model.widths=[4, 16]"]), pairs, tmp_path))


def test_a_rate_moves_the_whole_schedule() -> None:
    recipe = with_first_rate(load_recipe("skip"), 1e-3)
    np.testing.assert_allclose(recipe.schedule.rates, [1e-3, 5e-4, 3.5e-4, 1.5e-4, 5e-5])
    assert first_rate(recipe) == 1e-3
    assert first_rate(with_first_rate(load_recipe("photo"), 1e-3)) == 1e-3


def search(recipe: Recipe, folder: Path) -> list[RateTrial]:
    photos = load_photos(find_photos([folder]), recipe.data, 0)
    return find_rate(recipe, photos, choose_device("cpu"), "float32")


def test_a_rate_that_is_set_is_the_rate_of_steps_too() -> None:
    slow, fast = (load_recipe("skip", [f"optimizer.lr={rate}"]) for rate in (1e-4, 1e-2))
    assert (first_rate(slow), first_rate(fast)) == (pytest.approx(1e-4), pytest.approx(1e-2))
    assert fast.schedule.rates[1] / fast.schedule.rates[0] == pytest.approx(
        load_recipe("skip").schedule.rates[1] / load_recipe("skip").schedule.rates[0]
    )
    assert first_rate(changed(slow, ["optimizer.lr=3e-3"])) == pytest.approx(3e-3)
    own = load_recipe("skip", ["optimizer.lr=1e-4", "schedule.rates=[5e-3, 1e-3]"])
    assert own.schedule.rates == (5e-3, 1e-3)


def test_the_first_rate_is_found_from_above(photo_folder: Path) -> None:
    trials = search(toy(optimizer={"name": "sgd"}, model=UNBOUNDED), photo_folder)
    assert len(trials) > 1 and [trial.good for trial in trials] == [False] * (len(trials) - 1) + [True]
    assert trials[1].rate == pytest.approx(0.3 * trials[0].rate)
    assert "diverged" in str(trials[0]) and "diverged" not in str(trials[-1])


@pytest.mark.parametrize("first_is_hard", [True, False])
def test_batches_are_compared_with_themselves(
    photo_folder: Path, monkeypatch: pytest.MonkeyPatch, first_is_hard: bool
) -> None:
    """Whether the first batch is harder or easier than the later ones says nothing of a rate."""
    steps: list[float] = []

    def step(state: TrainingState, *_: object) -> torch.Tensor:
        rate = state.optimizer.param_groups[0]["lr"]
        steps.append(rate)
        hardness = 9.0 if (len(steps) == 1) is first_is_hard else 1.0
        return torch.tensor(hardness * (2.0 if rate > 1e-3 else 1.0 if rate < 1e-20 else 0.9))

    monkeypatch.setattr(rate_search, "training_step", step)
    trials = search(toy(), photo_folder)
    assert [trial.good for trial in trials] == [trial.rate < 1e-3 for trial in trials]
    assert steps.count(1e-30) == 10 and len(steps) == 10 + 40 * len(trials)


def test_a_trial_is_judged_by_its_end_at_one_rate_from_the_weights_to_be_tuned(
    photo_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = toy(schedule={"name": "cosine", "warmup": 1_000})  # that would begin at a thousandth of the rate
    weights = build_network(recipe).state_dict()
    weights["network.head.bias"].fill_(7.0)

    def step(state: TrainingState, *_: object) -> torch.Tensor:
        assert state.model.network.head.bias.tolist() == [7.0] * 3
        own = state.recipe
        rate = learning_rate(own.schedule, own.optimizer.lr, state.images, own.training.images)
        state.step += 1
        return torch.tensor(1.0 if rate < 1e-20 else 9.0 if rate > 1e-3 and state.step > 30 else 0.5)

    monkeypatch.setattr(rate_search, "training_step", step)
    photos = load_photos(find_photos([photo_folder]), recipe.data, 0)
    trials = find_rate(recipe, photos, choose_device("cpu"), "float32", weights=weights)
    assert [trial.good for trial in trials] == [trial.rate < 1e-3 for trial in trials]


@pytest.mark.parametrize("name", get_args(OptimizerSettings.model_fields["name"].annotation))
def test_every_optimizer_has_a_rate_to_start_the_search_from(name: str, photo_folder: Path) -> None:
    model = {"architecture": "small", "widths": [16, 16], "colour": "rgb"}  # Muon wants 16 features
    assert search(toy(optimizer={"name": name}, model=model), photo_folder)[-1].good


def test_a_run_told_to_find_its_rate_says_what_was_tried(photo_folder: Path, tmp_path: Path) -> None:
    request = started(Photos((photo_folder,)), toy(), tmp_path, device="cpu")
    told: list[RateTrial] = []
    state = train(replace(request, search_rate=True), report_rate=told.append)
    assert told[-1].good and state.recipe.optimizer.lr == told[-1].rate
    assert request.run.recipe().optimizer.lr == told[-1].rate
    assert request.run.description()["rates_tried"] == [str(trial) for trial in told]


def test_the_search_for_a_rate_can_be_stopped(photo_folder: Path, tmp_path: Path) -> None:
    request = replace(started(Photos((photo_folder,)), toy(), tmp_path, device="cpu"), search_rate=True)
    asked = iter([False, False, True])
    with pytest.raises(SearchStoppedError, match="stopped before a rate was found"):
        train(request, stop=lambda: next(asked))
    assert not request.run.path.exists()


def test_a_recipe_that_no_rate_mends_is_told(photo_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rate_search, "_mean_loss", lambda *_: float("nan"))
    with pytest.raises(DivergedError, match="the rate is not the cause"):
        search(toy(), photo_folder)
