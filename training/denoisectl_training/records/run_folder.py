"""The folder of one training run: what it was asked, what it saw, and where it stands.

runs/NAME/run.json       resolved recipe, seed, versions, digest of the photos
runs/NAME/log.jsonl      one record a line: training loss, validation PSNR
runs/NAME/last.pt        the checkpoint to resume from
runs/NAME/best.pt        the checkpoint with the best validation PSNR
"""

from __future__ import annotations

import json
import platform
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from denoisectl.errors import TrainingError, UsageError
from denoisectl.whole_file import write_whole
from denoisectl_training.recipes import Recipe, parse_recipe


@dataclass(frozen=True, slots=True)
class RunFolder:
    """Paths of a run, and reading and writing of its small files."""

    path: Path

    @property
    def last(self) -> Path:
        """The checkpoint of the last step."""
        return self.path / "last.pt"

    @property
    def best(self) -> Path:
        """The checkpoint with the best validation PSNR."""
        return self.path / "best.pt"

    def newest(self) -> Path | None:
        """The checkpoint to resume from: the `last`, or `best` in a run killed before that; None if there is none."""
        return next((path for path in (self.last, self.best) if path.is_file()), None)

    @property
    def log(self) -> Path:
        """The learning curve, JSON lines."""
        return self.path / "log.jsonl"

    def remove_if_empty(self) -> None:
        """Remove the folder of a run that could not begin, and the one it is in, if nothing is in them."""
        with suppress(OSError):
            self.path.rmdir()
            self.path.parent.rmdir()

    def describe(self, recipe: Recipe, **facts: object) -> None:
        """Write `run.json`: the resolved recipe and the plain facts of this run.

        Raises:
            TrainingError: the disk is full, or the folder is gone.
        """
        record = {
            "recipe": recipe.model_dump(mode="json"),
            **facts,
            "versions": {"python": platform.python_version(), "torch": torch.__version__},
        }
        text = json.dumps(record, indent=2) + "\n"
        path = self.path / "run.json"
        try:
            write_whole(path, text.encode())
        except OSError as error:
            raise TrainingError(f"{path}: cannot be written ({error.strerror})") from error

    def description(self) -> dict[str, Any]:
        """Read `run.json`.

        Raises:
            UsageError: the folder is not a run's.
            TrainingError: the file is damaged.
        """
        path = self.path / "run.json"
        if not path.is_file():
            raise UsageError(f"{self.path}: not the folder of a training run (no run.json in it)")
        try:
            record = json.loads(path.read_text(encoding="utf-8"))
        except ValueError as error:  # no JSON, or no text
            raise TrainingError(f"{path} is damaged ({error}); start a new run") from error
        if not isinstance(record, dict):
            raise TrainingError(f"{path} is damaged (it holds no object); start a new run")
        for key in ("recipe", "data_digest"):
            if key not in record:
                raise TrainingError(f"{path} is damaged (it holds no {key}); start a new run")
        return record

    def recipe(self) -> Recipe:
        """The resolved recipe of the run.

        Raises:
            UsageError: the folder is not a run's.
            TrainingError: `run.json` is damaged.
        """
        return parse_recipe(self.description()["recipe"], origin=str(self.path / "run.json"))

    def append(self, record: dict[str, Any]) -> None:
        """Add a record to the log.

        Raises:
            TrainingError: the disk is full, or the folder is gone.
        """
        try:
            with self.log.open("a", encoding="utf-8") as file:
                file.write(json.dumps(record) + "\n")
        except OSError as error:
            raise self._unwritten(error) from error

    def _unwritten(self, error: OSError) -> TrainingError:
        return TrainingError(
            f"{self.log}: the learning curve cannot be written ({error.strerror}); what is saved goes on with "
            f"--resume {self.path}"
        )

    def records(self) -> list[dict[str, Any]]:
        """The log so far; a line that a kill has cut is left out.

        Raises:
            UsageError: the folder is not a run's.
        """
        if not self.log.is_file():
            self.description()  # says so if this is no run
            return []
        lines = self.log.read_text(encoding="utf-8").splitlines()
        return [json.loads(line) for line in lines if _is_record(line)]

    def drop_records_after(self, images: int) -> None:
        """Drop records past `images`: a killed run may have logged more than its checkpoint holds.

        Raises:
            TrainingError: the disk is full, or the folder is gone; the log stays as it was.
        """
        if not self.log.is_file():
            return
        kept = [json.dumps(record) + "\n" for record in self.records() if record["images"] <= images]
        try:
            write_whole(self.log, "".join(kept).encode())
        except OSError as error:
            raise self._unwritten(error) from error


def _is_record(line: str) -> bool:
    """Whether a line is whole: a kill may have cut the last one."""
    return line.startswith("{") and line.endswith("}")


def new_run_folder(parent: Path, name: str) -> RunFolder:
    """Make `parent/name`, or `parent/name-2` and so on: a run never overwrites another.

    Raises:
        UsageError: the folder cannot be made.
    """
    try:
        # On its own: in the loop, a `parent` that is no folder would pass for a name that is taken.
        parent.mkdir(parents=True, exist_ok=True)
        return RunFolder(_made(parent, name))
    except FileExistsError as error:
        raise UsageError(
            f"--runs {parent}: {error.filename} is a file, or a link to what is gone; choose another --runs"
        ) from error
    except OSError as error:
        raise UsageError(
            f"--runs {parent}: cannot make the run folder: {error.strerror}; choose another --runs"
        ) from error


def _made(parent: Path, name: str) -> Path:
    """The first folder of `name`, `name-2`, `name-3` ... that was not there, made."""
    number = 1
    while True:
        path = parent / (name if number == 1 else f"{name}-{number}")
        try:
            path.mkdir()
            return path
        except FileExistsError:
            number += 1
