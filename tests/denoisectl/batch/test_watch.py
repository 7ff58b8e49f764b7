from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from denoisectl.batch.inputs import find
from denoisectl.batch.selection import Selection
from denoisectl.batch.watch import arrivals


def test_files_come_once_they_stand_still_and_again_if_they_change(tmp_path: Path) -> None:
    looks = 0

    def look() -> object:
        """Between the looks, one file is there, one grows, one comes later and the first one changes."""
        nonlocal looks
        looks += 1
        assert looks < 20, "what has come or changed is not told"
        with (tmp_path / "growing").open("ab") as file:
            file.write(b"x" if looks < 5 else b"")
        if looks == 3:
            (tmp_path / "later").write_bytes(b"x")
        if looks == 8:
            (tmp_path / "first").write_bytes(b"y")  # of the size it had
            os.utime(tmp_path / "first", ns=(1, 1))
        return find([str(tmp_path)], Selection())

    (tmp_path / "first").write_bytes(b"x")
    rounds = arrivals(look, interval=0)  # type: ignore[arg-type]
    seen = [(looks, sorted(path.name for path in ready)) for ready in (next(rounds) for _ in range(4))]
    assert [names for _, names in seen] == [["first"], ["later"], ["growing"], ["first"]]


def test_a_file_that_comes_back_is_new(tmp_path: Path) -> None:
    photo, looks = tmp_path / "photo", 0
    photo.write_bytes(b"x")

    def look() -> object:
        """It is away at the third look, and back as it was at the fourth."""
        nonlocal looks
        looks += 1
        assert looks < 20, "it is not taken for new"
        if looks == 3:
            photo.rename(tmp_path.with_name("held"))
        if looks == 4:
            tmp_path.with_name("held").rename(photo)
        return list(find([str(tmp_path)], Selection()))

    rounds = arrivals(look, interval=0)  # type: ignore[arg-type]
    assert [next(rounds) for _ in range(2)] == [{photo}] * 2
    assert looks == 5


def test_a_file_that_goes_again_is_no_arrival(tmp_path: Path) -> None:
    (tmp_path / "stays").touch()
    (tmp_path / "goes").touch()

    def look() -> object:
        found = list(find([str(tmp_path)], Selection()))
        (tmp_path / "goes").unlink(missing_ok=True)
        return found

    assert next(arrivals(look, interval=0)) == {tmp_path / "stays"}  # type: ignore[arg-type]


def test_between_two_looks_it_rests(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Or a file that is being copied would seem to stand still, and a processor would be busy with looking."""
    rested: list[float] = []
    monkeypatch.setattr(time, "sleep", rested.append)
    (tmp_path / "photo").write_bytes(b"x")
    assert next(arrivals(lambda: find([str(tmp_path)], Selection()), interval=2.5)) == {tmp_path / "photo"}
    assert rested == [2.5]


@pytest.mark.parametrize(("took", "rest"), [(0.1, 1.0), (3.0, 12.0)])
def test_a_look_that_takes_long_is_repeated_seldom(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, took: float, rest: float
) -> None:
    clock, slept = [0.0], list[float]()

    def look() -> object:
        clock[0] += took
        return find([str(tmp_path)], Selection())

    (tmp_path / "photo").touch()
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    monkeypatch.setattr(time, "sleep", slept.append)
    next(arrivals(look))  # type: ignore[arg-type]
    assert slept == pytest.approx([rest])
