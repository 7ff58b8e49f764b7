"""A folder that is watched, in a real process."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from denoisectl.batch.selection import Found
from denoisectl.cli import batch_run
from tests.denoisectl.cli.conftest import Invoke
from tests.denoisectl.conftest import write_picture


def _watching(
    env: dict[str, str], folder: Path, out: Path, model: Path, *flags: str
) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "denoisectl", "run", str(folder), "-o", str(out), "-m", str(model)]
    return subprocess.Popen(
        [*command, "--watch", "--json", *flags], env=env, stdout=subprocess.PIPE, text=True
    )


def _events(process: subprocess.Popen[str]) -> Iterator[dict[str, Any]]:
    assert process.stdout is not None
    return map(json.loads, process.stdout)


def test_what_comes_in_is_denoised_until_somebody_ends_it(
    cli_env: dict[str, str], model: Path, tmp_path: Path, out: Path
) -> None:
    folder = tmp_path / "in"
    write_picture(folder / "a.png")
    with _watching(cli_env, folder, out, model) as process:
        events = _events(process)
        assert [next(events)["event"], next(events)["ok"]] == ["file", 1]
        (folder / "notes.txt").write_text("passed over")
        (folder / "bad.jpg").write_text("hello")
        write_picture(folder / "b.png")
        # In one round or in two, as the clock has it.
        files = (event for event in events if event["event"] == "file")
        assert sorted(next(files)["status"] for _ in range(2)) == ["failed", "ok"]
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 130
    assert sorted(path.name for path in out.glob("*.png")) == ["a.png", "b.png"]


def test_files_that_are_passed_over_are_told_once_as_they_come(
    invoke: Invoke, photos: Path, out: Path, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def rounds(look: Callable[[], Iterable[Found]]) -> Iterator[frozenset[Path]]:
        for new in ("x.heic", "d.png", "y.gif"):  # the last one comes alone
            head = {".heic": b"\0\0\0\x18ftypheic", ".gif": b"GIF89a"}.get(Path(new).suffix)
            (photos / new).write_bytes(head) if head else write_picture(photos / new)
            yield frozenset(found.path for found in look() if new == "x.heic" or found.path.name == new)
        raise KeyboardInterrupt

    monkeypatch.setattr(batch_run, "arrivals", rounds)
    ended = invoke("run", photos, "-o", out, "-m", model, "--watch", "--json")
    told = [line for line in ended.stderr.splitlines() if "passed over" in line]
    assert len(told) == 2 and "a HEIC image" in told[0] and "a GIF image" in told[1]
    assert (out / "d.png").is_file()


def test_a_pattern_waits_for_its_first_file(
    cli_env: dict[str, str], model: Path, tmp_path: Path, out: Path
) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    with _watching(cli_env, folder / "*.png", out, model) as process:
        write_picture(folder / "a.png")
        assert next(_events(process))["status"] == "ok"
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 130


def test_what_does_not_go_with_it(invoke: Invoke, photos: Path, out: Path, model: Path) -> None:
    for flags in (["--dry-run"], ["--failed-to", "x"], ["--files-from", "-"]):
        ended = invoke("run", photos, "-o", out, "-m", model, "--watch", *flags)
        assert ended.code == 2 and "--watch goes with neither" in ended.stderr
    ended = invoke("run", photos, "-o", out, "-m", model, "--watch", "--if-exists", "error")
    assert ended.code == 2 and "it does not go with --if-exists error" in ended.stderr


def test_what_is_not_there_is_not_waited_for(invoke: Invoke, out: Path, model: Path) -> None:
    ended = invoke("run", "nosuch", "-o", out, "-m", model, "--watch")
    assert ended.code == 2 and "nosuch: no such file or folder to watch" in ended.stderr


def test_names_that_collide_cost_themselves_alone(
    cli_env: dict[str, str], model: Path, tmp_path: Path, out: Path
) -> None:
    folder = tmp_path / "in"
    write_picture(folder / "a.png")
    with _watching(cli_env, folder, out, model, "--format", "png") as process:
        files = (event for event in _events(process) if event["event"] == "file")
        assert next(files)["status"] == "ok"
        write_picture(folder / "a.jpg")
        failed = next(files)
        assert failed["error"]["code"] == "collision" and "a.jpg" in failed["input"]
        write_picture(folder / "b.png")
        assert next(files)["status"] == "ok"
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 130
