"""`denoisectl eval`: models side by side on photos, by the chapter's table, the literature's noise, or real pairs."""

from __future__ import annotations

import json as jsonlib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from denoisectl.cli import console
from denoisectl.cli.extras import needs_extra
from denoisectl.cli.options import DeviceOpt, JsonOpt, QuietOpt, SelfEnsembleOpt, ThreadsOpt
from denoisectl.cli.progress import under_way
from denoisectl.cli.score_view import score_view
from denoisectl.errors import UsageError
from denoisectl.whole_file import check_writable

if TYPE_CHECKING:
    from denoisectl_training.evaluation.candidates import Candidate
    from denoisectl_training.evaluation.contact_sheet import ContactSheet
    from denoisectl_training.evaluation.measuring import Score
    from denoisectl_training.evaluation.metrics import Image
    from denoisectl_training.evaluation.protocols import Sample
    from denoisectl_training.evaluation.request import EvaluationRequest


_SIGMAS, _SIDE = (15.0, 25.0, 50.0), 128


def evaluate(
    folders: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="FOLDER",
            help="Clean photos that no model was trained on. Names that begin with - go after --.",
        ),
    ] = None,
    *,
    models: Annotated[
        list[str] | None,
        typer.Option(
            "--model",
            "-m",
            metavar="MODEL",
            help="A shipped name, an .onnx file, or a run folder; the very file that is named, whatever precision "
            "`run` would choose. Repeatable.",
        ),
    ] = None,
    protocol: Annotated[
        Literal["five", "literature"],
        typer.Option(
            "--protocol",
            help="five: clean, Gaussian 25, salt and pepper 5%, blur 1.5, knockout 9 x 9 over 2%. "
            "literature: additive Gaussian noise, not clipped.",
        ),
    ] = "five",
    sigmas: Annotated[
        list[float] | None,
        typer.Option(
            "--sigma",
            min=0.0,
            max=255.0,
            metavar="SIGMA",
            help="literature: noise in 8-bit levels. Repeatable.",
            show_default=", ".join(f"{sigma:g}" for sigma in _SIGMAS),
        ),
    ] = None,
    pairs: Annotated[
        tuple[str, str] | None,
        typer.Option(
            "--pairs",
            metavar="NOISY CLEAN",
            help="Real noise: two folders, or two patterns in FOLDER such as '*_real.JPG' '*_mean.JPG'.",
        ),
    ] = None,
    every: Annotated[int, typer.Option("--every", min=1, metavar="N", help="Use every Nth photo only.")] = 1,
    crops: Annotated[
        int | None, typer.Option("--crops", min=1, metavar="N", help="Use N random crops, not whole photos.")
    ] = None,
    side: Annotated[
        int | None,
        typer.Option(
            "--side", min=32, metavar="PIXELS", help="Side of those crops.", show_default=str(_SIDE)
        ),
    ] = None,
    eight_bit: Annotated[
        bool,
        typer.Option("--eight-bit", help="Clip and round the noisy images to 8 bits, as files hold them."),
    ] = False,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of the five cases and of the crops.")] = 0,
    sheet: Annotated[
        Path | None,
        typer.Option("--sheet", metavar="FILE", help="Write a contact sheet with details (.png)."),
    ] = None,
    sheet_image: Annotated[
        str | None,
        typer.Option("--sheet-image", metavar="NAME", help="The photo on it.", show_default="the first"),
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace an existing sheet.")] = False,
    self_ensemble: SelfEnsembleOpt = None,
    device: DeviceOpt = "auto",
    threads: ThreadsOpt = None,
    json: JsonOpt = False,
    quiet: QuietOpt = False,
) -> None:
    """Measure models side by side: PSNR and SSIM, mean and deviation over the photos.

    The input itself, a 3 x 3 median and a Gaussian filter are measured with them, and a model that hardly
    changes its input is told. Everything random depends on the seed and on a photo's place in sorted order.
    PSNR counts up to 50 dB in the five cases, and up to 100 by the literature's protocol.

    [bold]Examples[/bold]

      # two models side by side, and a picture of what they do
      denoisectl eval ./kodak24 -m photo -m runs/book-skip --sheet sheet.png

      # as papers measure it
      denoisectl eval ./kodak24 -m photo --protocol literature --sigma 25

      # real noise: pairs of a noisy and a clean photo
      denoisectl eval ./polyu -m photo --pairs '*_real.JPG' '*_mean.JPG' --json
    """
    console.set_loudness(quiet=quiet)
    if sigmas and protocol != "literature":
        raise UsageError("--sigma needs --protocol literature; the five cases have noise of their own")
    if pairs and protocol != "five":
        raise UsageError("--pairs measures the noise that the photos have: leave --protocol and --sigma out")
    if side is not None and crops is None:
        raise UsageError("--side needs --crops N: without it whole photos are measured")
    if sheet is not None:
        _check_sheet(sheet, folders or [Path(each) for each in pairs or ()], overwrite=overwrite)
    with needs_extra("train"):
        from denoisectl_training.evaluation.request import EvaluationRequest
    request = EvaluationRequest(
        tuple(folders or ()),
        protocol,
        tuple(sigmas or _SIGMAS),
        pairs,
        every,
        crops,
        side or _SIDE,
        eight_bit,
        seed,
    )
    if sheet_image is not None and sheet_image not in (names := request.names()):
        raise UsageError(
            f"--sheet-image {sheet_image}: no such image in the test set, which has {names[0]}, for example"
        )
    result, page = _measured(request, _candidates(models or [], device, threads, self_ensemble), sheet_image)
    if json:
        console.emit(jsonlib.dumps(result, allow_nan=False))
    else:
        for part in score_view(result):
            console.show(part)
    _tell_identities(result)
    if sheet is not None:  # last: a picture that fails must not cost the figures
        page.write(sheet)
        console.say(f"{sheet}: {len(result['candidates'])} candidates on {page.image}")


def _check_sheet(sheet: Path, folders: list[Path], *, overwrite: bool) -> None:
    """See, before hours of measuring, that the sheet can be written, and takes no other file's place."""
    if sheet.suffix.lower() != ".png":
        raise UsageError(f"--sheet {sheet}: a contact sheet's name ends in .png")
    if not sheet.parent.is_dir():
        raise UsageError(f"--sheet {sheet}: there is no folder {sheet.parent}; make it first")
    if any(sheet.resolve().is_relative_to(folder.resolve()) for folder in folders):
        raise UsageError(f"--sheet {sheet}: lies among the photos to measure; write it elsewhere")
    if sheet.exists() and not overwrite:
        raise UsageError(f"--sheet {sheet}: exists already; choose another name or add --overwrite")
    check_writable(sheet.parent, f"--sheet {sheet}: its folder")


def _candidates(
    models: list[str], device: str, threads: int | None, self_ensemble: int | None
) -> list[Candidate]:
    from denoisectl_training.evaluation.candidates import baselines, open_models

    opened = open_models(models, device=device, threads=threads, self_ensemble=self_ensemble)
    return [*baselines(), *opened]


def _measured(
    request: EvaluationRequest, candidates: list[Candidate], sheet_image: str | None
) -> tuple[dict[str, Any], ContactSheet]:
    """Measure, telling on stderr how far that is, and collect what a contact sheet needs."""
    from denoisectl_training.evaluation.contact_sheet import ContactSheet
    from denoisectl_training.evaluation.measuring import measure
    from denoisectl_training.evaluation.summary import as_json, summarise

    protocol, page = request.open(), ContactSheet(sheet_image)
    if not any(candidate.kind == "model" for candidate in candidates):
        console.say("no --model: baselines only")
    seen, of = dict[str, None](), len(request.names())
    with under_way("reading photos") as tell:

        def watch(sample: Sample, candidate: Candidate, output: Image, score: Score) -> None:
            seen[sample.image] = None
            tell(f"{candidate.name}: photo {len(seen)} of {of}, {sample.case}")
            page.watch(sample, candidate, output, score)

        scores = measure(protocol, candidates, watch=watch)
    first = scores[0]
    images = sum((score.candidate, score.case) == (first.candidate, first.case) for score in scores)
    return as_json(protocol.name, images, summarise(scores)), page


def _tell_identities(result: dict[str, Any]) -> None:
    for row in result["candidates"]:
        if row["identity"]:
            console.warn(
                f"{row['name']} passes its input on: it changes at most {row['correction']:.0%} of what the noise "
                f"changed, and its outputs are {row['psnr_to_input']:.1f} dB from its inputs. It may have been trained "
                "without corruption, or too little"
            )
