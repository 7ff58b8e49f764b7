"""The results of a comparison as a Markdown table with ratios, as JSON, and as a plot."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from figures import Figure
from records import Row


def write_results(
    rows: Mapping[str, Row], found: Sequence[Figure], folder: Path, about: Mapping[str, object]
) -> None:
    """Write compare.json, compare.md and, where matplotlib is there, compare.png."""
    values = {
        "about": about,
        "figures": [asdict(f) for f in found],
        "rows": [asdict(r) for r in rows.values()],
    }
    (folder / "compare.json").write_text(json.dumps(values, indent=1) + "\n")
    text = "\n\n".join((_about(about), _figures(found), _rows(rows))) + "\n"
    (folder / "compare.md").write_text(text)
    _plot([row for row in rows.values() if row.psnr is not None], folder / "compare.png")
    print(text)


def _about(about: Mapping[str, object]) -> str:
    return ", ".join(f"{key} {value}" for key, value in about.items())


def _figures(found: Sequence[Figure]) -> str:
    lines = ["| figure | found | by processor seconds | aim |", "|---|---|---|---|"]
    for figure in found:
        processor = "" if figure.by_processor is None else f"{figure.by_processor:.3g}"
        lines.append(f"| {figure.name} | {figure.value:.3g} | {processor} | {figure.aim} |")
    return "\n".join(lines)


def _rows(rows: Mapping[str, Row]) -> str:
    lines = ["| candidate | MP/s | CPU s/MP | peak MB | PSNR at sigma 25 |", "|---|---|---|---|---|"]
    for row in rows.values():
        peak = f"{row.speed.peak_bytes / 1e6:.0f}" if row.speed.peak_bytes else ""
        quality = "" if row.psnr is None else f"{row.psnr:.2f}"
        lines.append(f"| {row.name} | {row.speed.rate:.3g} | {row.speed.cost:.3g} | {peak} | {quality} |")
    return "\n".join(lines)


def _plot(rows: Sequence[Row], path: Path) -> None:
    """Speed against quality."""
    try:
        import matplotlib

        matplotlib.use("Agg")
        from matplotlib import pyplot
    except ImportError:
        print("matplotlib is missing: no plot")
        return
    figure, axes = pyplot.subplots(figsize=(8, 5))
    for place, row in enumerate(rows):
        assert row.psnr is not None
        at = (row.speed.rate, row.psnr)
        axes.scatter(*at, color="C0")
        offset = (5, 5 - 7 * (place % 3))
        axes.annotate(row.name, at, xytext=offset, textcoords="offset points", fontsize=8)
    axes.set(xscale="log", xlabel="megapixels a second", ylabel="PSNR in dB, Gaussian noise of sigma 25")
    axes.margins(x=0.2, y=0.1)
    figure.savefig(path, dpi=100, bbox_inches="tight")
