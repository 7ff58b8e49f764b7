"""Results of earlier runs among the inputs of another one."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from denoisectl import Denoiser
from denoisectl.batch import earlier_results
from denoisectl.batch.destination import Destination
from denoisectl.batch.earlier_results import results_as_made
from denoisectl.batch.identity import identity
from denoisectl.batch.inputs import find
from denoisectl.batch.journal_lines import Line
from denoisectl.batch.library import denoise_folder
from denoisectl.batch.plan import Naming
from denoisectl.batch.selection import Selection
from denoisectl.batch.settings import Settings
from tests.denoisectl.batch.conftest import FAILED, OK, SKIPPED
from tests.denoisectl.conftest import write_picture


def test_results_among_their_photos_are_not_denoised_again(
    denoiser: Denoiser, photos: Path, out: Path
) -> None:
    first = list(denoiser.folder(photos, photos, format="webp"))
    assert [result.status for result in first] == [OK] * 3
    notices: list[str] = []
    found = list(find([str(photos)], Selection(out=out), notices.append))
    assert [each.path.name for each in found] == ["a.png", "b.jpg", "c.png"]
    assert len(notices) == 1 and "results of an earlier run, in it or below, are left out (3)" in notices[0]
    above = list(find([str(photos.parent)], Selection(recursive=True, out=out)))
    assert [each.path.name for each in above] == ["a.png", "b.jpg", "c.png"], (
        "and from above the photos are found"
    )
    write_picture(photos / "a.webp")
    changed = find([str(photos)], Selection(out=out))
    assert "a.webp" in [each.path.name for each in changed], "somebody else's by now"
    os.utime(photos / "b.webp", ns=(1, 1))
    touched = find([str(photos)], Selection(out=out))
    assert "b.webp" in [each.path.name for each in touched], "of one size, and of another time"


def test_results_of_shards_are_known_too(denoiser: Denoiser, photos: Path, out: Path) -> None:
    list(denoiser.folder(photos, photos, format="webp"))
    journal = photos / ".denoisectl" / "journal.jsonl"
    journal.rename(journal.with_name("journal-1-of-2.jsonl"))
    assert [each.path.name for each in find([str(photos)], Selection(out=out))] == ["a.png", "b.jpg", "c.png"]


def test_a_journal_that_has_grown_is_read_again(denoiser: Denoiser, photos: Path, out: Path) -> None:
    list(denoiser.folder(photos, out, include="a.png"))
    assert results_as_made(out) == {out / "a.png"}
    list(denoiser.folder(photos, out, include="b.jpg"))
    assert results_as_made(out) == {out / "a.png", out / "b.jpg"}


def test_results_alone_are_photos_like_others(denoiser: Denoiser, photos: Path, out: Path) -> None:
    list(denoise_folder(denoiser, photos, out))
    assert len(list(find([str(out)], Selection()))) == 3


def test_photos_that_were_denoised_in_place_are_told_of(denoiser: Denoiser, photos: Path, out: Path) -> None:
    list(denoiser.in_place(photos, ".orig"))
    notices: list[str] = []
    assert len(list(find([str(photos)], Selection(out=out, exclude=("*.orig",)), notices.append))) == 3
    assert len(notices) == 1 and "were denoised in place by an earlier run" in notices[0]
    assert len(list(find([str(photos)], Selection(in_place=True, exclude=("*.orig",)), notices.append))) == 3
    assert len(notices) == 1


def test_photos_are_found_where_a_result_once_lay_among_them(
    denoiser: Denoiser, photos: Path, tmp_path: Path
) -> None:
    list(denoiser.folder(photos, photos, include="b.jpg", format="webp"))
    result = photos / "b.webp"
    from_above = Selection(recursive=True, out=tmp_path / "out")
    (photos / "b.jpg").unlink()
    found = [each.path.name for each in find([str(tmp_path)], from_above)]
    assert found == ["a.png", "c.png"], "without the result, whose photo is gone"
    result.unlink()
    assert [each.path.name for each in find([str(tmp_path)], from_above)] == found


def test_results_of_a_run_above_are_left_out_of_a_folder_below(
    denoiser: Denoiser, tmp_path: Path, out: Path
) -> None:
    write_picture(tmp_path / "in" / "sub" / "a.png")
    list(denoiser.folder(tmp_path / "in", tmp_path / "in", recursive=True, format="webp"))
    notices: list[str] = []
    found = find([str(tmp_path / "in" / "sub")], Selection(out=out), notices.append)
    assert [each.path.name for each in found] == ["a.png"]
    assert len(notices) == 1 and "in it or below, are left out (1)" in notices[0]


def test_results_in_a_folder_whose_name_begins_alike_are_not_those_of_this_one(
    denoiser: Denoiser, tmp_path: Path, out: Path
) -> None:
    for name in ("day/a.png", "day2/b.png"):
        write_picture(tmp_path / "in" / name)
    list(denoiser.folder(tmp_path / "in", tmp_path / "in", recursive=True, format="webp"))
    found = find([str(tmp_path / "in" / "day")], Selection(out=out))
    assert [each.path.name for each in found] == ["a.png"]


def test_a_photo_under_the_name_of_an_old_result_is_no_result(
    denoiser: Denoiser, photos: Path, out: Path
) -> None:
    list(denoiser.folder(photos, out))
    before = Destination(Naming(out), Settings(), lambda: denoiser.digest)
    assert before.made(out / "a.png")
    write_picture(out / "a.png", seed=5)
    after = Destination(Naming(out), Settings(), lambda: denoiser.digest)
    assert not after.made(out / "a.png") and after.made(out / "b.jpg")


def test_a_photo_under_the_name_of_an_old_result_whose_photo_is_gone_is_no_result(
    denoiser: Denoiser, photos: Path
) -> None:
    list(denoiser.folder(photos, photos, format="webp"))
    write_picture(photos / "a.webp", seed=5)
    made = Destination(Naming(photos), Settings(), lambda: denoiser.digest).made
    assert made(photos / "a.webp"), "its photo is there, and this a result that somebody edited"
    (photos / "a.png").unlink()
    assert not made(photos / "a.webp")


def test_the_library_tells_what_is_left_out(
    denoiser: Denoiser, photos: Path, out: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (photos / "d.gif").write_bytes(b"GIF89a" + bytes(20))
    list(denoiser.folder(photos, photos, format="webp"))
    list(denoiser.folder(photos, out))
    assert "passed over, since such photos are not read: a GIF image" in caplog.text
    assert "in it or below, are left out (3)" in caplog.text


def test_a_result_beside_its_photo_that_was_changed_since_is_no_input(
    denoiser: Denoiser, photos: Path
) -> None:
    list(denoiser.folder(photos, photos, format="webp"))
    write_picture(photos / "a.webp", seed=7)
    again = {
        Path(result.source).name: result.status for result in denoiser.folder(photos, photos, format="webp")
    }
    assert again["a.webp"] is SKIPPED and again["b.webp"] is SKIPPED
    assert FAILED not in again.values()


def test_journals_above_that_cannot_be_read_are_passed_over(
    denoiser: Denoiser, photos: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    list(denoiser.folder(photos, photos.parent))
    real = Path.read_bytes

    def closed(path: Path) -> bytes:
        if path.suffix == ".jsonl":
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        return real(path)

    monkeypatch.setattr(Path, "read_bytes", closed)
    found = list(find([str(photos)], Selection(out=out)))
    assert [each.problem for each in found] == [""] * 3


def test_a_link_into_a_folder_of_photos_and_results_brings_the_photos(
    denoiser: Denoiser, tmp_path: Path, out: Path
) -> None:
    write_picture(tmp_path / "lib" / "sub" / "a.png")
    list(denoiser.folder(tmp_path / "lib", tmp_path / "lib", recursive=True, format="webp"))
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "link").symlink_to(tmp_path / "lib" / "sub")
    found = find([str(tmp_path / "in")], Selection(recursive=True, out=out))
    assert [each.path.name for each in found] == ["a.png"]


def test_a_link_asks_for_the_results_in_its_folder_alone(
    denoiser: Denoiser, tmp_path: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lib = tmp_path / "lib"
    for name in ("sub/a", "sub/deep/b", "sub-x/c", "sub0/d", "su/e", "sub/0"):
        write_picture(lib / f"{name}.png")
    list(denoiser.folder(lib, lib, recursive=True, format="webp"))
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "link").symlink_to(lib / "sub")
    found = [*find([str(tmp_path / "in")], Selection(recursive=True, out=out))]
    assert [each.path.name for each in found] == ["0.png", "a.png", "b.png"]
    looked_at: list[Line] = []
    monkeypatch.setattr(earlier_results, "_is_within", looked_at.append)
    list(earlier_results.results_of_runs_above(lib / "sub", None))
    assert sorted(line.output[0] for line in looked_at) == ["sub/0.webp", "sub/a.webp", "sub/deep/b.webp"]
    monkeypatch.setattr(earlier_results, "_read", None)  # a run into that very folder reads nothing
    assert list(earlier_results.results_of_runs_above(lib / "sub", identity(lib))) == [frozenset()] * len(
        lib.parents
    )


def test_one_result_among_photos_takes_no_photo_out(denoiser: Denoiser, photos: Path, tmp_path: Path) -> None:
    other = write_picture(tmp_path / "other" / "d.png", seed=7)
    list(denoiser.folder(other.parent, photos))
    notices: list[str] = []
    found = find([str(tmp_path)], Selection(recursive=True, exclude=("other",)), notices.append)
    assert [each.path.name for each in found] == ["a.png", "b.jpg", "c.png"]
    assert len(notices) == 1 and "in it or below, are left out (1)" in notices[0]


def test_photos_where_a_run_writes_are_left_out_with_a_word(denoiser: Denoiser, photos: Path) -> None:
    inside = write_picture(photos / "sub" / "x.png")
    notices: list[str] = []
    select = Selection(recursive=True, out=inside.parent)
    assert len(list(find([str(photos)], select, notices.append))) == 3
    assert len(notices) == 1 and "images in it that are no results: 1, the first is x.png" in notices[0]
    deep = write_picture(photos / "sub" / "deep" / "y.png")
    inside.unlink()
    assert len(list(find([str(photos)], select, notices.append))) == 3
    assert len(notices) == 2 and "1, the first is deep/y.png" in notices[1]
    deep.unlink()
    notices.clear()
    list(denoiser.folder(photos, inside.parent))
    assert len(list(find([str(photos)], select, notices.append))) == 3 and notices == []


def test_photos_below_one_result_are_found_too(denoiser: Denoiser, tmp_path: Path) -> None:
    other = write_picture(tmp_path / "other" / "d.png", seed=7)
    write_picture(tmp_path / "lib" / "2020" / "p.png")
    list(denoiser.folder(other.parent, tmp_path / "lib"))
    found = find([str(tmp_path)], Selection(recursive=True, exclude=("other",)))
    assert [each.path.name for each in found] == ["p.png"]
