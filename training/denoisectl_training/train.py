"""A training run from folder names to a finished run folder; what `denoisectl train` calls."""

from __future__ import annotations

import logging
import shlex
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from denoisectl.errors import ConfigError, DeviceError, ModelError, TrainingError, UsageError
from denoisectl_training.devices import choose_device, choose_precision, is_gpu_failure, is_out_of_memory
from denoisectl_training.fit.loop import Progress, fit
from denoisectl_training.fit.rate_search import RateTrial, find_rate
from denoisectl_training.fit.state import TrainingState
from denoisectl_training.photos.finding import find_photos, tell_left_out
from denoisectl_training.photos.pairs import match_folders
from denoisectl_training.photos.photo_set import PhotoSet, load_pairs, load_photos
from denoisectl_training.recipes import Recipe, with_first_rate
from denoisectl_training.records.run_folder import RunFolder, new_run_folder
from denoisectl_training.weights.starting import weights_to_start_from

_log = logging.getLogger("denoisectl")
_NO_MEMORY = (
    "not enough memory for a step of this training: lower training.batch, data.crop (and data.last_crop), or "
    "model.widths; what is saved goes on with --from"
)


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

    def count(self) -> int:
        """How many photos or pairs there are, before a run folder is made for them.

        Raises:
            UsageError: no such folder, no photos in it, or one folder for both of a pair.
            TrainingError: photos without partners.
        """
        if self.pairs is not None:
            found = len(match_folders(*self.pairs))
            noisy, clean = self.pairs
            if noisy.samefile(clean):
                raise UsageError(
                    f"--pairs: {noisy} and {clean} are one folder; name that of the clean photos, too"
                )
            return found
        return len(find_photos(self.folders))

    def load(self, recipe: Recipe) -> PhotoSet:
        """Read and split them.

        Raises:
            TrainingError: no usable photos, or photos without partners.
        """
        if self.pairs is not None:
            return load_pairs(match_folders(*self.pairs), recipe.data, recipe.training.seed)
        tell_left_out(self.folders)
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


def started(photos: Photos, recipe: Recipe, runs: Path, *, device: str = "auto") -> TrainRequest:
    """A run in a new folder under `runs`, named after the recipe.

    Raises:
        UsageError: no photos, or the folder cannot be made.
    """
    photos.count()  # or say that there are none
    return TrainRequest(photos, recipe, new_run_folder(runs, recipe.name), device=device)


def resumed(
    photos: Photos, path: Path, *, device: str = "auto", recipe: Recipe | None = None
) -> TrainRequest:
    """The run in folder `path`, to go on with its own recipe.

    Raises:
        UsageError: not a run's folder, or `recipe` was asked for and is not the run's.
        TrainingError: its `run.json` is damaged.
    """
    if path.is_file():
        raise UsageError(f"--resume {path}: is a file; give the run's folder: --resume {path.parent}")
    if not (path / "run.json").is_file():
        raise UsageError(f"--resume {path}: not the folder of a training run (no run.json in it)")
    run = RunFolder(path)
    if recipe is not None and recipe != run.recipe():
        raise UsageError(
            f"--resume {path}: is a run of {run.recipe().name} with its own settings, not of this {recipe.name}; leave "
            f"--recipe out, or start anew from its weights with --from {path}"
        )
    return TrainRequest(photos, run.recipe(), run, resume=True, device=device)


def train(
    request: TrainRequest,
    *,
    report: Callable[[Progress], None] = lambda progress: None,
    report_rate: Callable[[RateTrial], None] = lambda trial: None,
    begin: Callable[[], None] = lambda: None,
    stop: Callable[[], bool] = lambda: False,
) -> TrainingState:
    """Train, or go on training, until the recipe's images are seen or `stop()` says so.

    `begin` is called once the photos are read.

    Raises:
        UsageError: other photos than the run began with.
        TrainingError: no usable photos, a damaged checkpoint, divergence, not enough memory.
        DeviceError: the device was asked for by name and torch cannot use it, or a GPU failed.
        ConfigError: the recipe tunes a network and none is given, or one of other settings.
        SearchStoppedError: `stop()` said so while the first rate was being found.
    """
    try:
        device = choose_device(request.device)
        precision = choose_precision(request.recipe.training.precision, device)
        photos = request.photos.load(request.recipe)
        begin()
        if request.resume:
            state = _resumed_state(request, photos, device, precision)
        else:
            state = _new_state(request, photos, device, precision, report_rate, stop)
        fit(state, photos, request.run, report=report, stop=stop)
    except (MemoryError, RuntimeError) as error:
        if is_out_of_memory(error):
            raise TrainingError(_NO_MEMORY) from error
        if is_gpu_failure(error):
            raise DeviceError(_gpu_failed(request, error)) from error
        raise
    finally:
        request.run.remove_if_empty()
    return state


def _gpu_failed(request: TrainRequest, error: Exception) -> str:
    """In words, with the way on: the run's folder lasts once it says how it began."""
    begun = (request.run.path / "run.json").is_file()
    way = (
        f"go on with: denoisectl train {request.photos} --resume {shlex.quote(str(request.run.path))}"
        if begun
        else "start again"
    )
    return f"the GPU failed ({str(error).splitlines()[0]}); when nvidia-smi lists it, {way}"


def _resumed_state(
    request: TrainRequest, photos: PhotoSet, device: torch.device, precision: str
) -> TrainingState:
    """The state of the run's newest checkpoint; a run resumed on other photos would be neither run."""
    told = request.run.description()
    if told["data_digest"] != photos.digest:
        raise UsageError(
            f"{request.run.path}: was trained on other photos than these; give the same folders, or start a new run"
        )
    if checkpoint := request.run.newest():
        state = TrainingState.start(request.recipe, device, precision)
        state.restore(checkpoint)
    else:  # killed before its first checkpoint
        source = told.get("started_from")
        weights, seen = _weights_of_before(source, request, photos)
        state = TrainingState.start(request.recipe, device, precision, weights, seen)
    request.run.drop_records_after(state.images)
    return state


def _new_state(
    request: TrainRequest,
    photos: PhotoSet,
    device: torch.device,
    precision: str,
    report_rate: Callable[[RateTrial], None],
    stop: Callable[[], bool],
) -> TrainingState:
    """Fresh or given weights, at the recipe's rate or one found by trial; all of it told in `run.json`."""
    recipe, tried = request.recipe, list[RateTrial]()
    _warn_of_borrowed_statistics(recipe)
    weights, seen = _first_weights(request.source, recipe, photos)
    if request.search_rate:
        tried = find_rate(recipe, photos, device, precision, weights=weights, report=report_rate, stop=stop)
        recipe = with_first_rate(recipe, tried[-1].rate)
    request.run.describe(
        recipe,
        photos=len(photos.training) + len(photos.validation) + len(photos.test),
        paired=photos.paired,
        data_digest=photos.digest,
        device=str(device),
        precision=precision,
        started_from=None if request.source is None else _lasting(request.source),
        rates_tried=[str(trial) for trial in tried],
    )
    return TrainingState.start(recipe, device, precision, weights, seen)


def _warn_of_borrowed_statistics(recipe: Recipe) -> None:
    """Averaged weights are used with what batch normalisation gathered under other weights."""
    training, normalised = recipe.training, recipe.model.batch_norm and recipe.model.architecture != "unet"
    if training.ema and normalised and not training.steady_share:
        _log.warning(
            "training.ema averages weights, and batch normalisation goes by other weights' statistics, which costs up "
            "to a dB; set training.steady_share=0.1, so that these stand still at the end, or training.ema=0"
        )


def _lasting(source: Path) -> str:
    """A path in full, which a run that is resumed elsewhere finds; a shipped model's name as it is."""
    return str(source.resolve() if source.exists() else source)


def _weights_of_before(
    source: str | None, request: TrainRequest, photos: PhotoSet
) -> tuple[dict[str, Tensor] | None, int]:
    """What a run that has no checkpoint yet began with."""
    try:
        return _first_weights(Path(source) if source else None, request.recipe, photos)
    except ModelError as error:
        raise TrainingError(
            f"--resume {request.run.path}: has no checkpoint yet, and what it began with cannot be used ({error}); "
            "start a new run"
        ) from error


def _first_weights(
    source: Path | None, recipe: Recipe, photos: PhotoSet
) -> tuple[dict[str, Tensor] | None, int]:
    """The weights to tune and the images that they saw; None for fresh ones."""
    if source is not None:
        return weights_to_start_from(source, recipe, photos)
    if recipe.training.quantise != "nothing":
        raise ConfigError(
            f"recipe {recipe.name}: training.quantise tunes a trained network; give it with --from RUN"
        )
    return None, 0
