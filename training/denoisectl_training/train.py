"""A training run from folder names to a finished run folder; what `denoisectl train` calls."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from denoisectl.errors import ConfigError, TrainingError
from denoisectl_training.devices import choose_device, choose_precision
from denoisectl_training.fit import Fit, Progress, fit
from denoisectl_training.photos import PhotoSet, find_photos, load_photos
from denoisectl_training.recipes import Recipe
from denoisectl_training.run_folder import RunFolder, new_run_folder

__all__ = ["TrainRequest", "parse_duration", "prepare", "train"]

_UNITS = {"s": 1, "m": 60, "h": 3600}


@dataclass(frozen=True, slots=True)
class TrainRequest:
    """What to train on, how, and where to put it."""

    folders: tuple[Path, ...]
    recipe: Recipe
    run: RunFolder
    resume: bool
    device: str = "auto"


def parse_duration(text: str) -> float:
    """`90s`, `10m`, `1.5h` or `1h30m` in seconds; a bare number is minutes.

    Raises:
        ConfigError: not a duration.
    """
    if re.fullmatch(r"\d+(\.\d+)?", text):
        return 60.0 * float(text)
    parts = re.findall(r"(\d+(?:\.\d+)?)([smh])", text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        raise ConfigError(f"--max-time {text}: expected a duration such as 90s, 10m or 1h30m")
    return sum(float(number) * _UNITS[unit] for number, unit in parts)


def prepare(
    folders: Sequence[Path], recipe: Recipe, *, runs: Path, resume: Path | None, device: str
) -> TrainRequest:
    """Choose the run folder: a new one under `runs`, or the one to resume, with its own recipe.

    Raises:
        TrainingError: the folder to resume is not a run's.
    """
    if resume is None:
        return TrainRequest(tuple(folders), recipe, new_run_folder(runs, recipe.name), False, device)
    run = RunFolder(resume)
    return TrainRequest(tuple(folders), run.recipe(), run, True, device)


def train(
    request: TrainRequest,
    *,
    report: Callable[[Progress], None] = lambda progress: None,
    stop: Callable[[], bool] = lambda: False,
) -> Fit:
    """Train, or go on training, until the recipe's images are seen or `stop()` says so.

    Raises:
        TrainingError: no usable photos, a damaged checkpoint, other photos than the run began with, divergence.
        DeviceError: the device was asked for by name and torch cannot use it.
    """
    recipe = request.recipe
    device = choose_device(request.device)
    precision = choose_precision(recipe.training.precision, device)
    photos = load_photos(
        find_photos(request.folders),
        crop=recipe.data.crop,
        max_side=recipe.data.max_side,
        validation_photos=recipe.data.validation_photos,
        seed=recipe.training.seed,
    )
    state = Fit.start(recipe, device, precision)
    if request.resume:
        _refuse_other_photos(request.run, photos)
        state.restore(request.run)
        request.run.forget_after(state.images)
    else:
        count = len(photos.training) + len(photos.validation)
        request.run.describe(
            recipe, photos=count, digest=photos.digest, device=str(device), precision=precision
        )
    fit(state, photos, request.run, report=report, stop=stop)
    return state


def _refuse_other_photos(run: RunFolder, photos: PhotoSet) -> None:
    """A run resumed on other photos would be neither run."""
    if run.description()["data_digest"] != photos.digest:
        raise TrainingError(
            f"{run.path}: was trained on other photos than these; give the same folders, or start a new run"
        )
