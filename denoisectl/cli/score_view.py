"""Scores as tables for people."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import RenderableType


def score_view(result: dict[str, Any]) -> Iterator[RenderableType]:
    """PSNR and SSIM, one table each, a row a candidate; `result` is what `--json` writes."""
    title = f"{result['protocol']}, {result['images']} images"
    yield _table(f"PSNR in dB ({title})", result["candidates"], "psnr", digits=2)
    yield _table(f"SSIM ({title})", result["candidates"], "ssim", digits=3)


def _table(title: str, rows: list[dict[str, Any]], metric: str, digits: int) -> RenderableType:
    from rich.table import Table
    from rich.text import Text

    table = Table(title=title, title_justify="left")
    table.add_column("", no_wrap=True, min_width=max(len(row["name"]) for row in rows))
    cases = list(rows[0][metric])
    if len(cases) == 2:  # the mean of one case is that case
        cases = cases[:1]
    for case in cases:
        table.add_column(case, justify="right", min_width=11 if digits == 2 else 12)
    if metric == "psnr":
        table.add_column("gain", justify="right")
    for row in rows:
        cells = [_spread(value, digits) for value in (row[metric][case] for case in cases)]
        gain = [f"{row['gain']:+.2f}"] if metric == "psnr" else []
        table.add_row(Text(row["name"]), *cells, *gain)  # in a plain string, brackets are markup
    return table


def _spread(value: dict[str, float], digits: int) -> str:
    return f"{value['mean']:.{digits}f}±{value['sd']:.{digits}f}"
