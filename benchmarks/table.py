"""The results of a comparison as JSON, as a Markdown table with ratios, and as a plot."""

from __future__ import annotations

import json
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import onnxruntime
from timing import Speed

from denoisectl import __version__

__all__ = ["Row", "write_results"]


@dataclass(frozen=True)
class Row:
    """One candidate: how fast, and PSNR in dB at sigma 25 where it cleans anything."""

    name: str
    speed: Speed
    psnr: float | None = None


def write_results(rows: Sequence[Row], folder: Path, command: str, *, threads: int, photos: int) -> None:
    """Write compare.json, compare.md and, where matplotlib is there, compare.png."""
    folder.mkdir(parents=True, exist_ok=True)
    about = {
        "command": command,
        "threads": threads,
        "photos": photos,
        "processor": platform.processor() or platform.machine(),
        "onnxruntime": onnxruntime.__version__,
        "denoisectl": __version__,
    }
    figures = [
        {
            "name": r.name,
            "megapixels_per_second": r.speed.rate,
            "cpu_seconds_per_megapixel": r.speed.cost,
            "psnr": r.psnr,
        }
        for r in rows
    ]
    (folder / "compare.json").write_text(json.dumps({"about": about, "rows": figures}, indent=1) + "\n")
    (folder / "compare.md").write_text(_markdown(rows, about))
    _plot(rows, folder / "compare.png")
    print((folder / "compare.md").read_text())


def _markdown(rows: Sequence[Row], about: dict[str, object]) -> str:
    """Ratios are to the first `denoisectl run`."""
    base = next(row.speed for row in rows if row.name.startswith("denoisectl run"))
    lines = [
        ", ".join(f"{key} {value}" for key, value in about.items()),
        "",
        "| candidate | MP/s | CPU s/MP | speed over `run` | the same by CPU s | PSNR at sigma 25 |",
        "|---|---|---|---|---|---|",
    ]
    for row in rows:
        quality = "" if row.psnr is None else f"{row.psnr:.2f}"
        ratio, by_processor = row.speed.rate / base.rate, base.cost / row.speed.cost
        lines.append(
            f"| {row.name} | {row.speed.rate:.3g} | {row.speed.cost:.3g} "
            f"| {ratio:.2f} | {by_processor:.2f} | {quality} |"
        )
    return "\n".join(lines) + "\n"


def _plot(rows: Sequence[Row], path: Path) -> None:
    try:
        import matplotlib

        matplotlib.use("Agg")
        from matplotlib import pyplot
    except ImportError:
        print("matplotlib is missing: no plot")
        return
    figure, axes = pyplot.subplots(figsize=(8, 5))
    for place, row in enumerate(rows):
        if row.psnr is not None:
            axes.scatter(1 / row.speed.cost, row.psnr)
            axes.annotate(
                row.name,
                (1 / row.speed.cost, row.psnr),
                xytext=(5, 5 - 7 * (place % 3)),
                textcoords="offset points",
                fontsize=8,
            )
    axes.set(
        xscale="log", xlabel="megapixels a processor second", ylabel="PSNR in dB, Gaussian noise of sigma 25"
    )
    axes.margins(x=0.2, y=0.1)
    figure.savefig(path, dpi=100, bbox_inches="tight")
