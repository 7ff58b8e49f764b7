"""The scores of a model's card: measured by `denoisectl eval`, printed as the card file's tables.

    python benchmarks/model_scores.py --model photo --kodak24 DIR --cbsd68 DIR --polyu50 DIR >> cards/photo.toml

Each score names the command that reproduces it. Folders that are not given are left out.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Measurement:
    """One call of `denoisectl eval`."""

    set: str
    options: tuple[str, ...]

    def command(self, model: str) -> str:
        """The command as a user types it, with the set's name for its folder."""
        return " ".join(["denoisectl eval", self.set, "--model", model, *self.options])

    def run(self, folder: Path, model: str) -> dict[str, Any]:
        """What `eval` found, as it says it."""
        options = [option.strip("'") for option in self.options]
        command = [sys.executable, "-m", "denoisectl", "eval", str(folder), "--model", model, *options]
        done = subprocess.run([*command, "--json", "--quiet"], check=True, capture_output=True)
        found: dict[str, Any] = json.loads(done.stdout)
        return found


MEASUREMENTS = (
    Measurement("kodak24", ("--protocol", "literature", "--sigma", "0")),
    Measurement("kodak24", ("--protocol", "literature", "--sigma", "15")),
    Measurement("kodak24", ("--protocol", "literature", "--sigma", "25")),
    Measurement("kodak24", ("--protocol", "literature", "--sigma", "50")),
    Measurement("cbsd68", ("--protocol", "literature", "--sigma", "25")),
    Measurement("polyu50", ("--pairs", "'*_real.JPG'", "'*_mean.JPG'")),
)


def scores(measurement: Measurement, found: dict[str, Any], model: str) -> Iterator[str]:
    """One `[[scores]]` table a condition and metric."""
    by_kind = {
        candidate["kind"]: candidate for candidate in found["candidates"] if candidate["kind"] != "filter"
    }
    for metric in ("psnr", "ssim"):
        digits = 2 if metric == "psnr" else 4
        for condition in by_kind["model"][metric]:
            if condition == "mean":
                continue
            before, after = (by_kind[kind][metric][condition]["mean"] for kind in ("input", "model"))
            yield "\n".join(
                (
                    "[[scores]]",
                    f'set = "{measurement.set}"',
                    f'condition = "{condition}"',
                    f'metric = "{metric}"',
                    f"input = {before:.{digits}f}",
                    f"value = {after:.{digits}f}",
                    f'command = "{measurement.command(model)}"',
                )
            )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="photo")
    for name in ("kodak24", "cbsd68", "polyu50"):
        parser.add_argument(f"--{name}", type=Path)
    options = parser.parse_args()
    name = Path(options.model).stem
    for measurement in MEASUREMENTS:
        folder = getattr(options, measurement.set)
        if folder is not None:
            tables = scores(measurement, measurement.run(folder, options.model), name)
            print(*tables, sep="\n\n", end="\n\n", flush=True)


if __name__ == "__main__":
    main()
