"""`denoisectl train`: a folder of clean photos to a trained network."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from denoisectl.cli import console
from denoisectl.cli.extras import needs_extra
from denoisectl.cli.options import QuietOpt
from denoisectl.errors import UsageError

__all__ = ["train"]


def train(
    folders: Annotated[
        list[Path] | None,
        typer.Argument(metavar="FOLDER...", help="Folders of clean photos, searched to the bottom."),
    ] = None,
    *,
    recipe: Annotated[
        str, typer.Option("--recipe", metavar="NAME|FILE", help="A shipped recipe or a .toml file.")
    ] = "skip",
    overrides: Annotated[
        list[str] | None,
        typer.Option(
            "--set", metavar="KEY=VALUE", help="Override a recipe key, e.g. optimizer.lr=1e-3. Repeatable."
        ),
    ] = None,
    resume: Annotated[
        Path | None,
        typer.Option("--resume", metavar="RUN", help="Go on with this run from its last checkpoint."),
    ] = None,
    max_time: Annotated[
        str | None,
        typer.Option("--max-time", metavar="TIME", help="Stop after 90s, 10m or 1h30m, resumably."),
    ] = None,
    runs: Annotated[Path, typer.Option("--runs", metavar="DIR", help="Where run folders are made.")] = Path(
        "runs"
    ),
    device: Annotated[
        str, typer.Option("--device", "-d", metavar="DEVICE", help="auto, cpu, cuda or cuda:1.")
    ] = "auto",
    list_recipes: Annotated[bool, typer.Option("--list", help="List the shipped recipes and exit.")] = False,
    quiet: QuietOpt = False,
) -> None:
    """Train a denoising autoencoder on a folder of clean photos.

    Noise is made on the fly, photos are set aside for validation, and everything lands in a run folder.
    Ctrl-C or SIGTERM stops after the current step; --resume goes on as if nothing had happened.

    Examples:
      denoisectl train ./photos --recipe skip --max-time 10m

      denoisectl train ./photos --resume runs/skip

      denoisectl export runs/skip --out skip.onnx
    """
    console.set_loudness(quiet=quiet)
    with needs_extra("train"):
        from denoisectl_training.recipes import load_recipe, shipped_recipes

        if list_recipes:
            for name in shipped_recipes():
                console.emit(f"{name}\t{load_recipe(name).summary}")
            return
        from denoisectl_training.train import parse_duration, prepare
    if not folders:
        raise UsageError("no folder of photos given; for example: denoisectl train ./photos --recipe skip")
    if resume is not None and overrides:
        raise UsageError("--set cannot change a run that is resumed; start a new one, or leave --set out")
    seconds = None if max_time is None else parse_duration(max_time)
    request = prepare(folders, load_recipe(recipe, overrides), runs=runs, resume=resume, device=device)
    _train_watched(request, seconds)


def _train_watched(request: object, seconds: float | None) -> None:
    """Train under a live display, and say at the end where the run is and what to do with it."""
    from denoisectl.cli.signals import Interrupted
    from denoisectl.cli.training_display import training_display
    from denoisectl_training.stopping import stoppable
    from denoisectl_training.train import TrainRequest, train

    assert isinstance(request, TrainRequest)
    with stoppable(seconds) as stop, training_display(request.recipe.name) as report:
        state = train(request, report=report, stop=stop)
    seen, total = state.images, request.recipe.training.images
    score = "" if state.psnr is None else f", {state.psnr:.2f} dB on held-out photos"
    console.say(f"{request.run.path}: {seen:,} of {total:,} images seen{score}")
    if seen < total:
        folders = " ".join(map(str, request.folders))
        console.say(f"go on with: denoisectl train {folders} --resume {request.run.path}")
    console.say(f"next: denoisectl export {request.run.path} --out {request.recipe.name}.onnx")
    if stop.signum is not None:
        raise Interrupted(stop.signum)
