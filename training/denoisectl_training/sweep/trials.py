"""The trials of a sweep: each a training run, its values and score in Optuna's journal."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import optuna
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
from optuna.trial import FrozenTrial, Trial, TrialState

from denoisectl.errors import ConfigError, DivergedError
from denoisectl_training.fit.loop import Progress
from denoisectl_training.recipes import Recipe, load_recipe
from denoisectl_training.records.run_folder import RunFolder
from denoisectl_training.sweep.space import Dimension, suggest
from denoisectl_training.train import Photos, TrainRequest, train

_TEST_PHOTOS = 16


@dataclass(frozen=True, slots=True)
class SweepRequest:
    """What to try, on what, and where to keep it."""

    photos: Photos
    recipe: str
    overrides: tuple[str, ...]
    space: tuple[Dimension, ...]
    trials: int
    folder: Path
    device: str = "auto"
    workers: int = 1

    def recipe_of(self, values: Sequence[str] = ()) -> Recipe:
        """The recipe with a trial's values; some photos are always kept for the test.

        Raises:
            ConfigError: a key is unknown, ill-typed or out of range.
        """
        recipe = load_recipe(self.recipe, [*self.overrides, *values])
        if recipe.data.test_photos:
            return recipe
        return recipe.model_copy(
            update={"data": recipe.data.model_copy(update={"test_photos": _TEST_PHOTOS})}
        )

    def run_of(self, trial: int) -> RunFolder:
        """Where a trial trains."""
        return RunFolder(self.folder / f"trial-{trial:04}")


@dataclass(frozen=True, slots=True)
class Tried:
    """One trial."""

    number: int
    overrides: tuple[str, ...]
    psnr: float | None
    """Best validation PSNR in dB; None for a trial that diverged or was given up."""
    refused: str = ""
    """What is wrong with its recipe; empty if nothing is."""


def open_study(folder: Path, seed: int = 0) -> optuna.Study:
    """The study in a folder's journal, made if there is none; `seed` decides what it suggests next."""
    optuna.logging.set_verbosity(optuna.logging.ERROR)  # errors are raised; it would tell them twice
    return optuna.create_study(
        study_name="sweep",
        storage=JournalStorage(JournalFileBackend(str(folder / "trials.log"))),
        direction="maximize",
        load_if_exists=True,
        sampler=optuna.samplers.TPESampler(seed=seed),
        pruner=optuna.pruners.MedianPruner(n_startup_trials=4),
    )


def finished(study: optuna.Study) -> list[Tried]:
    """The trials that came to an end; one that a signal or a kill broke off does not count."""
    ended = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE, TrialState.PRUNED))
    return [_tried(trial) for trial in ended]


def _tried(trial: FrozenTrial) -> Tried:
    psnr = trial.value if trial.state is TrialState.COMPLETE else None
    return Tried(
        trial.number, tuple(trial.user_attrs.get("overrides", ())), psnr, trial.user_attrs.get("refused", "")
    )


class _BrokenOffError(Exception):
    """A signal came during a trial, which does not count then."""


def missing(request: SweepRequest) -> int:
    """How many trials there are still to be."""
    return max(0, request.trials - len(finished(open_study(request.folder))))


def take_trials(
    request: SweepRequest,
    count: int,
    stop: Callable[[], bool],
    report: Callable[[Tried], None] = lambda tried: None,
    *,
    worker: int = 0,
) -> None:
    """Train `count` trials one after the other, unless `stop()` says so before."""
    # Workers, and a sweep taken up again, must not be suggested the same values twice.
    begun = len(open_study(request.folder).get_trials(deepcopy=False))
    study = open_study(request.folder, request.recipe_of().training.seed + 1_000 * worker + begun)

    def tell(study: optuna.Study, trial: FrozenTrial) -> None:
        if trial.state.is_finished() and trial.state is not TrialState.FAIL:
            report(_tried(trial))

    for _ in range(count):
        if stop():
            return
        study.optimize(
            lambda trial: _train_one(request, trial, stop),
            n_trials=1,
            callbacks=[tell],
            catch=(_BrokenOffError,),
        )


def _tried_before(study: optuna.Study, values: Sequence[str]) -> Tried | None:
    """The trial of the same values, if there is one: the same recipe and seed would give the same run."""
    return next((tried for tried in finished(study) if tried.overrides == tuple(values)), None)


def _train_one(request: SweepRequest, trial: Trial, stop: Callable[[], bool]) -> float:
    """Train with a trial's values; the best validation PSNR."""
    values = suggest(trial, request.space)
    trial.set_user_attr("overrides", values)
    if before := _tried_before(trial.study, values):
        if before.psnr is None:
            raise optuna.TrialPruned
        return before.psnr
    run = request.run_of(trial.number)
    run.path.mkdir(exist_ok=True)

    def given_up(progress: Progress) -> None:
        if progress.validated and progress.psnr is not None:
            trial.report(progress.psnr, progress.images)
            if trial.should_prune():
                raise optuna.TrialPruned

    try:
        asked = TrainRequest(request.photos, request.recipe_of(values), run, device=request.device)
        state = train(asked, report=given_up, stop=stop)
    except (ConfigError, DivergedError) as error:
        # Both ends of a range may do where a value between them does not.
        logging.getLogger("denoisectl").info("trial %d: %s", trial.number, error)
        if isinstance(error, ConfigError):
            trial.set_user_attr("refused", str(error))
        raise optuna.TrialPruned from error
    if state.images < asked.recipe.training.images:
        raise _BrokenOffError
    return state.best_psnr
