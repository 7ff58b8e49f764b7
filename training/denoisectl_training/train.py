"""A training run from folder names to a finished run folder; what `denoisectl train` calls."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from denoisectl.errors import ConfigError, TrainingError, UsageError
from denoisectl_training.batches import training_batch
from denoisectl_training.deepening import deepened, is_deeper
from denoisectl_training.devices import choose_device, choose_precision
from denoisectl_training.fit import Progress, fit
from denoisectl_training.narrowing import is_narrower, narrowed
from denoisectl_training.pairs import match_folders
from denoisectl_training.photos import PhotoSet, find_photos, load_pairs, load_photos
from denoisectl_training.quantised import prepared_weights, without_ranges
from denoisectl_training.rate_search import RateTrial, find_rate
from denoisectl_training.recipes import Recipe, with_first_rate
from denoisectl_training.run_folder import RunFolder, new_run_folder
from denoisectl_training.trained import load_weights
from denoisectl_training.training_state import TrainingState
from denoisectl_training.tuning import refuse_other_network

__all__ = ["Photos", "TrainRequest", "parse_duration", "resumed", "started", "train"]

_PROBE_BATCHES, _PROBE_SEED = 12, 3  # seeds 1 and 2 on are those of noise and of validation
_UNITS = {"s": 1, "m": 60, "h": 3600}


@dataclass(frozen=True, slots=True)
class Photos:
    """Where the photos are: folders of clean ones, or two folders of noisy and clean ones."""

    folders: tuple[Path, ...]
    pairs: tuple[Path, Path] | None = None

    def __str__(self) -> str:
        """As the command line takes them."""
        if self.pairs is not None:
            return f"--pairs {shlex.join(map(str, self.pairs))}"
        return shlex.join(map(str, self.folders))

    def check(self) -> None:
        """See that there are photos, before a run folder is made for them.

        Raises:
            UsageError: no such folder.
            TrainingError: no photos, or photos without partners.
        """
        if self.pairs is not None:
            match_folders(*self.pairs)
        else:
            find_photos(self.folders)

    def load(self, recipe: Recipe) -> PhotoSet:
        """Read and split them.

        Raises:
            TrainingError: no usable photos, or photos without partners.
        """
        if self.pairs is not None:
            return load_pairs(match_folders(*self.pairs), recipe.data, recipe.training.seed)
        return load_photos(find_photos(self.folders), recipe.data, recipe.training.seed)


@dataclass(frozen=True, slots=True)
class TrainRequest:
    """What to train on, how, and where to put it."""

    photos: Photos
    recipe: Recipe
    run: RunFolder
    resume: bool = False
    device: str = "auto"
    source: Path | None = None
    """A run folder, checkpoint or model whose weights to start from."""
    search_rate: bool = False
    """Whether the first learning rate is found by trial (section 18.4.3)."""


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


def started(photos: Photos, recipe: Recipe, runs: Path, *, device: str = "auto") -> TrainRequest:
    """A run in a new folder under `runs`, named after the recipe.

    Raises:
        TrainingError: no photos, or the folder cannot be made.
    """
    photos.check()
    return TrainRequest(photos, recipe, new_run_folder(runs, recipe.name), device=device)


def resumed(
    photos: Photos, path: Path, *, device: str = "auto", recipe: Recipe | None = None
) -> TrainRequest:
    """The run in folder `path`, to go on with its own recipe.

    Raises:
        UsageError: not a run's folder.
        TrainingError: its `run.json` is damaged, or `recipe` was asked for and is not the run's.
    """
    if path.is_file():
        raise UsageError(f"--resume {path}: is a file; give the run's folder: --resume {path.parent}")
    if not (path / "run.json").is_file():
        raise UsageError(f"--resume {path}: not the folder of a training run (no run.json in it)")
    run = RunFolder(path)
    if recipe is not None and recipe != run.recipe():
        raise TrainingError(
            f"--resume {path}: is a run of {run.recipe().name} with its own settings, not of this {recipe.name}; leave "
            f"--recipe out, or start anew from its weights with --from {path}"
        )
    return TrainRequest(photos, run.recipe(), run, resume=True, device=device)


def train(
    request: TrainRequest,
    *,
    report: Callable[[Progress], None] = lambda progress: None,
    report_rate: Callable[[RateTrial], None] = lambda trial: None,
    stop: Callable[[], bool] = lambda: False,
) -> TrainingState:
    """Train, or go on training, until the recipe's images are seen or `stop()` says so.

    Raises:
        TrainingError: no usable photos, a damaged checkpoint, other photos than the run began with, divergence.
        DeviceError: the device was asked for by name and torch cannot use it.
        ConfigError: the recipe tunes a network and none is given, or one of other settings.
        SearchStoppedError: `stop()` said so while the first rate was being found.
    """
    try:
        device = choose_device(request.device)
        precision = choose_precision(request.recipe.training.precision, device)
        photos = request.photos.load(request.recipe)
        begin = _go_on if request.resume else _begin
        state = begin(request, photos, device, precision, report_rate, stop)
    except BaseException:
        request.run.forget()  # only if nothing is in it yet
        raise
    fit(state, photos, request.run, report=report, stop=stop)
    return state


def _go_on(
    request: TrainRequest,
    photos: PhotoSet,
    device: torch.device,
    precision: str,
    _report_rate: Callable[[RateTrial], None],
    _stop: Callable[[], bool],
) -> TrainingState:
    """The state of the run's last checkpoint; a run resumed on other photos would be neither run."""
    if request.run.description()["data_digest"] != photos.digest:
        raise TrainingError(
            f"{request.run.path}: was trained on other photos than these; give the same folders, or start a new run"
        )
    state = TrainingState.start(request.recipe, device, precision)
    state.restore(request.run)
    request.run.forget_after(state.images)
    return state


def _weights_to_start_from(source: Path, recipe: Recipe, photos: PhotoSet) -> tuple[dict[str, Tensor], int]:
    """The weights, made to fit the recipe's network, and the images that they have seen."""
    weights, trained, seen = load_weights(source)
    if trained.training.quantise != "nothing" != recipe.training.quantise:
        raise ConfigError(
            f"--from {source}: was tuned to rounding already; start from the float network that it was tuned from"
        )
    weights = without_ranges(weights)
    if is_deeper(recipe.model, trained.model):
        torch.manual_seed(recipe.training.seed)
        weights = deepened(weights, recipe.model)
    elif is_narrower(recipe.model, trained.model):
        weights = narrowed(weights, trained.model, recipe.model, _probe_batches(recipe, photos))
    else:
        refuse_other_network(recipe, trained, str(source))
    if recipe.training.quantise != "nothing":
        weights = _with_ranges(weights, recipe, photos)
    return weights, seen


def _with_ranges(weights: dict[str, Tensor], recipe: Recipe, photos: PhotoSet) -> dict[str, Tensor]:
    """Float weights made ready for 8 bits."""
    return prepared_weights(recipe.model, weights, _probe_batches(recipe, photos))


def _probe_batches(recipe: Recipe, photos: PhotoSet) -> list[Tensor]:
    """Noisy batches of another seed, which the run itself will not see, to observe a network on."""
    training = recipe.training.model_copy(update={"seed": recipe.training.seed + _PROBE_SEED})
    other, cpu = recipe.model_copy(update={"training": training}), torch.device("cpu")
    return [training_batch(other, photos, step, cpu)[0] for step in range(_PROBE_BATCHES)]


def _begin(
    request: TrainRequest,
    photos: PhotoSet,
    device: torch.device,
    precision: str,
    report_rate: Callable[[RateTrial], None],
    stop: Callable[[], bool],
) -> TrainingState:
    """Fresh or given weights, at the recipe's rate or one found by trial; all of it told in `run.json`."""
    recipe, weights, seen, tried = request.recipe, None, 0, []
    if request.source is not None:
        weights, seen = _weights_to_start_from(request.source, recipe, photos)
    elif recipe.training.quantise != "nothing":
        raise ConfigError(
            f"recipe {recipe.name}: training.quantise tunes a trained network; give it with --from RUN"
        )
    if request.search_rate:
        tried = find_rate(recipe, photos, device, precision, weights=weights, report=report_rate, stop=stop)
        recipe = with_first_rate(recipe, tried[-1].rate)
    request.run.describe(
        recipe,
        photos=len(photos.training) + len(photos.validation) + len(photos.test),
        data_digest=photos.digest,
        device=str(device),
        precision=precision,
        started_from=None if request.source is None else str(request.source),
        rates_tried=[str(trial) for trial in tried],
    )
    return TrainingState.start(recipe, device, precision, weights, seen)
