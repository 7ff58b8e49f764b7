"""`denoisectl demo`: see what the shipped model does, on real photographs, without a network."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from denoisectl.cli import console
from denoisectl.cli.extras import needs_extra
from denoisectl.cli.options import DeviceOpt, ModelOpt, QuietOpt, SelfEnsembleOpt

if TYPE_CHECKING:
    from denoisectl.cli.opening import ToldOpening
    from denoisectl.report.demo import Measured


def demo(
    photos: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="PHOTO",
            help="Photos of your own, to be shown as they are and at several strengths. Names that begin with - go "
            "after --.",
        ),
    ] = None,
    *,
    out: Annotated[
        Path, typer.Option("--out", "-o", metavar="DIR", help="Where the photos and the picture go.")
    ] = Path("denoisectl-demo"),
    model: ModelOpt = None,
    self_ensemble: SelfEnsembleOpt = None,
    device: DeviceOpt = "auto",
    quiet: QuietOpt = False,
) -> None:
    """Make real photographs noisy, clean them, and show the difference.

    The photographs come with scikit-image (extra `demo`). The noise is the same every time. Of photos of your own, to
    which no noise is added, the detail that changes most is shown at several strengths, to choose one for `run`.

    [bold]Examples[/bold]

      # the shipped model; open look/before-after.png afterwards
      denoisectl demo --out look

      # a model of one's own
      denoisectl demo --out look --model ./mine.onnx

      # which --strength suits these photos?
      denoisectl demo night.jpg scan.tif --out look
    """
    console.set_loudness(quiet=quiet)
    from denoisectl.cli.opening import ToldOpening

    opening = ToldOpening(model, device, self_ensemble=self_ensemble)
    if photos:
        _compare(opening, photos, out)
        return
    with needs_extra("demo"):
        import skimage.data  # noqa: F401 - asked for early, so that a missing extra is told at once
    from denoisectl.report.demo import PICTURE, SIGMA, run_demo

    measured = run_demo(opening.open(), out)
    _show(measured, f"Gaussian noise, sigma {SIGMA:.0f}, 8 bits")
    console.say(f"look at {out / PICTURE}; the photos are in {out / 'noisy'} and {out / 'clean'}")


def _compare(opening: ToldOpening, photos: list[Path], out: Path) -> None:
    from denoisectl.report.comparing import write_comparison

    picture = out / "strengths.png"
    write_comparison(opening.open, photos, picture)
    console.say(
        f"look at {picture}; next, with the strength that looks best: denoisectl run PHOTOS --out CLEAN --strength 0.75"
    )


def _show(measured: list[Measured], title: str) -> None:
    from rich.table import Table

    table = Table(title=title)
    for heading in ("photo", "noisy, dB", "clean, dB", "gain", "megapixels/s"):
        table.add_column(heading, justify="left" if heading == "photo" else "right")
    for row in measured:
        table.add_row(
            row.name,
            f"{row.noisy_psnr:.2f}",
            f"{row.clean_psnr:.2f}",
            f"{row.clean_psnr - row.noisy_psnr:+.2f}",
            f"{row.megapixels_per_second:.1f}",
        )
    console.show(table)
