"""A stderr and a stdout that cannot be written to: a log on a full disk, a terminal that is gone."""

from __future__ import annotations

import errno
import io
import os
import pty
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from denoisectl.cli import stderr
from tests.denoisectl.cli.conftest import names


@pytest.fixture
def gone() -> Iterator[int]:
    """A terminal that was closed: writing to it fails."""
    ours, theirs = pty.openpty()
    os.close(ours)
    yield theirs
    os.close(theirs)


@pytest.mark.parametrize("bar", [False, True])
def test_a_terminal_that_is_gone_stops_no_work(
    cli_env: dict[str, str], model: Path, photos: Path, out: Path, gone: int, bar: bool
) -> None:
    (photos / "b.jpg").write_text("hello")
    env = {**cli_env, "TERM": "xterm", "FORCE_COLOR": "1"} if bar else cli_env  # rich draws where that is set
    command = [sys.executable, "-m", "denoisectl", "run", str(photos), "-o", str(out), "-m", str(model)]
    ended = subprocess.run(command, env=env, stdin=subprocess.DEVNULL, stderr=gone, check=False)
    assert ended.returncode == 1 and names(out) == ["a.png"], (
        "as if somebody had heard of the one that failed"
    )


@pytest.mark.parametrize(("args", "code"), [(["--no-such-flag"], 2), (["x", "-o", "o", "-m", "nosuch"], 4)])
def test_exit_codes_stay_where_nobody_hears_why(
    cli_env: dict[str, str], gone: int, args: list[str], code: int
) -> None:
    command = [sys.executable, "-m", "denoisectl", "run", *args]
    assert subprocess.run(command, env=cli_env, stderr=gone, check=False).returncode == code


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO, errno.EPIPE])
def test_only_a_reader_who_left_is_heeded(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    class Full(io.StringIO):
        def write(self, _: str) -> int:
            raise OSError(number, os.strerror(number))

    monkeypatch.setattr(sys, "stderr", Full())
    stderr.bear_with_stderr()
    if number == errno.EPIPE:
        with pytest.raises(BrokenPipeError):
            sys.stderr.write("hello")
    else:
        assert sys.stderr.write("hello") == 5


@pytest.mark.parametrize("args", [["models"], ["models", "--json"], ["run", "--help"], ["--version"]])
def test_a_stdout_that_cannot_be_written_to_is_told(
    cli_env: dict[str, str], gone: int, args: list[str]
) -> None:
    command = [sys.executable, "-m", "denoisectl", *args]
    env = {**cli_env, "PYTHONUNBUFFERED": ""}  # with a buffer that is flushed once more at the end
    ended = subprocess.run(command, env=env, stdout=gone, stderr=subprocess.PIPE, text=True, check=False)
    assert ended.returncode == 5 and ended.stderr.startswith("error: stdout: cannot be written: ")
    assert ended.stderr.count("\n") == 1, ended.stderr
