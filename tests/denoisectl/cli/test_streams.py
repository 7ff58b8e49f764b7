"""Images and JSON through pipes, in real processes."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.conftest import Cli
from tests.denoisectl.cli.conftest import Invoke


def image(data: bytes) -> np.ndarray:
    return cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)


def test_stdin_to_stdout(cli: Cli, model: Path, photos: Path, out: Path) -> None:
    piped = cli("run", "-", "-o", "-", "-m", model, stdin=(photos / "a.png").read_bytes())
    assert piped.returncode == 0, piped.stderr
    cli("run", photos / "a.png", "-o", out / "a.png", "-m", model)
    assert np.array_equal(image(piped.stdout), image((out / "a.png").read_bytes()))


def test_stdin_to_a_file_and_a_file_to_stdout(cli: Cli, model: Path, photos: Path, tmp_path: Path) -> None:
    target = tmp_path / "x.webp"
    assert cli("run", "-", "-o", target, "-m", model, stdin=(photos / "a.png").read_bytes()).returncode == 0
    assert target.read_bytes()[8:12] == b"WEBP"
    ended = cli("run", photos / "b.jpg", "-o", "-", "-m", model, "--format", "png")
    assert image(ended.stdout).shape == (24, 32, 3)
    again = cli("run", "-", "-o", target, "-m", model, stdin=(photos / "a.png").read_bytes())
    assert again.returncode == 2 and b"--overwrite" in again.stderr


def test_what_is_no_image_on_stdin(cli: Cli, model: Path) -> None:
    ended = cli("run", "-", "-o", "-", "-m", model, stdin=b"hello")
    assert ended.returncode == 1 and b"stdin: not an image" in ended.stderr and ended.stdout == b""


def test_nothing_on_stdin(cli: Cli, model: Path) -> None:
    ended = cli("run", "-", "-o", "-", "-m", model, stdin=b"")
    assert ended.returncode == 1 and b"stdin: nothing came in; did the command before it" in ended.stderr


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["-", "-o", "-", "--json"], b"both want stdout"),
        (["-", "-o", "x.png", "--json"], b"a pipe has none"),
        (["-", "-o", "x.jpg", "--format", "png"], b"--format png contradicts --out x.jpg"),
        (["-", "a.png", "-o", "-"], b"one image"),
        (["-", "-o", "somewhere"], b"has no name"),
        (["missing.png", "-o", "-"], b"no such file"),
        (["-", "-o", "-", "-n"], b"--dry-run"),
    ],
)
def test_contradictions(cli: Cli, model: Path, tmp_path: Path, args: list[str], said: bytes) -> None:
    ended = cli("run", *args, "-m", model, stdin=b"", cwd=tmp_path)
    assert ended.returncode == 2 and said in ended.stderr and ended.stdout == b""


def test_a_library_that_prints_does_not_spoil_the_data(
    cli_env: dict[str, str], model: Path, photos: Path
) -> None:
    """Both kinds of printing, Python's and a native library's, while the image goes out."""
    noisy = (
        "import os, sys; from denoisectl import Denoiser; from denoisectl.cli.main import main\n"
        "image = Denoiser.image\n"
        "def loud(*args, **kwargs):\n"
        "    print('hello from Python'); os.write(1, b'hello from C'); return image(*args, **kwargs)\n"
        "Denoiser.image = loud; main()"
    )
    command = [sys.executable, "-c", noisy, "run", str(photos / "a.png"), "-m", str(model), "-o"]
    ended = subprocess.run([*command, "-"], env=cli_env, capture_output=True, check=True)
    assert image(ended.stdout) is not None and b"hello" not in ended.stdout
    assert b"hello from Python" in ended.stderr and b"hello from C" in ended.stderr
    ended = subprocess.run(
        [*command, str(photos / "x"), "--json"], env=cli_env, capture_output=True, check=True
    )
    assert [json.loads(line)["event"] for line in ended.stdout.splitlines()] == ["file", "summary"]


def test_terminals_get_no_images_and_are_not_read(cli_env: dict[str, str], model: Path, photos: Path) -> None:
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "denoisectl", "run", "-m", str(model)]
    for args, streams in (
        ([str(photos / "a.png"), "-o", "-"], {"stdout": theirs, "stdin": subprocess.DEVNULL}),
        (["-", "-o", "x.png"], {"stdin": theirs, "stdout": subprocess.PIPE}),
    ):
        ended = subprocess.run([*command, *args], env=cli_env, stderr=subprocess.PIPE, check=False, **streams)
        assert ended.returncode == 2 and b"is a terminal" in ended.stderr
    os.close(ours)
    os.close(theirs)


def test_names_in_a_plan_give_a_terminal_no_commands(
    cli_env: dict[str, str], model: Path, photos: Path
) -> None:
    (photos / "a.png").rename(photos / "\x1b[31m.png")
    command = [sys.executable, "-m", "denoisectl", "run", str(photos), "-o", "clean", "-n", "-m", str(model)]
    ours, theirs = pty.openpty()
    subprocess.run(command, env=cli_env, stdout=theirs, stderr=subprocess.DEVNULL, check=True)
    os.close(theirs)
    shown = os.read(ours, 10_000)
    os.close(ours)
    assert rb"/\x1b[31m.png -> clean/\x1b[31m.png" in shown and b"\x1b" not in shown
    piped = subprocess.run(command, env=cli_env, capture_output=True, check=True)
    assert b"/\x1b[31m.png -> clean/\x1b[31m.png" in piped.stdout


def test_what_a_format_does_not_hold_is_said(cli: Cli, model: Path, tmp_path: Path) -> None:
    deep = cv2.imencode(".png", np.full((8, 8, 3), 40_000, np.uint16))[1].tobytes()
    piped = cli("run", "-", "-o", tmp_path / "a.jpg", "-m", model, stdin=deep)
    assert piped.returncode == 0
    assert "stdin: the result does not hold its 16 bits" in piped.stderr.decode()


def test_flags_that_mean_nothing_to_a_pipe_are_refused(invoke: Invoke) -> None:
    for flag in ("--suffix -x", "--preserve-times", "--if-exists skip", "-r", "--include *.png", "--exclude *.png",
                 "--base .", "--on-collision rename", "--fail-fast", "--max-failures 3"):  # fmt: skip
        ended = invoke("run", "-", "-o", "-", *flag.split())
        assert ended.code == 2 and "a pipe carries one image" in ended.stderr, flag
