"""What has been measured, kept line by line, so that a comparison that was stopped goes on from there."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from timing import Speed


@dataclass(frozen=True)
class Row:
    """One candidate: how fast, and PSNR in dB at sigma 25 where it cleans anything."""

    key: str
    """What ratios are made of: `run photo`, `bare photo`, `opencv`."""
    name: str
    speed: Speed
    psnr: float | None = None


class Records:
    """The rows of one comparison, in a file of JSON lines that takes the place of the last one when it is whole."""

    def __init__(self, path: Path, *, resume: bool) -> None:
        """Begin, or with `resume` go on with the comparison that was stopped, else with the last one."""
        self._whole, self._path = path, path.with_name(f"{path.name}.part")
        path.parent.mkdir(parents=True, exist_ok=True)
        if not (resume and self._path.exists()):
            self._path.write_bytes(path.read_bytes() if resume and path.exists() else b"")
        self.rows = {row.key: row for row in map(_row, self._path.read_text().splitlines())}

    def finish(self) -> None:
        """Let the file take the place of the last comparison's."""
        self._path.replace(self._whole)

    def speed(self, key: str, name: str, measure: Callable[[], Speed]) -> None:
        """Add a row without quality unless it is there."""
        self.measure(key, lambda: Row(key, name, measure()))

    def sum(self, *keys: str) -> Speed:
        """Rows that are there, together.

        Raises:
            RuntimeError: one of them is not.
        """
        if missing := [key for key in keys if key not in self.rows]:
            raise RuntimeError(f"{missing[0]} is missing")
        first, *rest = (self.rows[key].speed for key in keys)
        return sum(rest, first)

    def measure(self, key: str, make: Callable[[], Row]) -> None:
        """Add a row unless it is there; what cannot be measured is said and left out."""
        if key in self.rows:
            return
        try:
            row = make()
        except (ImportError, RuntimeError) as error:
            print(f"{key} is left out: {error}", flush=True)
            return
        self.rows[key] = row
        with self._path.open("a") as file:
            file.write(json.dumps(asdict(row)) + "\n")
        quality = "" if row.psnr is None else f", {row.psnr:.2f} dB"
        print(f"{row.name}: {row.speed.rate:.3g} MP/s, {row.speed.cost:.3g} CPU s/MP{quality}", flush=True)


def _row(line: str) -> Row:
    values = json.loads(line)
    if values.pop("published", ""):  # a figure of another test set, which older files cite
        values["psnr"] = None
    return Row(**(values | {"speed": Speed(**values["speed"])}))
