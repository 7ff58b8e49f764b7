"""A sweep from folder names to the chosen run: trials in a file that survives, workers, one figure on the test.

DIR/trials.log       Optuna's journal: every trial, its values and scores; the same command goes on from it
DIR/trial-0007       the run folder of trial 7
"""

from __future__ import annotations

import multiprocessing
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch

from denoisectl.errors import TrainingError, UsageError
from denoisectl_training.devices import choose_device
from denoisectl_training.fit.stopping import stoppable
from denoisectl_training.fit.validation import validate
from denoisectl_training.sweep.trials import SweepRequest, Tried, finished, missing, open_study, take_trials
from denoisectl_training.weights.trained import load_trained

_POLL_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class SweepResult:
    """All trials, and the chosen one."""

    trials: tuple[Tried, ...]
    best: Tried
    run: Path
    test_psnr: float
    """Of the chosen run on photos that nothing was trained on or chosen by, in dB: the figure to quote."""


def sweep(
    request: SweepRequest,
    *,
    report: Callable[[Tried], None] = lambda tried: None,
    stop: Callable[[], bool] = lambda: False,
) -> SweepResult | None:
    """Run the trials that are missing, and measure the best; None if `stop()` came before.

    Raises:
        TrainingError: no usable photos, or no trial came to an end.
        ConfigError: a key of the space is unknown or out of range.
        UsageError: the folder cannot be made, or holds a sweep of other photos or settings.
    """
    _refuse_mistakes(request)
    _claim(request)
    if request.workers == 1:
        take_trials(request, missing(request), stop, report)
    else:
        _take_together(request, stop, report)
    return None if stop() else _result(request)


def _refuse_mistakes(request: SweepRequest) -> None:
    """Before the first trial: every kind of value must make a recipe, and there must be photos to choose by."""
    if request.recipe_of().data.validation_photos == 0:
        raise TrainingError("a sweep chooses on validation photos; set data.validation_photos above 0")
    for dimension in request.space:
        for value in dimension.examples():
            request.recipe_of([f"{dimension.key}={value}"])


def _claim(request: SweepRequest) -> None:
    """See that the folder is this sweep's: trials of another one are not comparable, and may have seen the test."""
    photos = request.photos.load(request.recipe_of())
    if not photos.validation or not photos.test:
        raise TrainingError(
            "too few photos to set some aside for validation and the test; add photos, or set data.validation_photos "
            "and data.test_photos"
        )
    try:
        request.folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"--out {request.folder}: cannot be made: {error.strerror}") from None
    study = open_study(request.folder)
    asked = {
        "photos": photos.digest,
        "settings": request.recipe_of().model_dump(mode="json"),
        "--over": [str(dimension) for dimension in request.space],
    }
    before = study.user_attrs.get("asked")
    for part, value in asked.items():
        if before and before[part] != value:
            raise UsageError(
                f"--out {request.folder}: holds a sweep with other {part}; give another folder, or what it began with"
            )
    study.set_user_attr("asked", asked)


def _take_together(request: SweepRequest, stop: Callable[[], bool], report: Callable[[Tried], None]) -> None:
    """The trials in several processes, which share the journal and the processor's cores."""
    study = open_study(request.folder)  # made once, before they all look for it
    told = {tried.number for tried in finished(study)}

    def tell() -> None:
        for tried in finished(study):
            if tried.number not in told:
                told.add(tried.number)
                report(tried)

    context = multiprocessing.get_context("spawn")  # CUDA does not survive a fork
    threads = max(1, torch.get_num_threads() // request.workers)
    left = missing(request)
    shares = [len(range(number, left, request.workers)) for number in range(request.workers)]
    workers = [
        context.Process(target=_worker, args=(request, share, number, threads))
        for number, share in enumerate(shares)
        if share
    ]
    for worker in workers:
        worker.start()
    try:
        while any(worker.is_alive() for worker in workers):
            time.sleep(_POLL_SECONDS)
            tell()
            if stop() or any(worker.exitcode for worker in workers):
                break
    finally:
        for worker in workers:
            worker.terminate()  # one at work keeps its checkpoint
        for worker in workers:
            worker.join()
    tell()
    if any(worker.exitcode for worker in workers) and not stop():
        raise TrainingError("a worker of the sweep failed; run it with --workers 1 to see why")


def _worker(request: SweepRequest, share: int, number: int, threads: int) -> None:
    torch.set_num_threads(threads)
    sweep_process = multiprocessing.parent_process()
    assert sweep_process is not None
    with stoppable() as stop:
        # A terminal's Ctrl-C comes here too: it is the sweep's to pass on.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        take_trials(request, share, lambda: stop() or not sweep_process.is_alive(), worker=number)


def _result(request: SweepRequest) -> SweepResult:
    """Choose on validation, then measure once on the test photos."""
    trials = tuple(finished(open_study(request.folder)))
    complete = [tried for tried in trials if tried.psnr is not None]
    if not complete:
        why = next((tried.refused for tried in trials if tried.refused), "")
        raise TrainingError(
            f"{request.folder}: every trial diverged or was given up; {why or 'try a lower optimizer.lr'}"
        )
    best = max(complete, key=lambda tried: tried.psnr or 0.0)
    run = request.run_of(best.number)
    chosen, device = load_trained(run.best), choose_device(request.device)
    photos = request.photos.load(chosen.recipe)
    test = validate(chosen.model.to(device), photos.test, chosen.recipe, device, paired=photos.paired)
    return SweepResult(trials, best, run.path, test.psnr)
