from __future__ import annotations

import inspect
import io
import os
import pty
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path, PurePath

import pytest
from rich.console import Console

from denoisectl.batch.job import Job, Plan
from denoisectl.batch.result import FileResult, Status
from denoisectl.cli import console
from denoisectl.cli.progress import lines, progress, under_way

PLAN = Plan(
    tuple(Job(Path(name), Path("out", name), PurePath(name), pixels=10**6) for name in ("a.png", "b.png"))
)
DONE = FileResult("a.png", None, Status.OK, width=1000, height=1000, milliseconds={"decode": 1.0})


def test_lines_tell_files_speed_and_time_left(capsys: pytest.CaptureFixture[str]) -> None:
    said, latest = "", time.monotonic() + 30
    with lines(PLAN, interval=0.05) as told:
        told(DONE)
        while "1/2 files, " not in said and time.monotonic() < latest:
            time.sleep(0.05)
            out, new = capsys.readouterr()
            assert out == ""
            said += new
    assert "1/2 files, " in said and " MP/s, 0:00:" in said


def test_a_line_comes_every_half_minute() -> None:
    assert {inspect.signature(each).parameters["interval"].default for each in (lines, under_way)} == {30.0}


def test_a_short_run_says_no_progress(capsys: pytest.CaptureFixture[str]) -> None:
    with lines(PLAN) as told:
        told(DONE)
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("quiet", [False, True])
def test_what_is_under_way_is_told_where_nothing_can_be_drawn(
    quiet: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    console.set_loudness(quiet=quiet)
    said, latest = "", time.monotonic() + (0.3 if quiet else 30)
    with under_way("reading photos", interval=0.05) as tell:
        tell("photo-int8: photo 3 of 24, blur")
        while not said and time.monotonic() < latest:
            time.sleep(0.05)
            out, said = capsys.readouterr()
            assert out == ""
    console.set_loudness()
    assert ("photo-int8: photo 3 of 24, blur (0:00:" in said) is not quiet


def test_the_bar_of_a_run_that_goes_on_begins_where_that_stood(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = io.StringIO()
    monkeypatch.setattr(console, "is_live", lambda: True)
    monkeypatch.setattr(console, "stderr", lambda: Console(file=drawn, force_terminal=True, width=100))
    first, second = PLAN.jobs
    with progress(Plan((replace(first, skip="exists"), second))):
        pass
    assert " 50%" in drawn.getvalue() and " 0%" not in drawn.getvalue()


@pytest.mark.parametrize(("extra", "drawn"), [([], True), (["-q"], False)])
def test_a_bar_on_a_terminal_only(
    cli_env: dict[str, str], model: Path, photos: Path, out: Path, extra: list[str], drawn: bool
) -> None:
    ours, theirs = pty.openpty()
    command = [
        sys.executable,
        "-m",
        "denoisectl",
        "run",
        str(photos),
        "-o",
        str(out),
        "-m",
        str(model),
        *extra,
    ]
    env = {**cli_env, "TERM": "xterm"}
    with subprocess.Popen(
        command, env=env, stdin=subprocess.DEVNULL, stdout=theirs, stderr=theirs
    ) as process:
        os.close(theirs)
        shown = b""
        try:
            while chunk := os.read(ours, 4096):
                shown += chunk
        except OSError:  # how Linux says that the other end is closed
            pass
    os.close(ours)
    assert process.returncode == 0
    assert ("━".encode() in shown) is drawn and (b"\x1b[" in shown) is drawn
