"""`denoisectl curves`: what training runs have logged, as a plot or as CSV."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from denoisectl.cli import console
from denoisectl.cli.extras import needs_extra
from denoisectl.cli.options import QuietOpt
from denoisectl.errors import UsageError

_PICTURES = (".png", ".svg", ".pdf")


def curves(
    runs: Annotated[list[Path], typer.Argument(metavar="RUN", help="Run folders, finished or not.")],
    *,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", metavar="FILE", help="The plot to write: .png, .svg or .pdf."),
    ] = None,
    csv: Annotated[
        Path | None, typer.Option("--csv", metavar="FILE", help="Write every record as CSV too.")
    ] = None,
    window: Annotated[
        int | None,
        typer.Option(
            "--smooth",
            min=1,
            metavar="N",
            help="Records in the moving average of the loss.",
            show_default="50, but at most a tenth of a run's",
        ),
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace existing files.")] = False,
    quiet: QuietOpt = False,
) -> None:
    """Draw the learning curves of one or more runs on one plot.

    A single run changes colour where its learning rate changes; several have a colour each.

    [bold]Examples[/bold]

      # two runs on one plot
      denoisectl curves runs/book-small runs/book-skip --out curves.png

      # one run as numbers, for another program
      denoisectl curves runs/book-skip --csv curves.csv
    """
    console.set_loudness(quiet=quiet)
    if out is None and csv is None:
        raise UsageError("nothing to write; for example: denoisectl curves runs/book-skip --out curves.png")
    if out is not None and out.suffix.lower() not in _PICTURES:
        raise UsageError(f"--out {out}: a plot's name ends in {', '.join(_PICTURES[:-1])} or {_PICTURES[-1]}")
    if csv is not None and csv.suffix.lower() != ".csv":
        raise UsageError(f"--csv {csv}: a table's name ends in .csv")
    for flag, file in (("--out", out), ("--csv", csv)):
        if file is not None and file.exists() and not overwrite:
            raise UsageError(f"{flag} {file}: exists already; choose another name or add --overwrite")
    with needs_extra("train"):
        from denoisectl_training.records.curve_plot import draw_curves
        from denoisectl_training.records.curves import read_curve, write_csv
    read = [read_curve(run) for run in runs]
    if out is not None:
        draw_curves(read, out, window=window)
        console.say(f"{out}: {', '.join(curve.name for curve in read)}")
    if csv is not None:
        write_csv(read, csv, window=window)
        console.say(f"{csv}: {sum(len(curve.images) for curve in read):,} training records")
