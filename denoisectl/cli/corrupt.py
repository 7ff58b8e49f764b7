"""`denoisectl corrupt`: clean photos to noisy ones, by the corruptions that networks are trained with."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from denoisectl.choices import IfExistsName
from denoisectl.cli import console
from denoisectl.cli.contradictions import refuse_folders
from denoisectl.cli.extras import needs_extra
from denoisectl.cli.options import ExcludeOpt, IncludeOpt, OnCollisionOpt, QuietOpt, RecursiveOpt, SuffixOpt
from denoisectl.cli.run_options import RunOptions
from denoisectl.errors import UsageError


class Kind(StrEnum):
    """The corruptions."""

    GAUSSIAN = "gaussian"
    POISSON = "poisson"
    SALT_AND_PEPPER = "salt_and_pepper"
    BLUR = "blur"
    KNOCKOUT = "knockout"
    CAMERA = "camera"
    DEVELOPED = "developed"


def corrupt(
    inputs: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="INPUT", help="Files, folders, quoted globs. Names that begin with - go after --."
        ),
    ] = None,
    *,
    out: Annotated[
        Path,
        typer.Option(
            "--out", "-o", metavar="DIR|FILE", help="Folder for the noisy photos, or the file of one."
        ),
    ],
    kind: Annotated[
        Kind,
        typer.Option(
            "--kind",
            metavar="KIND",
            help="gaussian, poisson, salt_and_pepper, blur, knockout (black blocks), camera (simulated) or "
            "developed (noise as finished photos have it).",
        ),
    ] = Kind.GAUSSIAN,
    amount: Annotated[
        float | None,
        typer.Option(
            "--amount",
            help="gaussian: sigma in 8-bit levels (25); poisson: noise at white (0.1); salt_and_pepper: share of "
            "pixels (0.05); blur: sigma in pixels (1.5); knockout: side in pixels (9).",
            show_default=False,
        ),
    ] = None,
    seed: Annotated[int, typer.Option("--seed", help="Another seed gives other noise.")] = 0,
    recursive: RecursiveOpt = False,
    include: IncludeOpt = None,
    exclude: ExcludeOpt = None,
    if_exists: Annotated[
        IfExistsName | None,
        typer.Option(
            help="When an output is there already: skip makes it again only if its input or the options have "
            "changed; newer if the input was changed after it.",
            show_default="skip; error where --out is a file",
        ),
    ] = None,
    on_collision: OnCollisionOpt = "error",
    suffix: SuffixOpt = "",
    format: Annotated[
        str | None,
        typer.Option(
            "--format",
            metavar="png|keep",
            help="png adds no loss of its own.",
            show_default="png; by its ending where --out is a file",
        ),
    ] = None,
    quiet: QuietOpt = False,
) -> None:
    """Make photos noisy, blurred or damaged, the same way every time.

    For tests, and for pairs to train on. The noise depends on a photo's pixels and --seed, and on nothing else.

    [bold]Examples[/bold]

      # the noise of the literature, in 8 bits: clipped and rounded
      denoisectl corrupt photos -o noisy --kind gaussian --amount 25

      # what a camera does: noise before demosaicing, then JPEG
      denoisectl corrupt photos -o raw-like --kind camera --seed 7
    """
    console.set_loudness(quiet=quiet)
    if not inputs:
        raise UsageError(
            "nothing to corrupt: name files or folders; for example: denoisectl corrupt photos -o noisy"
        )
    if "-" in inputs:
        raise UsageError("-: corrupt does not read stdin; name files or folders (a file called - is ./-)")
    if format not in (None, "png", "keep"):
        raise UsageError(f"--format {format}: give png or keep")
    refuse_folders(suffix)
    with needs_extra("train"):
        from denoisectl_training.corruption.images import ImageCorruption
    from denoisectl.batch.run_plan import Resources
    from denoisectl.batch.settings import Settings
    from denoisectl.cli.batch_request import Faults, Request
    from denoisectl.cli.batch_run import BatchRun
    from denoisectl.images import Format

    corruption = ImageCorruption(kind.value, _checked(kind, amount), seed)
    asked = RunOptions(
        inputs=inputs,
        out=str(out),
        recursive=recursive,
        include=include,
        exclude=exclude,
        suffix=suffix,
        if_exists=if_exists,
        on_collision=on_collision,
    )
    request = Request(asked)
    kept = format == "keep" or (format is None and request.output_file)
    settings = Settings(format=None if kept else Format.PNG)
    work = BatchRun(request, settings, corruption, Faults(asked), Resources())
    if not work.run():
        raise typer.Exit(1)


def _checked(kind: Kind, amount: float | None) -> float:
    """The amount that was given, or the usual one."""
    from denoisectl_training.corruption.images import KINDS

    of_kind = KINDS[kind.value]
    if amount is None:
        return of_kind.usual
    if not of_kind.least <= amount <= of_kind.most:  # as nan is not
        wanted = f"{of_kind.least:g} to {of_kind.most:g}" if of_kind.most else "none, or 0"
        raise UsageError(f"--amount {amount:g}: --kind {kind.value} takes {wanted}")
    return amount
