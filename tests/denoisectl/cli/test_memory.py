"""Ten thousand images in one folder: memory stays where it was after the first hundred."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.denoisectl.conftest import write_picture

SIZES = ((48, 64), (64, 48), (33, 71), (80, 80), (17, 120))


def resident(pid: int) -> int:
    """Bytes of memory that the process holds."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmRSS"))


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs /proc")
@pytest.mark.parametrize("count", [600, pytest.param(10_000, marks=pytest.mark.slow)])
def test_memory_is_flat(
    count: int,
    tmp_path: Path,
    model: Path,
    cli_env: dict[str, str],
    record_testsuite_property: Callable[[str, object], None],
) -> None:
    for number, (height, width) in enumerate(SIZES):
        write_picture(tmp_path / f"{number}.png", height, width, number)
    (tmp_path / "in").mkdir()
    for number in range(count):
        shutil.copy(tmp_path / f"{number % len(SIZES)}.png", tmp_path / "in" / f"{number}.png")
    command = [sys.executable, "-m", "denoisectl", "run", str(tmp_path / "in"), "-o", str(tmp_path / "out")]
    command += ["-m", str(model), "-d", "cpu", "--json", "-q"]
    held: list[int] = []
    with subprocess.Popen(command, env=cli_env, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for number, line in enumerate(process.stdout, 1):
            if number % 100 == 0 and number <= count:
                held.append(resident(process.pid))
            last = line
    summary = json.loads(last)
    assert process.returncode == 0 and summary["ok"] == count
    early, late = held[0], max(held[1:])
    record_testsuite_property("megabytes at the 100th", early // 10**6)
    record_testsuite_property("most megabytes after it", late // 10**6)
    record_testsuite_property("megabytes at the last", held[-1] // 10**6)
    record_testsuite_property("seconds", summary["seconds"])
    assert late < early + 12e6
