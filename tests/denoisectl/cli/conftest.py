"""The command line in this process, a folder of pictures to run it on, and what a run left and said."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from typer.testing import CliRunner

from denoisectl.batch.journal_lines import JOURNAL_FOLDER
from denoisectl.cli import console
from denoisectl.cli.main import build
from tests.denoisectl.conftest import Pictures


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended: its exit code and what it said."""

    code: int
    stdout: str
    stderr: str


Invoke = Callable[..., Ended]


@pytest.fixture
def invoke(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Invoke:
    """Run a command in this process; file descriptors are captured too, since data goes there."""
    monkeypatch.setenv("COLUMNS", "110")
    monkeypatch.setenv("NO_COLOR", "1")

    def run(*args: object) -> Ended:
        capfd.readouterr()
        result = CliRunner().invoke(build(), [str(arg) for arg in args])
        raw = capfd.readouterr()
        return Ended(result.exit_code, result.stdout + raw.out, result.stderr + raw.err)

    yield run
    console.set_loudness()


@pytest.fixture
def photos(tmp_path: Path, pictures: Pictures) -> Path:
    pictures(tmp_path / "in", "a.png", "b.jpg", "sub/c.png")
    return tmp_path / "in"


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"


@pytest.fixture
def run(invoke: Invoke, model: Path) -> Invoke:
    return lambda *args: invoke("run", *args, "--model", model, "--device", "cpu")


def names(folder: Path) -> list[str]:
    files = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    return sorted(path.as_posix() for path in files if path.parts[0] != JOURNAL_FOLDER)


def events(ended: Ended) -> list[dict[str, object]]:
    return [json.loads(line) for line in ended.stdout.splitlines()]
