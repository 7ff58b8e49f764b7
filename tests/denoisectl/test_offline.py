"""Nothing is told to anybody, and nothing is kept of a run but what was asked for."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.denoisectl.conftest import write_picture

SILENT_ANYWAY = ("CI", "ORT_DISABLE_TELEMETRY", "ORT_RUNNING_UNIT_TESTS", "XDG_CACHE_HOME", "GITHUB_ACTIONS")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A user's own folder, still empty."""
    made = tmp_path / "home"
    made.mkdir()
    return made


def environment(home: Path) -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name not in SILENT_ANYWAY} | {
        "HOME": str(home)
    }


def test_a_run_leaves_nothing_in_the_home_folder(home: Path, tmp_path: Path) -> None:
    photo = write_picture(tmp_path / "a.png")
    command = [sys.executable, "-m", "denoisectl", "run", photo, "--out", tmp_path / "clean.png"]
    subprocess.run(command, env=environment(home), check=True, capture_output=True)
    assert not list(home.rglob("*"))


@pytest.mark.parametrize("module", ["denoisectl.engine", "denoisectl_exports.graph"])
def test_the_engine_is_silenced_before_it_is_imported(home: Path, module: str) -> None:
    code = (
        "import builtins, os, sys\n"
        "real = builtins.__import__\n"
        "def noted(name, *rest, **more):\n"
        "    if name.startswith('onnxruntime') and 'onnxruntime' not in sys.modules:\n"
        "        print(os.environ.get('ORT_DISABLE_TELEMETRY'))\n"
        "    return real(name, *rest, **more)\n"
        f"builtins.__import__ = noted\nimport {module}\n"
    )
    paths = {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=environment(home) | paths,
        check=True,
        capture_output=True,
        text=True,
    )
    assert done.stdout.split()[:1] == ["1"]


def test_a_user_who_wants_to_tell_may(home: Path) -> None:
    code = "import denoisectl, os; print(os.environ['ORT_DISABLE_TELEMETRY'])"
    wanted = environment(home) | {"ORT_DISABLE_TELEMETRY": "0"}
    done = subprocess.run(
        [sys.executable, "-c", code], env=wanted, check=True, capture_output=True, text=True
    )
    assert done.stdout.strip() == "0"
