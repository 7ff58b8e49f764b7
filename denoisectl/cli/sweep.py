"""`denoisectl sweep`: choose recipe keys by training with several values."""

from __future__ import annotations

import json as jsonlib
import shlex
import signal
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from denoisectl.cli import console
from denoisectl.cli.extras import needs_extra
from denoisectl.cli.options import JsonOpt, QuietOpt

if TYPE_CHECKING:
    from rich.table import Table

    from denoisectl_training.sweep.study import SweepResult
    from denoisectl_training.sweep.trials import SweepRequest, Tried


def sweep(
    folders: Annotated[
        list[Path],
        typer.Argument(
            metavar="FOLDER", help="Folders of clean photos. Names that begin with - go after --."
        ),
    ],
    *,
    over: Annotated[
        list[str],
        typer.Option(
            "--over",
            metavar="KEY=VALUES",
            help="LOW..HIGH, LOW..HIGH:log or [A, B]. Repeatable.",
            show_default=False,
        ),
    ],
    out: Annotated[
        Path, typer.Option("--out", "-o", metavar="DIR", help="Where trials are kept; the same DIR goes on.")
    ],
    recipe: Annotated[
        str, typer.Option("--recipe", metavar="NAME|FILE", help="What all trials have in common.")
    ] = "skip",
    overrides: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Override a recipe key. Repeatable."),
    ] = None,
    trials: Annotated[int, typer.Option("--trials", min=1, metavar="N", help="Trials in all.")] = 20,
    workers: Annotated[
        int, typer.Option("--workers", min=1, metavar="N", help="Trials at the same time.")
    ] = 1,
    device: Annotated[
        str, typer.Option("--device", "-d", metavar="DEVICE", help="auto, cpu, cuda or cuda:1.")
    ] = "auto",
    json: JsonOpt = False,
    quiet: QuietOpt = False,
) -> None:
    """Choose hyperparameters: train with several values and keep the best on validation photos.

    Photos are split into training, validation and test. The chosen network is measured once on the test
    photos, and that is the figure to quote. Stop it at any time; the same command goes on.

    [bold]Examples[/bold]

      # the learning rate, over a range
      denoisectl sweep ./photos --out sweeps/rate --over optimizer.lr=1e-4..1e-2:log --trials 12

      # two losses, in short runs
      denoisectl sweep ./photos --out sweeps/loss --over 'loss.l1=[0, 30]' --set training.images=20000
    """
    console.set_loudness(quiet=quiet)
    with needs_extra("train"), needs_extra("sweep"):
        from denoisectl_training.sweep.space import parse_space
        from denoisectl_training.sweep.trials import SweepRequest
        from denoisectl_training.train import Photos
    request = SweepRequest(
        Photos(tuple(folders)),
        recipe,
        tuple(overrides or ()),
        parse_space(over),
        trials,
        out,
        device,
        workers,
    )
    _run(request, json)


def _run(request: SweepRequest, json: bool) -> None:
    from denoisectl.cli.signals import Interrupted
    from denoisectl_training.fit.stopping import stoppable
    from denoisectl_training.sweep.study import sweep as search

    with stoppable() as stop:
        result = search(request, report=_say, stop=stop)
    if result is None:
        console.say(f"stopped; the same command goes on from {request.folder}")
        raise Interrupted(stop.signum or signal.SIGINT)
    if json:
        console.emit(jsonlib.dumps({"v": 1, **asdict(result), "run": str(result.run)}))
        return
    console.show(_table(result))
    settings = [*request.overrides, *result.best.overrides]
    if not any(value.startswith("data.test_photos=") for value in settings):
        # The photos that the figure comes from are not to be learned.
        settings.append(f"data.test_photos={request.recipe_of().data.test_photos}")
    changes = " ".join(f"--set {shlex.quote(value)}" for value in settings)
    console.say(f"{result.run}: {result.test_psnr:.2f} dB on test photos")
    console.say(f"next: denoisectl train {request.photos} --recipe {shlex.quote(request.recipe)} {changes}")


def _say(tried: Tried) -> None:
    score = "given up" if tried.psnr is None else f"{tried.psnr:.2f} dB"
    console.say(f"trial {tried.number}: {', '.join(tried.overrides)}: {score}")


def _table(result: SweepResult) -> Table:
    from rich.table import Table
    from rich.text import Text

    table = Table(title="Validation PSNR, best first", title_justify="left")
    for column in ("trial", "values", "dB"):
        table.add_column(column, justify="right" if column == "dB" else "left")
    for tried in sorted(result.trials, key=lambda each: -(each.psnr or 0.0)):
        score = "given up" if tried.psnr is None else f"{tried.psnr:.2f}"
        table.add_row(str(tried.number), Text(", ".join(tried.overrides)), score)
    return table
