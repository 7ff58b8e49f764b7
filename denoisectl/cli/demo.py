"""`denoisectl demo`: see what the shipped model does, on real photographs, without a network."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from denoisectl.cli import console
from denoisectl.cli.extras import needs_extra
from denoisectl.cli.options import DeviceOpt, ModelOpt, QuietOpt

if TYPE_CHECKING:
    from denoisectl.demo import Measured

__all__ = ["demo"]


def demo(
    *,
    out: Annotated[
        Path, typer.Option("--out", "-o", metavar="DIR", help="Where the photos and the picture go.")
    ] = Path("denoisectl-demo"),
    model: ModelOpt = None,
    device: DeviceOpt = "auto",
    quiet: QuietOpt = False,
) -> None:
    """Make real photographs noisy, clean them, and show the difference.

    The photographs come with scikit-image (extra `demo`). The noise is the same every time.

    [bold]Examples[/bold]

      # the shipped model; open look/before-after.png afterwards
      denoisectl demo --out look

      # a model of one's own
      denoisectl demo --out look --model ./mine.onnx
    """
    console.set_loudness(quiet=quiet)
    with needs_extra("demo"):
        import skimage.data  # noqa: F401 - asked for early, so that a missing extra is told at once
    from denoisectl.cli.opening import Opening
    from denoisectl.demo import PICTURE, SIGMA, run_demo

    measured = run_demo(Opening(model, device).open(), out)
    _show(measured, f"Gaussian noise, sigma {SIGMA:.0f}, 8 bits")
    console.say(f"look at {out / PICTURE}; the photos are in {out / 'noisy'} and {out / 'clean'}")


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
