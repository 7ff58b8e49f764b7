"""SIGKILL at any moment, a full disk, a folder that turns read-only: whole files, and one rerun completes."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.denoisectl.conftest import write_picture

COUNT = 24

Folder = dict[str, bytes]


class Batch:
    """One folder of pictures, and what a run over it that nothing disturbs makes of them."""

    def __init__(self, folder: Path, model: Path, env: dict[str, str]) -> None:
        self.inputs = folder / "in"
        self._run = [sys.executable, "-m", "denoisectl", "run"]
        # The toy has to be slowed down for a kill to find it at work.
        self._how = ["-m", str(model), "-q", *(["--tile", "64"] if model.stem == "toy" else [])]
        self._command = [*self._run, str(self.inputs), *self._how]
        self._env = env
        for number in range(COUNT):
            write_picture(folder / "in" / f"{number}.{('png', 'jpg', 'tif')[number % 3]}", 240, 320, number)
        start = time.monotonic()
        assert self.run(folder / "whole").returncode == 0
        self.seconds = time.monotonic() - start
        self.expected = contents(folder / "whole")
        assert len(self.expected) == COUNT

    def start(self, out: Path) -> subprocess.Popen[bytes]:
        return subprocess.Popen([*self._command, "-o", str(out)], env=self._env, stderr=subprocess.PIPE)

    def start_in_place(self, photos: Path) -> subprocess.Popen[bytes]:
        command = [*self._run, str(photos), *self._how, "--in-place", "--backup", ".orig"]
        return subprocess.Popen(command, env=self._env)

    def run(self, out: Path) -> subprocess.CompletedProcess[bytes]:
        command = [*self._command, "-o", str(out)]
        return subprocess.run(command, env=self._env, stderr=subprocess.PIPE, timeout=120, check=False)

    def kill(self, process: subprocess.Popen[bytes], out: Path, rng: random.Random, *, at_work: bool) -> int:
        """Kill a run once it has made some of its outputs, or at any moment; returns how many it has made."""
        if at_work:
            # Early, so that the kill still comes in time where this process has to wait for a processor.
            enough = rng.randint(1, COUNT // 4)
            while self.done(out) < enough and process.poll() is None:
                time.sleep(0.002)
        else:
            time.sleep(rng.uniform(0.5, 1.0) * self.seconds)
        process.kill()
        process.communicate()
        done = self.done(out)
        if at_work:
            assert 0 < done < COUNT, "the kill missed the work"
        return done

    def done(self, out: Path) -> int:
        """How many outputs are there, whole."""
        return sum(self.expected.get(name) == data for name, data in contents(out).items())

    def has_whole_files_only(self, out: Path) -> bool:
        return contents(out).items() <= self.expected.items()

    def completes(self, out: Path) -> bool:
        done = self.run(out)
        return (
            done.returncode == 0
            and contents(out) == self.expected
            and not list(out.glob(".denoisectl-*.part"))
        )


def contents(folder: Path) -> Folder:
    """Every file that bears an output's name."""
    return {path.name: path.read_bytes() for path in folder.glob("[!.]*")}


@pytest.fixture(scope="module")
def batch(tmp_path_factory: pytest.TempPathFactory, model: Path, cli_env: dict[str, str]) -> Batch:
    return Batch(tmp_path_factory.mktemp("kill"), model, cli_env)


def parts(quick: int, slow: int) -> pytest.MarkDecorator:
    """A few runs, each killed at work; for the slow proofs many, killed at any moment, in parts to be run apart."""
    more = [pytest.param(part, slow, False, marks=pytest.mark.slow, id=f"part{part}") for part in range(1, 5)]
    few = pytest.param(0, quick, True, id="few")
    return pytest.mark.parametrize(("part", "runs", "at_work"), [few, *more])


@parts(3, 25)
def test_killed_runs_leave_whole_files_and_complete(
    batch: Batch,
    tmp_path: Path,
    part: int,
    runs: int,
    at_work: bool,
    record_testsuite_property: Callable[[str, object], None],
) -> None:
    rng = random.Random(part)
    left: list[int] = []
    stale = 0
    for number in range(runs):
        out = tmp_path / str(number)
        left.append(batch.kill(batch.start(out), out, rng, at_work=at_work))
        assert batch.has_whole_files_only(out)
        stale += len(list(out.glob(".denoisectl-*.part")))
        assert batch.completes(out)
        shutil.rmtree(out)
    record_testsuite_property(f"{part}: killed in the middle", sum(0 < count < COUNT for count in left))
    record_testsuite_property(f"{part}: stale temporary files removed by reruns", stale)


@parts(2, 10)
def test_killed_runs_in_place_lose_no_original(
    batch: Batch,
    tmp_path: Path,
    part: int,
    runs: int,
    at_work: bool,
    record_testsuite_property: Callable[[str, object], None],
) -> None:
    """Every name holds the original or the whole output, and an output's original is kept beside it."""
    rng = random.Random(part)
    originals = contents(batch.inputs)
    left: list[int] = []
    for number in range(runs):
        photos = tmp_path / str(number)
        shutil.copytree(batch.inputs, photos)
        left.append(batch.kill(batch.start_in_place(photos), photos, rng, at_work=at_work))
        now = contents(photos)
        for name, original in originals.items():
            assert now[name] in (original, batch.expected[name])
            assert now[name] == original or now[f"{name}.orig"] == original
            assert now.get(f"{name}.orig", original) == original
        for _ in range(2):
            assert batch.start_in_place(photos).wait(timeout=120) == 0
            kept = {f"{name}.orig": original for name, original in originals.items()}
            assert contents(photos) == batch.expected | kept
        assert not list(photos.glob(".denoisectl-*.part"))
        shutil.rmtree(photos)
    record_testsuite_property(
        f"{part}: killed in place, in the middle", sum(0 < count < COUNT for count in left)
    )


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of two megabytes, where mounting is allowed."""
    disk = tmp_path / "disk"
    disk.mkdir()
    if os.name != "posix" or os.geteuid() or not _mount("-t", "tmpfs", "-o", "size=2m", "tmpfs", str(disk)):
        pytest.skip("needs the right to mount a small disk")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


def _mount(*args: str) -> bool:
    mount = shutil.which("mount")
    return (
        mount is not None and subprocess.run([mount, *args], capture_output=True, check=False).returncode == 0
    )


def test_a_full_disk_stops_the_run_and_space_completes_it(batch: Batch, small_disk: Path) -> None:
    out = small_disk / "out"
    full = batch.run(out)
    assert full.returncode == 5 and b"No space left on device" in full.stderr
    assert b"run the same command again" in full.stderr
    assert batch.has_whole_files_only(out) and 0 < len(contents(out)) < COUNT
    assert not list(out.glob(".denoisectl-*.part"))
    assert _mount("-o", "remount,size=32m", str(small_disk))
    assert batch.completes(out)


def test_a_full_disk_in_place_costs_no_original(batch: Batch, small_disk: Path) -> None:
    assert _mount("-o", "remount,size=32m", str(small_disk))
    photos, originals = small_disk / "photos", contents(batch.inputs)
    shutil.copytree(batch.inputs, photos)
    used = sum(len(data) + 4096 for data in originals.values()) // 1024
    assert _mount("-o", f"remount,size={used + 300}k", str(small_disk))
    assert batch.start_in_place(photos).wait(timeout=120) == 5
    now = contents(photos)
    assert all(now[name] == data or now[f"{name}.orig"] == data for name, data in originals.items())
    assert 0 < sum(now[name] != data for name, data in originals.items()) < COUNT
    assert _mount("-o", "remount,size=32m", str(small_disk))
    assert batch.start_in_place(photos).wait(timeout=120) == 0
    kept = {f"{name}.orig": data for name, data in originals.items()}
    assert contents(photos) == batch.expected | kept


def test_a_disk_that_turns_read_only_stops_the_run(batch: Batch, small_disk: Path) -> None:
    assert _mount("-o", "remount,size=32m", str(small_disk))
    out = small_disk / "out"
    process = batch.start(out)
    while not contents(out) and process.poll() is None:
        time.sleep(0.002)
    # A file that is open for writing holds a remount off; one moment between two of them is enough.
    frozen = any(_mount("-o", "remount,ro", str(small_disk)) or time.sleep(0.001) for _ in range(500))
    _, said = process.communicate(timeout=60)
    if not frozen or process.returncode == 0:
        pytest.skip("the run ended before the disk turned read-only")
    assert process.returncode == 5 and b"Read-only file system" in said
    assert batch.has_whole_files_only(out)
    assert _mount("-o", "remount,rw", str(small_disk))
    assert batch.completes(out)
