"""Whole runs in this process: every input accounted for, and a second run that does what is missing."""

from __future__ import annotations

import errno
import io
import os
import threading
from contextlib import closing
from pathlib import Path

import cv2
import numpy as np
import pytest
import skimage.data

from denoisectl import Denoiser
from denoisectl.batch import one_image, run_plan
from denoisectl.batch.budget import Budget
from denoisectl.batch.estimate import working_bytes
from denoisectl.batch.existing import IfExists
from denoisectl.batch.inputs import find
from denoisectl.batch.journal_lines import JOURNAL_FOLDER
from denoisectl.batch.library import denoise_file, denoise_folder
from denoisectl.batch.plan import Naming, make_plan
from denoisectl.batch.result import FileResult
from denoisectl.batch.run_plan import Resources
from denoisectl.batch.selection import Selection
from denoisectl.batch.settings import Settings
from denoisectl.batch.work import Worker
from denoisectl.choices import BitDepth
from denoisectl.errors import ImageError, UsageError
from denoisectl.images import Format, decode
from denoisectl.pixels import Image
from tests.denoisectl.batch.conftest import FAILED, OK, SKIPPED, pixels, statuses


def test_every_photo_is_cleaned(denoiser: Denoiser, photos: Path, out: Path) -> None:
    results = list(denoise_folder(denoiser, photos, out))
    assert statuses(results) == {"a.png": OK, "b.jpg": OK, "c.png": OK}
    first = results[0]
    assert (first.width, first.height, first.bits, first.target) == (32, 24, 8, out / "a.png")
    assert set(first.milliseconds) == {"decode", "infer", "encode"}
    assert first.engine == {
        "device": "cpu",
        "precision": "float32",
        "tile": "32x24",
        "tiles": 1,
        "self_ensemble": 1,
    }
    expected = denoiser.image(cv2.cvtColor(pixels(photos / "a.png"), cv2.COLOR_BGR2RGB))
    assert np.array_equal(cv2.cvtColor(pixels(out / "a.png"), cv2.COLOR_BGR2RGB), expected)
    assert sorted(path.name for path in out.iterdir()) == [JOURNAL_FOLDER, "a.png", "b.jpg", "c.png"]


@pytest.mark.parametrize("amounts", [{"strength": 0.0}, {"luma": 0.0, "chroma": 0.0}])
def test_strength_zero_copies_the_file(
    denoiser: Denoiser, photos: Path, out: Path, amounts: dict[str, float]
) -> None:
    assert set(statuses(denoise_folder(denoiser, photos, out, settings=Settings(**amounts))).values()) == {OK}
    for name in ("a.png", "b.jpg", "c.png"):
        assert (out / name).read_bytes() == (photos / name).read_bytes()


def test_a_grey_photo_without_luma_is_copied(denoiser: Denoiser, tmp_path: Path, out: Path) -> None:
    grey = tmp_path / "grey" / "g.jpg"
    grey.parent.mkdir()
    cv2.imwrite(str(grey), skimage.data.camera()[:64, :64])
    list(denoise_folder(denoiser, grey.parent, out, settings=Settings(luma=0.0)))
    assert (out / "g.jpg").read_bytes() == grey.read_bytes()


def test_strength_zero_changes_no_pixel_of_another_format(
    denoiser: Denoiser, photos: Path, out: Path
) -> None:
    list(denoise_folder(denoiser, photos, out, settings=Settings(strength=0, format=Format.PNG)))
    for name in ("a.png", "b.jpg", "c.png"):
        assert np.array_equal(pixels((out / name).with_suffix(".png")), pixels(photos / name))


def test_strength_zero_still_refuses_what_is_damaged(denoiser: Denoiser, photos: Path, out: Path) -> None:
    (photos / "a.png").write_bytes((photos / "a.png").read_bytes()[:300])
    results = statuses(denoise_folder(denoiser, photos, out, settings=Settings(strength=0)))
    assert results == {"a.png": FAILED, "b.jpg": OK, "c.png": OK}


def test_bad_files_do_not_stop_the_others(denoiser: Denoiser, photos: Path, out: Path) -> None:
    (photos / "a.png").write_bytes((photos / "a.png").read_bytes()[:300])
    (photos / "b.jpg").write_text("no image")
    results = list(denoise_folder(denoiser, photos, out))
    assert statuses(results) == {"a.png": FAILED, "b.jpg": FAILED, "c.png": OK}
    assert [result.code for result in results] == ["decode", "not-an-image", None]
    assert all(result.source in result.reason for result in results[:2])


def test_a_codec_that_trips_costs_one_file(
    denoiser: Denoiser, photos: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def trip(data: bytes, *, name: str, max_pixels: int | None) -> object:
        if name.endswith("a.png"):
            raise ZeroDivisionError("oops")
        return decode(data, name=name, max_pixels=max_pixels)

    monkeypatch.setattr(one_image, "decode", trip)
    results = list(denoise_folder(denoiser, photos, out))
    assert statuses(results) == {"a.png": FAILED, "b.jpg": OK, "c.png": OK}
    assert "ZeroDivisionError: oops" in results[0].reason


def test_times_can_be_kept(denoiser: Denoiser, photos: Path, out: Path) -> None:
    os.utime(photos / "a.png", ns=(5, 10**18))
    list(denoise_folder(denoiser, photos, out, settings=Settings(preserve_times=True)))
    assert (out / "a.png").stat().st_mtime_ns == 10**18
    assert set(
        statuses(denoise_folder(denoiser, photos, out, settings=Settings(preserve_times=True))).values()
    ) == {SKIPPED}


def test_a_full_disk_stops_with_nothing_half_written(
    denoiser: Denoiser, photos: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    results = list(denoise_folder(denoiser, photos, out))
    assert statuses(results) == {"a.png": FAILED, "b.jpg": FAILED, "c.png": FAILED}
    assert all(result.fatal and "No space left" in result.reason for result in results)
    assert list(out.iterdir()) == []


def test_a_file_that_vanishes_meanwhile_is_a_failure(denoiser: Denoiser, photos: Path, out: Path) -> None:
    results = denoise_folder(denoiser, photos, out, resources=Resources(readers=1, writers=1))
    (photos / "c.png").unlink()
    assert statuses(results) == {"a.png": OK, "b.jpg": OK, "c.png": FAILED}


def test_little_memory_is_enough(denoiser: Denoiser, photos: Path, out: Path) -> None:
    assert len(list(denoise_folder(denoiser, photos, out, resources=Resources(memory=1)))) == 3


@pytest.mark.parametrize(("bit_depth", "times"), [(None, 1), (8, 1), (16, 2)])
def test_every_photo_takes_the_memory_that_its_header_states(
    denoiser: Denoiser,
    photos: Path,
    out: Path,
    monkeypatch: pytest.MonkeyPatch,
    bit_depth: BitDepth | None,
    times: int,
) -> None:
    limits: list[int] = []
    taken: dict[int, int] = {}

    class Spy(Budget):
        def __init__(self, limit: int) -> None:
            super().__init__(limit)
            limits.append(limit)

        def take(self, place: int, size: int) -> None:
            super().take(place, size)
            taken[place] = size

    monkeypatch.setattr(run_plan, "Budget", Spy)
    (photos / "b.jpg").write_text("no image")
    settings = Settings(bit_depth=bit_depth)
    list(denoise_folder(denoiser, photos, out, settings=settings, resources=Resources(memory=10**6)))
    first, last = (working_bytes(io.BytesIO((photos / name).read_bytes())) for name in ("a.png", "c.png"))
    assert limits == [10**6] and taken == {0: times * first, 1: 0, 2: times * last}


class TwoTogether:
    """A process that is done with an image only once it has another one to do beside it."""

    device_note = digest = ""
    lanes = 2

    def __init__(self) -> None:
        self._both = threading.Barrier(2, timeout=20)

    def image(self, array: Image, *, strength: float, luma: float, chroma: float) -> Image:
        self._both.wait()
        return array

    def facts(self, height: int, width: int) -> dict[str, str | int]:
        return {}


def test_as_many_photos_are_denoised_at_once_as_there_are_lanes(photos: Path, out: Path) -> None:
    results = denoise_folder(TwoTogether(), photos, out, include="*.png")
    assert statuses(results) == {"a.png": OK, "c.png": OK}


def test_what_a_killed_run_left_is_removed(denoiser: Denoiser, photos: Path, out: Path) -> None:
    stale = out / ".denoisectl-killed.part"
    out.mkdir()
    stale.write_bytes(b"half a photo")
    list(denoise_folder(denoiser, photos, out))
    assert not stale.exists()


def test_a_loop_over_single_files_looks_through_their_folder_once(
    denoiser: Denoiser, photos: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    swept: list[Path] = []
    monkeypatch.setattr(run_plan, "remove_stale", swept.extend)
    for name in ("x.png", "y.png"):
        denoise_file(denoiser, photos / "a.png", out / name)
    assert swept == [out]


def test_stopping_early_leaves_whole_files(denoiser: Denoiser, photos: Path, out: Path) -> None:
    with closing(denoiser.folder(photos, out)) as results:
        assert next(results).status is OK
    assert not list(out.glob(".denoisectl-*.part"))
    assert all(pixels(path) is not None for path in out.glob("[!.]*"))


@pytest.mark.parametrize("name", ["x.png", "x.jpg", "x.tif"])
def test_one_file(denoiser: Denoiser, photos: Path, tmp_path: Path, name: str) -> None:
    target = tmp_path / name
    result = denoise_file(denoiser, photos / "a.png", target)
    assert isinstance(result, FileResult) and result.status is OK
    assert (
        decode(target.read_bytes(), name=name, max_pixels=None).origin.format.default_suffix == target.suffix
    )
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in", name]
    with pytest.raises(UsageError, match="exists already"):
        denoise_file(denoiser, photos / "a.png", target)


def test_one_bad_file(denoiser: Denoiser, tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_text("hello")
    with pytest.raises(ImageError, match=r"a\.jpg"):
        denoise_file(denoiser, tmp_path / "a.jpg", tmp_path / "b.jpg")
    with pytest.raises(UsageError, match=r"c\.jpg: no such file"):
        denoise_file(denoiser, tmp_path / "c.jpg", tmp_path / "b.jpg")
    with pytest.raises(UsageError, match="no such folder"):
        denoise_folder(denoiser, tmp_path / "nowhere", tmp_path / "out")


def test_settings_speak_in_flags() -> None:
    with pytest.raises(UsageError, match=r"--luma 1\.5"):
        Settings(luma=1.5)
    with pytest.raises(UsageError, match="--quality 0"):
        Settings(quality=0)
    assert Settings().digest("m") != Settings().digest("n")
    assert Settings().digest("m") != Settings(format=Format.PNG).digest("m")
    assert [each.value for each in IfExists] == ["skip", "overwrite", "error", "newer"]


def test_the_front_door_does_the_same(denoiser: Denoiser, photos: Path, out: Path, tmp_path: Path) -> None:
    result = denoiser.file(photos / "a.png", tmp_path / "x.jpg", strength=0.5, quality=80)
    assert isinstance(result, FileResult) and result.status is OK
    with pytest.raises(UsageError, match="exists already"):
        denoiser.file(photos / "a.png", tmp_path / "x.jpg")
    assert denoiser.file(photos / "a.png", tmp_path / "x.jpg", if_exists="skip").status is SKIPPED
    results = denoiser.folder(photos, out, include=["*.png"], format="webp", luma=0.5)
    assert statuses(results) == {"a.png": OK, "c.png": OK}
    assert sorted(path.name for path in out.glob("[!.]*")) == ["a.webp", "c.webp"]
    again = denoiser.folder(photos, out, exclude=["*.jpg"], format="webp", luma=0.5)
    assert set(statuses(again).values()) == {SKIPPED}
    with pytest.raises(UsageError, match="--strength 2"):
        denoiser.folder(photos, out, strength=2)


def test_a_file_larger_than_the_memory_costs_itself_alone(
    denoiser: Denoiser, photos: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = Path.read_bytes

    def limited(path: Path) -> bytes:
        if path.name == "b.jpg":
            raise MemoryError
        return read(path)

    monkeypatch.setattr(Path, "read_bytes", limited)
    results = list(denoise_folder(denoiser, photos, out))
    assert statuses(results) == {"a.png": OK, "b.jpg": FAILED, "c.png": OK}
    assert "b.jpg: cannot be read: there is not enough memory for it" in results[1].reason


@pytest.mark.skipif(os.name != "posix", reason="permissions of its own")
@pytest.mark.parametrize(("private", "expected"), [(0o600, 0o600), (0o444, 0o644), (0o640, 0o640)])
def test_a_result_is_no_more_open_than_its_photo(
    private: int, expected: int, denoiser: Denoiser, photos: Path, out: Path
) -> None:
    (photos / "a.png").chmod(private)
    mask = os.umask(0o022)
    try:
        list(denoise_folder(denoiser, photos, out))
    finally:
        os.umask(mask)
    modes = {path.name: path.stat().st_mode & 0o777 for path in out.glob("*.*")}
    assert modes["a.png"] == expected and modes["b.jpg"] == 0o644


def test_a_photo_that_goes_while_it_is_denoised_has_its_result(
    denoiser: Denoiser, photos: Path, out: Path
) -> None:
    (job, *_) = make_plan(find([str(photos)], Selection()), Naming(out)).jobs
    worker = Worker(denoiser, Settings(preserve_times=True), Budget(2**30))
    work, stamp = worker.read((0, job)), job.mtime_ns
    job.source.unlink()
    assert worker.write(worker.infer(work)).status is OK
    assert (out / "a.png").stat().st_mtime_ns == stamp
