"""Signals at a process that is at work: it tells what it did, leaves whole files, and goes on next time."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import cv2
import pytest

from tests.denoisectl.conftest import write_picture

COUNT = 12


@pytest.fixture
def command(tmp_path: Path, model: Path) -> list[str]:
    for number in range(COUNT):
        write_picture(tmp_path / "in" / f"{number}.png", 300, 400, number)
    run = [sys.executable, "-m", "denoisectl", "run", str(tmp_path / "in"), "-o", str(tmp_path / "out")]
    return [*run, "-m", str(model), "-d", "cpu", "--tile", "64", "-v"]


def started(command: list[str], env: dict[str, str]) -> subprocess.Popen[str]:
    """The process, once its first file is done."""
    process = subprocess.Popen(command, env=env, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    for line in process.stderr:
        if " -> " in line:
            return process
    raise AssertionError("nothing was done")


@pytest.mark.parametrize(("signum", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_in_order(
    command: list[str], cli_env: dict[str, str], tmp_path: Path, signum: int, code: int
) -> None:
    process = started(command, cli_env)
    process.send_signal(signum)
    _, said = process.communicate(timeout=30)
    assert process.returncode == code
    assert "not reached (interrupted)" in said and "Traceback" not in said
    outputs = list((tmp_path / "out").glob("*.png"))
    assert 0 < len(outputs) < COUNT and all(cv2.imread(str(path)) is not None for path in outputs)
    assert not list((tmp_path / "out").glob(".denoisectl-*"))
    assert subprocess.run(command, env=cli_env, stderr=subprocess.DEVNULL, check=False).returncode == 0
    assert len(list((tmp_path / "out").glob("*.png"))) == COUNT


def test_the_second_one_ends_at_once(command: list[str], cli_env: dict[str, str]) -> None:
    process = started([*command, "--strength", "0.5"], cli_env)
    process.send_signal(signal.SIGINT)
    time.sleep(0.05)  # two at once would be one
    process.send_signal(signal.SIGINT)
    start = time.monotonic()
    process.communicate(timeout=30)
    assert process.returncode in (-signal.SIGINT, 130) and time.monotonic() - start < 2


NATIVE = """
import hashlib, threading
from denoisectl.cli.signals import interruptible
with interruptible():
    threading.Timer(0.5, print, ["at work"], {"flush": True}).start()  # when the hash is: it lets others run
    hashlib.pbkdf2_hmac("sha256", b"", b"", 2_000_000_000)  # as a large tile: no Python code runs meanwhile
"""


@pytest.mark.parametrize("second", [signal.SIGINT, signal.SIGTERM])
def test_the_second_one_ends_native_code_too(second: signal.Signals, cli_env: dict[str, str]) -> None:
    command = [sys.executable, "-c", NATIVE]
    process = subprocess.Popen(
        command, env=cli_env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None and process.stdout.readline() == "at work\n"
    process.send_signal(signal.SIGINT)
    time.sleep(0.2)  # two at once would be one
    process.send_signal(second)
    _, said = process.communicate(timeout=60)  # it would take a quarter of an hour
    assert (process.returncode, said) == (128 + second, "")


def test_ctrl_c_is_not_for_jobs_in_the_background(command: list[str], cli_env: dict[str, str]) -> None:
    # Shells start these with the signal ignored, as a script does with trap.
    process = started(["bash", "-c", "trap '' INT; exec \"$@\"", "job", *command], cli_env)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=30)
    assert process.returncode == 0
