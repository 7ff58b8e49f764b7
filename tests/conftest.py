"""What every test may use: the repository root and the command line in a real process."""

from __future__ import annotations

import importlib.util
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import settings

ROOT = Path(__file__).resolve().parent.parent

# Machines are shared: how long one example takes says nothing.
settings.register_profile("shared", deadline=None)
settings.load_profile("shared")

# Shells have their background jobs ignore Ctrl-C, and children inherit that; tests send it.
signal.signal(signal.SIGINT, signal.default_int_handler)

Cli = Callable[..., subprocess.CompletedProcess[bytes]]


def benchmark(name: str) -> ModuleType:
    """A script of `benchmarks/`, which is no package, as a module."""
    spec = importlib.util.spec_from_file_location(name, ROOT / "benchmarks" / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look themselves up there
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def cli_env() -> dict[str, str]:
    """The environment in which a child process finds this checkout, installed or not."""
    roots = [ROOT, ROOT / "training", ROOT / "exports"]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, roots)), "NO_COLOR": "1", "COLUMNS": "110"}


@pytest.fixture(scope="session")
def cli(cli_env: dict[str, str]) -> Cli:
    """Run `denoisectl` with the given arguments in a process of its own."""

    def run(
        *args: object, stdin: bytes | None = None, cwd: Path | None = None
    ) -> subprocess.CompletedProcess[bytes]:
        command = [sys.executable, "-m", "denoisectl", *map(str, args)]
        return subprocess.run(
            command, input=stdin, cwd=cwd, env=cli_env, capture_output=True, timeout=300, check=False
        )

    return run
