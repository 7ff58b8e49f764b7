"""The ratios that claims are made of, each beside what was aimed at."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from records import Row

from denoisectl import Denoiser
from denoisectl.model_file.shipped import find_model

_PEERS = (
    ("opencv", "OpenCV fastNlMeansDenoisingColored", "1.5, int8 4"),
    ("bm3d", "BM3D", "100"),
    ("ffdnet", "FFDNet's shape", "2.5"),
    ("dncnn", "CDnCNN-B's shape", "7"),
    ("eager", "eager PyTorch", ""),
)


@dataclass(frozen=True)
class Figure:
    """One number, by the clock and by processor seconds, which other work on the machine does not change."""

    name: str
    value: float
    by_processor: float | None = None
    aim: str = ""


def figures(rows: Mapping[str, Row], models: list[str]) -> Iterator[Figure]:
    """All that the rows allow."""
    for model in models:
        if (run := rows.get(f"run {model}")) is None:
            continue
        short = Path(model).stem
        yield from _of(f"{short}: run over bare onnxruntime", run, rows.get(f"bare {model}"), "0.85")
        for key, name, aim in _PEERS:
            yield from _of(f"{short}: run over {name}", run, rows.get(key), aim)
        yield from _of(
            f"{short}: 2 cores over 1", rows.get(f"2 cores {model}"), rows.get(f"1 core {model}"), "1.8"
        )
        grid = Denoiser.open(find_model(model), "cpu").grid(3000, 4000)
        yield Figure(f"{short}: recomputed on 12 megapixels, share", grid.recomputed, aim="under 0.12")
        if memory := rows.get(f"24 megapixels {model}"):
            yield Figure(
                f"{short}: peak GB, 24-megapixel photos", memory.speed.peak_bytes / 1e9, aim="under 1.0"
            )
        cold, imports = rows.get(f"cold {model}"), rows.get("imports")
        if cold and imports:
            yield Figure(
                f"{short}: one megapixel, cold, over importing onnxruntime, cv2, numpy",
                cold.speed.seconds / imports.speed.seconds,
                cold.speed.processor_seconds / imports.speed.processor_seconds,
                aim="under 3",
            )
    for model in models[1:]:
        yield from _of(
            f"run: {Path(model).stem} over {Path(models[0]).stem}",
            rows.get(f"run {model}"),
            rows.get(f"run {models[0]}"),
        )


def _of(name: str, fast: Row | None, slow: Row | None, aim: str = "") -> Iterator[Figure]:
    """How many times as many pixels a second."""
    if fast and slow:
        yield Figure(
            name,
            fast.speed.rate / slow.speed.rate,
            slow.speed.cost / fast.speed.cost,
            aim and f"{aim} or more",
        )
