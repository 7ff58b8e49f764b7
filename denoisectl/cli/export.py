"""`denoisectl export`: a trained run, or another project's `.onnx` file, to one model file."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated, Literal

import typer

from denoisectl.cli import console
from denoisectl.cli.extras import needs_extra
from denoisectl.cli.options import QuietOpt
from denoisectl.cli.progress import under_way
from denoisectl.errors import UsageError
from denoisectl.model_file.card import ADOPTED, ModelCard
from denoisectl.whole_file import check_writable


def export(
    run: Annotated[
        Path,
        typer.Argument(
            metavar="RUN|FILE",
            help="A run folder, a checkpoint file in one, or an .onnx file of another project, to be adopted.",
        ),
    ],
    *,
    out: Annotated[Path, typer.Option("--out", "-o", metavar="FILE", help="The .onnx file to write.")],
    card: Annotated[
        Path | None,
        typer.Option(
            "--card", metavar="FILE", help="A .toml file with name, summary, data, scores and limits."
        ),
    ] = None,
    photos: Annotated[
        Path | None,
        typer.Option(
            "--photos",
            metavar="FOLDER",
            help="Clean photos to measure on how far the network feels a cut, and what int8 loses.",
            show_default="scikit-image's",
        ),
    ] = None,
    precision: Annotated[
        Literal["float32", "int8", "float16"] | None,
        typer.Option(
            "--precision",
            help="int8: for processors, more than twice as fast, a little less exact. float16: for GPUs.",
            show_default="what the run was trained in",
        ),
    ] = None,
    weights: Annotated[
        Literal["float32", "float16"],
        typer.Option("--weights", help="float16: half the file, refused where a photo could show it."),
    ] = "float32",
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace an existing file.")] = False,
    quiet: QuietOpt = False,
) -> None:
    """Export a trained network to one ONNX file that needs nothing beside it.

    Colour conversion and ranges are inside the graph, the card is in the file's metadata, and the graph is
    compared with PyTorch at three sizes before anything is written. What 8 or 16 bits change is measured on photos.

    A denoiser of another project is adopted from its .onnx file: its layout, range, sizes and halo are found out by
    running it, put into graph and card, and the result is compared with the original.

    [bold]Examples[/bold]

      # a finished run
      denoisectl export runs/book-skip --out skip.onnx

      # with the facts that only its maker knows: name, data, licences, scores
      denoisectl export runs/book-skip --out skip.onnx --card skip-card.toml

      # another project's denoiser
      denoisectl export dncnn.onnx --out dncnn-adopted.onnx --photos ./photos
    """
    console.set_loudness(quiet=quiet)
    foreign = run.suffix == ".onnx" and not run.is_dir()
    if foreign and precision not in (None, "float32"):
        raise UsageError(
            f"--precision {precision}: is made from a run of `denoisectl train`; an adopted file stays as it "
            "is, so leave it out"
        )
    if out.suffix != ".onnx":
        raise UsageError(f"--out {out}: a model file's name ends in .onnx")
    if out.exists() and not overwrite:
        raise UsageError(f"--out {out}: exists already; choose another name or add --overwrite")
    if not out.parent.is_dir():
        raise UsageError(f"--out {out}: the folder {out.parent} does not exist")
    check_writable(out.parent, f"--out {out}: its folder")  # before minutes of measuring
    with needs_extra("train"):
        from denoisectl_exports.adopt import adopt
        from denoisectl_exports.facts import Facts, read_facts
        from denoisectl_exports.seams import smallest_photo
        from denoisectl_exports.write import export_run
    facts = Facts() if card is None else read_facts(card)
    with under_way(f"{out}: comparing it with {run}, and measuring on photos"):
        if foreign:
            made = adopt(run, out, facts, photos=photos, weights=weights)
        else:
            made = export_run(run, out, facts, photos=photos, precision=precision, weights=weights)
    console.say(f"{out}: {_in_words(made)}")
    for limit in made.limits:
        console.say(limit)
    if made.tileable and made.effective_halo is None:
        side = smallest_photo(made.halo, made.multiple_of)
        console.warn(
            f"no photos of {side} x {side} pixels or more to measure the effective halo on: tiles overlap by the whole "
            f"halo of {made.halo} pixels; give --photos FOLDER with such photos"
        )
    if not made.tileable:
        console.warn(_whole_images(made))
    if not foreign:
        _warn_of_little_training(run, made)
    console.say(f"next: denoisectl run PHOTOS --model {shlex.quote(str(out))} --out CLEAN")


def _warn_of_little_training(run: Path, card: ModelCard) -> None:
    """A run that was stopped before its first validation has no figure that would show how little it does."""
    from denoisectl_training.records.run_folder import RunFolder

    folder = RunFolder(run if run.is_dir() else run.parent)
    if card.images_seen < card.recipe["training"]["validate_every"] and not folder.best.is_file():
        console.warn(
            f"{run}: has hardly been trained ({card.images_seen:,} images, not validated yet) and may blur more than "
            f"it cleans; go on with: denoisectl train PHOTOS --resume {shlex.quote(str(folder.path))}"
        )


def _in_words(card: ModelCard) -> str:
    """What was written, on one line."""
    size = (
        f"{card.parameters / 1e6:.2f} M parameters, {card.macs_per_pixel / 1e3:.1f} k multiply-adds a pixel"
    )
    extent = f"halo {card.halo} pixels, effective {card.effective_halo}" if card.tileable else "no tiles"
    seen = "" if card.architecture == ADOPTED else f", {card.images_seen:,} images seen"
    return f"{card.architecture}, {size}, {extent}{seen}"


def _whole_images(card: ModelCard) -> str:
    """What it means that a model cannot be run in tiles."""
    memory = "" if card.bytes_per_pixel is None else f", {card.bytes_per_pixel} MB a megapixel"
    return (
        "it looks at the whole image, so photos are not cut into tiles: the memory for one grows with its size"
        f"{memory}"
    )
