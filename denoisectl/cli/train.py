"""`denoisectl train`: a folder of clean photos to a trained network."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from denoisectl.cli import console
from denoisectl.cli.extras import needs_extra
from denoisectl.cli.options import QuietOpt
from denoisectl.cli.sizes import duration
from denoisectl.errors import UsageError

if TYPE_CHECKING:
    from denoisectl_training.recipes import Recipe
    from denoisectl_training.train import Photos, TrainRequest


_NOT_OF_PAIRS = {"data.scale", "data.brightness", "data.graphics", "data.max_side"}


def train(
    folders: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="FOLDER",
            help="Folders of clean photos, searched to the bottom. Names that begin with - go after --.",
        ),
    ] = None,
    *,
    recipe: Annotated[
        str | None,
        typer.Option(
            "--recipe",
            metavar="NAME|FILE",
            help="A shipped recipe (see --list; skip is book-skip) or a .toml file.",
            show_default="skip",
        ),
    ] = None,
    overrides: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Override a recipe key, e.g. loss.l1=0. Repeatable."),
    ] = None,
    rate: Annotated[
        str | None,
        typer.Option("--lr", metavar="auto|RATE", help="First learning rate; auto finds it by short trials."),
    ] = None,
    pairs: Annotated[
        tuple[Path, Path] | None,
        typer.Option(
            "--pairs", metavar="NOISY CLEAN", help="Learn from your own pairs: two folders, matched by name."
        ),
    ] = None,
    source: Annotated[
        Path | None,
        typer.Option(
            "--from",
            metavar="RUN|MODEL",
            help="Start from the weights of this run, checkpoint or model; the recipe may deepen a U-net.",
        ),
    ] = None,
    freeze_encoder: Annotated[
        bool, typer.Option("--freeze-encoder", help="Leave the encoder as it is and train the decoder.")
    ] = False,
    resume: Annotated[
        Path | None,
        typer.Option("--resume", metavar="RUN", help="Go on with this run from its last checkpoint."),
    ] = None,
    max_time: Annotated[
        float | None,
        typer.Option(
            "--max-time",
            parser=duration,
            metavar="TIME",
            help="Stop after 90s, 10m or 1h30m, resumably; a bare number is minutes.",
        ),
    ] = None,
    runs: Annotated[Path, typer.Option("--runs", metavar="DIR", help="Where run folders are made.")] = Path(
        "runs"
    ),
    tensorboard: Annotated[
        bool, typer.Option("--tensorboard", help="Write TensorBoard events into the run folder too.")
    ] = False,
    device: Annotated[
        str, typer.Option("--device", "-d", metavar="DEVICE", help="auto, cpu, cuda or cuda:1.")
    ] = "auto",
    out: Annotated[str | None, typer.Option("--out", "-o", hidden=True)] = None,
    list_recipes: Annotated[bool, typer.Option("--list", help="List the shipped recipes and exit.")] = False,
    quiet: QuietOpt = False,
) -> None:
    """Train a denoising autoencoder on a folder of clean photos, or on your own noisy and clean pairs.

    Noise is made on the fly, photos are set aside for validation, and everything lands in a run folder.
    Ctrl-C or SIGTERM stops after the current step; --resume goes on as if nothing had happened.
    Fine-tuning (--from) takes a tenth of the rate and of the images of the run it starts from.

    [bold]Examples[/bold]

      # see the recipes, then train one for ten minutes; go on where that stopped
      denoisectl train --list
      denoisectl train ./photos --recipe skip --max-time 10m
      denoisectl train ./photos --resume runs/book-skip

      # find the learning rate first, and change one key of the recipe
      denoisectl train ./photos --recipe skip --lr auto --set model.dropout=0.1

      # make a trained network fit one's own camera
      denoisectl train --from runs/book-skip --pairs ./noisy ./clean --freeze-encoder
    """
    console.set_loudness(quiet=quiet)
    if out is not None:
        raise UsageError(
            f"--out {out}: train makes run folders, in --runs DIR; denoisectl export RUN --out FILE makes a model file"
        )
    with needs_extra("train"):
        if list_recipes:
            _list_recipes()
            return
        from denoisectl_training.train import Photos, resumed
    if not folders and pairs is None:
        raise UsageError("no folder of photos given; for example: denoisectl train ./photos --recipe skip")
    if folders and pairs is not None:
        raise UsageError("give folders of clean photos or --pairs, not both")
    if freeze_encoder and source is None and resume is None:
        raise UsageError(
            "--freeze-encoder needs --from: the encoder of a new network has learned nothing to be kept"
        )
    photos = Photos(tuple(folders or ()), pairs)
    if tensorboard:
        with needs_extra("tensorboard"):
            import denoisectl_training.fit.events  # noqa: F401 - asked for early, before the run has a folder
    if photos.pairs is not None:
        _refuse_noise_for_pairs(overrides or [])
    changes = [*(overrides or []), *(['training.frozen="encoder"'] if freeze_encoder else [])]
    if resume is None:
        request = _new_run(photos, recipe, changes, rate, source, runs, device)
    elif changes or rate or source:
        raise UsageError(
            "--resume goes on as the run began; leave out --set, --lr, --from and --freeze-encoder"
        )
    else:
        request = resumed(
            photos, resume, device=device, recipe=None if recipe is None else _recipe(recipe, [])
        )
    _train_watched(request, max_time, tensorboard)


def _refuse_noise_for_pairs(overrides: list[str]) -> None:
    """Pairs are used as they are, with the noise that they have."""
    from denoisectl_training.recipes import given_keys

    for key in sorted(given_keys(overrides)):
        if key in _NOT_OF_PAIRS or key.split(".")[0] == "corruption":
            raise UsageError(
                f"--set {key}: pairs are learned as they are, with no more noise, drawings or resizing; leave it out"
            )


def _list_recipes() -> None:
    from itertools import groupby

    from denoisectl_training.recipes import load_recipe, shipped_recipes

    console.say("for --recipe NAME; book- may be left out, so that --recipe skip is book-skip:")
    for is_experiment, names in groupby(shipped_recipes(), lambda name: name.startswith("exp-")):
        if is_experiment:
            console.say("the comparisons in docs/experiments.md:")
        for name in names:
            console.emit(f"{name}\t{load_recipe(name).summary}")


def _new_run(
    photos: Photos,
    recipe: str | None,
    changes: list[str],
    rate: str | None,
    source: Path | None,
    runs: Path,
    device: str,
) -> TrainRequest:
    from dataclasses import replace

    from denoisectl_training.recipes import with_first_rate
    from denoisectl_training.train import started

    chosen = (
        _tuning_recipe(source, photos, changes)
        if source and recipe is None
        else _recipe(recipe or "skip", changes)
    )
    if rate is not None and rate != "auto":
        chosen = with_first_rate(chosen, _number(rate))
    request = started(photos, chosen, runs, device=device)
    earlier = runs / chosen.name
    if request.run.path != earlier:
        console.say(
            f"{earlier} is there already, so this run is {request.run.path}; --resume {earlier} goes on with that one"
        )
    return replace(request, source=source, search_rate=rate == "auto")


def _recipe(name: str, changes: list[str]) -> Recipe:
    from denoisectl_training.recipes import load_recipe

    return load_recipe(name, changes)


def _tuning_recipe(source: Path, photos: Photos, changes: list[str]) -> Recipe:
    from denoisectl_training.recipes import changed
    from denoisectl_training.weights.trained import load_weights
    from denoisectl_training.weights.tuning import tuned

    return changed(tuned(load_weights(source).recipe, photos.count()), changes)


def _number(rate: str) -> float:
    try:
        number = float(rate)
    except ValueError:
        number = 0.0
    if not 0.0 < number < float("inf"):
        raise UsageError(f"--lr {rate}: expected auto or a number above 0, such as 1e-3")
    return number


def _train_watched(request: TrainRequest, seconds: float | None, tensorboard: bool) -> None:
    """Train under a live display, and say at the end where the run is and what to do with it."""
    from denoisectl.cli.signals import Interrupted
    from denoisectl.cli.training_display import training_display
    from denoisectl_training.fit.rate_search import SearchStoppedError
    from denoisectl_training.fit.stopping import stoppable
    from denoisectl_training.train import train

    events = request.run.path if tensorboard else None
    total = request.recipe.training.images
    shown = training_display(request.recipe.name, _seen_before(request), total, events, seconds)
    with stoppable(seconds) as stop, shown as display:
        try:
            state = train(
                request,
                report=display.report,
                report_rate=lambda trial: console.say(f"rate {trial}"),
                begin=display.begin,
                stop=stop,
            )
        except SearchStoppedError:
            if stop.signum is None:  # it was --max-time
                raise
            raise Interrupted(stop.signum) from None
    seen = min(state.images, total)  # a last batch may go beyond
    losses = [record["loss"] for record in request.run.records() if "loss" in record]
    loss = f", loss {losses[-1]:.3f}" if losses else ""
    score = "" if state.psnr is None else f", {state.psnr:.2f} dB on held-out photos"
    console.say(f"{request.run.path}: {seen:,} of {total:,} images seen{loss}{score}")
    run = shlex.quote(str(request.run.path))
    if seen < total:
        console.say(f"go on with: denoisectl train {request.photos} --resume {run}")
    if seen:
        console.say(f"next: denoisectl export {run} --out {shlex.quote(_model_file(request.run.path, seen))}")
    if stop.signum is not None:
        raise Interrupted(stop.signum)


def _model_file(run: Path, seen: int) -> str:
    """A name to export to: the run's, with the images seen where that is taken."""
    name = run.resolve().name
    return f"{name}-{seen}.onnx" if Path(f"{name}.onnx").exists() else f"{name}.onnx"


def _seen_before(request: TrainRequest) -> int:
    """Images that the run has logged; where it was killed, its checkpoint may lie somewhat before."""
    records = request.run.records() if request.resume else []
    return max((record["images"] for record in records), default=0)
