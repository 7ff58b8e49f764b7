"""Choosing hyperparameters: the space as text, and whole sweeps of a toy network."""

import multiprocessing
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import optuna
import pytest
import skimage.data
import torch

from denoisectl.errors import ConfigError, TrainingError, UsageError
from denoisectl_training.fit import loop
from denoisectl_training.fit.validation import Validation, validate
from denoisectl_training.sweep import space as sweep_space
from denoisectl_training.sweep import trials
from denoisectl_training.sweep.space import Choices, Range, parse_space
from denoisectl_training.sweep.study import sweep
from denoisectl_training.sweep.trials import SweepRequest, Tried, finished, open_study
from denoisectl_training.train import Photos
from denoisectl_training.weights.trained import load_trained

RECIPE = """
name = "toy"
[model]
architecture = "small"
widths = [2, 4]
colour = "rgb"
[[corruption]]
kind = "gaussian"
[optimizer]
name = "sgd"
[data]
crop = 32
validation_photos = 1
test_photos = 1
[training]
images = 16
batch = 4
log_every = 8
validate_every = 8
precision = "float32"
"""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("optimizer.lr=1e-4..1e-2:log", Range("optimizer.lr", 1e-4, 1e-2, True, False)),
        ("optimizer.lr = 1e-4..1e-2:log", Range("optimizer.lr", 1e-4, 1e-2, True, False)),
        ("training.batch=4..16", Range("training.batch", 4, 16, False, True)),
        ("loss.l1=0..30.0", Range("loss.l1", 0, 30, False, False)),
        ("loss.l1=[0, 30]", Choices("loss.l1", ("0", "30"))),
        ('model.colour=["l", "lab"]', Choices("model.colour", ('"l"', '"lab"'))),
        ("model.widths=[[8, 16], [8, 16, 32]]", Choices("model.widths", ("[8, 16]", "[8, 16, 32]"))),
    ],
)
def test_a_space_is_read(text: str, expected: Range | Choices) -> None:
    assert parse_space([text]) == (expected,)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("optimizer.lr", "expected KEY=LOW..HIGH"),
        ("optimizer.lr=1e-3", "expected KEY=LOW..HIGH"),
        ("optimizer.lr=1..0", "expected KEY=LOW..HIGH"),
        ("optimizer.lr=0..1:log", "expected KEY=LOW..HIGH"),
        ("optimizer.lr=a..b", "expected KEY=LOW..HIGH"),
        ("loss.l1=[]", "expected KEY=LOW..HIGH"),
        ("loss.l1=[1, ", "expected KEY=LOW..HIGH"),
        ("training.seed=0..9", "what trials are measured on"),
        ("data.max_side=[512, 1024]", "what trials are measured on"),
        ("data.crop=[32, 512]", "what trials are measured on"),
        ("training.seed =[1, 2]", "what trials are measured on"),
        ('corruption=["clean", "camera"]', "what trials are measured on"),
    ],
)
def test_a_space_that_is_none_is_refused(text: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        parse_space([text])


def test_a_key_has_one_range() -> None:
    with pytest.raises(UsageError, match=r"--over loss.l1: is given twice"):
        parse_space(["loss.l1=[0, 30]", "loss.l1=0..30"])


@pytest.fixture
def request_(tmp_path: Path) -> SweepRequest:
    (tmp_path / "photos").mkdir()
    for index in range(4):
        corner = 64 * index
        cv2.imwrite(
            str(tmp_path / "photos" / f"{index}.png"), skimage.data.astronaut()[corner : corner + 48, :48]
        )
    (tmp_path / "toy.toml").write_text(RECIPE)
    space = parse_space(["optimizer.lr=1e-4..1e-1:log", "loss.l1=[0, 30]"])
    photos = Photos((tmp_path / "photos",))
    return SweepRequest(photos, str(tmp_path / "toy.toml"), (), space, 2, tmp_path / "sweep", "cpu")


def test_a_sweep_chooses_on_validation_and_ends_with_one_figure(request_: SweepRequest) -> None:
    told: list[Tried] = []
    result = sweep(request_, report=told.append)
    assert result is not None and [tried.number for tried in told] == [0, 1]
    assert result.best.psnr == max(tried.psnr or 0.0 for tried in result.trials)
    assert result.run == request_.folder / f"trial-{result.best.number:04}"
    assert result.best.overrides[0].startswith("optimizer.lr=")
    chosen = load_trained(result.run)
    photos = request_.photos.load(chosen.recipe)
    test, validation = (
        validate(chosen.model, part, chosen.recipe, torch.device("cpu")).psnr
        for part in (photos.test, photos.validation)
    )
    assert result.test_psnr == pytest.approx(test, abs=1e-3)
    assert abs(test - validation) > 0.01, "or the figure above might be of the photos that it was chosen by"


def test_a_sweep_goes_on_where_it_stopped(request_: SweepRequest) -> None:
    asked = iter([False, False, False, True, True, True, True])
    assert sweep(request_, stop=lambda: next(asked)) is None
    told: list[Tried] = []
    result = sweep(request_, report=told.append)
    assert result is not None and len(result.trials) == 2
    more = sweep(replace(request_, trials=3), report=told.append)
    assert more is not None and len(more.trials) == 3
    assert len({tried.number for tried in told}) == len(told)


def test_a_choice_is_trained_once(request_: SweepRequest) -> None:
    result = sweep(replace(request_, space=parse_space(["loss.l1=[0, 30]"]), trials=5))
    assert result is not None and len(result.trials) == 5
    scores = {(tried.overrides, tried.psnr) for tried in result.trials}
    assert len(scores) == 2 == len(list(request_.folder.glob("trial-????"))) and result.run.is_dir()


def test_the_best_moment_of_a_trial_counts_and_is_what_is_tested(
    request_: SweepRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    scores = iter([30.0, 25.0] * 2)
    monkeypatch.setattr(loop, "validate", lambda *_, **__: Validation(next(scores), 1.0))
    result = sweep(request_)
    assert result is not None and [tried.psnr for tried in result.trials] == [30.0, 30.0]
    run = request_.run_of(result.best.number)
    best, last = (
        validate(each.model, request_.photos.load(each.recipe).test, each.recipe, torch.device("cpu")).psnr
        for each in map(load_trained, (run.best, run.last))
    )
    assert result.test_psnr == pytest.approx(best, abs=1e-4) and abs(best - last) > 1e-3


def test_trials_are_given_up_when_the_pruner_says_so(
    request_: SweepRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(optuna.trial.Trial, "should_prune", lambda _: True)
    with pytest.raises(TrainingError, match="every trial diverged or was given up"):
        sweep(request_)
    assert [tried.psnr for tried in finished(open_study(request_.folder))] == [None, None]


def test_every_worker_and_every_beginning_has_suggestions_of_its_own(
    request_: SweepRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    sweep(replace(request_, trials=1))
    seeds: list[int] = []

    def noted(folder: Path, seed: int = 0) -> optuna.Study:
        seeds.append(seed)
        return open_study(folder, seed)

    monkeypatch.setattr(trials, "open_study", noted)
    for worker in (0, 1):
        trials.take_trials(request_, 0, lambda: False, worker=worker)
    base = request_.recipe_of().training.seed
    assert [seed for seed in seeds if seed] == [base + 1, base + 1_001]


def test_a_whole_number_given_a_range_of_others_is_refused_before_any_trial(request_: SweepRequest) -> None:
    with pytest.raises(ConfigError, match=r"training\.batch"):
        sweep(replace(request_, space=parse_space(["training.batch=3e0..5e0"])))


@pytest.mark.slow
def test_workers_share_one_journal(request_: SweepRequest) -> None:
    told: list[Tried] = []
    result = sweep(replace(request_, trials=3, workers=2), report=told.append)
    assert result is not None and len(result.trials) == 3
    assert {tried.number for tried in told} == {tried.number for tried in result.trials}


@pytest.mark.slow
def test_workers_end_with_a_sweep_that_fails(request_: SweepRequest) -> None:
    def broken(_: Tried) -> None:
        raise BrokenPipeError

    with pytest.raises(BrokenPipeError):
        sweep(replace(request_, trials=4, workers=2), report=broken)
    assert multiprocessing.active_children() == []


def test_a_trial_that_diverges_is_given_up(request_: SweepRequest) -> None:
    overrides = ("model.batch_norm=false", 'model.output="identity"')
    bad = replace(request_, space=parse_space(["optimizer.lr=[1e9]"]), overrides=overrides, trials=1)
    with pytest.raises(
        TrainingError, match=r"every trial diverged or was given up; try a lower optimizer\.lr"
    ):
        sweep(bad)
    (tried,) = finished(open_study(bad.folder))
    assert tried == Tried(0, ("optimizer.lr=1000000000.0",), None)


def test_a_recipe_that_cannot_be_trained_is_said_to_be(
    request_: SweepRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object, **__: object) -> None:
        raise ConfigError("recipe toy: tunes a network, and none is given")

    monkeypatch.setattr(trials, "train", refused)
    with pytest.raises(
        TrainingError, match="or was given up; recipe toy: tunes a network, and none is given"
    ):
        sweep(request_)


def test_mistakes_are_told_before_the_first_trial(request_: SweepRequest) -> None:
    with pytest.raises(TrainingError, match="chooses on validation photos"):
        sweep(replace(request_, overrides=("data.validation_photos=0",)))
    with pytest.raises(ConfigError, match=r"did you mean optimizer\.lr"):
        sweep(replace(request_, space=parse_space(["optimizer.lrr=1e-3..1e-2"])))
    with pytest.raises(ConfigError, match=r"model.dropout: input should be less than 1"):
        sweep(replace(request_, space=parse_space(["model.dropout=0.0..1.0"])))
    assert not request_.folder.exists()


def test_photos_are_always_kept_for_the_test(request_: SweepRequest) -> None:
    assert replace(request_, overrides=("data.test_photos=0",)).recipe_of().data.test_photos == 16


def test_the_same_sweep_suggests_the_same_values(request_: SweepRequest) -> None:
    first = sweep(request_)
    again = sweep(replace(request_, folder=request_.folder.with_name("again")))
    assert first is not None and again is not None
    assert [tried.overrides for tried in first.trials] == [tried.overrides for tried in again.trials]


def test_photos_too_few_to_choose_by_are_told_with_the_way_out(
    request_: SweepRequest, tmp_path: Path
) -> None:
    recipe = tmp_path / "toy.toml"
    recipe.write_text(RECIPE.replace("validation_photos = 1\n", ""))
    with pytest.raises(TrainingError, match="too few photos to set some aside"):
        sweep(request_)
    assert not request_.folder.exists(), "before anything was trained"


@pytest.mark.parametrize(
    ("what", "other"),
    [
        ("settings", {"overrides": ("loss.ssd=50",)}),
        ("--over", {"space": parse_space(["optimizer.lr=1e-4..1e-1:log", "loss.l1=[0, 60]"])}),
    ],
)
def test_trials_of_another_sweep_do_not_count(
    request_: SweepRequest, what: str, other: dict[str, Any]
) -> None:
    asked = iter([True] * 9)
    assert sweep(request_, stop=lambda: next(asked)) is None
    with pytest.raises(UsageError, match=f"holds a sweep with other {what}; give another folder"):
        sweep(replace(request_, **other))


def test_photos_of_another_sweep_may_have_been_learned(request_: SweepRequest, tmp_path: Path) -> None:
    asked = iter([True] * 9)
    assert sweep(request_, stop=lambda: next(asked)) is None
    cv2.imwrite(str(tmp_path / "photos" / "more.png"), skimage.data.astronaut()[:64, 100:164])
    with pytest.raises(UsageError, match="holds a sweep with other photos"):
        sweep(request_)


def test_a_value_that_makes_no_recipe_is_given_up(
    request_: SweepRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweep_space, "_FIXED", ())
    space = parse_space(["data.crop=32..48"])  # both ends divide by what the network does, 33 does not
    result = sweep(replace(request_, space=space, trials=4))
    assert result is not None and len(result.trials) == 4
    assert any(tried.psnr is None for tried in result.trials)


def test_a_file_is_no_place_for_a_sweep(request_: SweepRequest) -> None:
    request_.folder.write_text("mine")
    with pytest.raises(UsageError, match=r"--out .*sweep: cannot be made"):
        sweep(request_)
