"""`--in-place`: an original is never lost, and what is done is not done twice."""

from __future__ import annotations

import errno
import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from denoisectl import Denoiser
from denoisectl.batch import in_place
from denoisectl.batch.backup import Backup
from denoisectl.batch.in_place import keep_original, mark_in_place
from denoisectl.batch.inputs import find
from denoisectl.batch.library import denoise_in_place
from denoisectl.batch.plan import Naming, make_plan
from denoisectl.batch.run_plan import run_plan
from denoisectl.batch.selection import Selection
from denoisectl.batch.settings import Settings
from tests.denoisectl.batch.album import Album, status
from tests.denoisectl.conftest import write_picture


def test_results_take_their_inputs_places(album: Album) -> None:
    results = album.run()
    assert status(results) == {"a.png": "ok", "b.jpg": "ok"}
    assert results["a.png"].target == album.a and results["a.png"].backup == Path(f"{album.a}.orig")
    for path, before in album.before.items():
        assert path.read_bytes() != before
        assert path.with_name(path.name + ".orig").read_bytes() == before
    assert sorted(album.contents()) == ["a.png", "a.png.orig", "sub/b.jpg", "sub/b.jpg.orig"]


def test_a_second_run_does_nothing(album: Album) -> None:
    album.run()
    after = album.contents()
    assert {result.reason for result in album.run().values()} == {"already done"}
    assert {result.reason for result in album.run(root=album.folder / "sub").values()} == {"already done"}
    assert album.contents() == after


def test_a_folder_of_originals_mirrors_the_tree(album: Album, tmp_path: Path) -> None:
    kept = tmp_path / "in" / "originals"
    kept.mkdir()
    assert status(album.run(str(kept))) == {"a.png": "ok", "b.jpg": "ok"}
    assert (kept / "a.png").read_bytes() == album.before[album.a]
    assert (kept / "sub" / "b.jpg").read_bytes() == album.before[album.b]
    assert set(status(album.run(str(kept))).values()) == {"skipped"}


def test_other_settings_begin_at_the_original(album: Album) -> None:
    album.run()
    full = album.a.read_bytes()
    assert status(album.run(strength=0.5)) == {"a.png": "ok", "b.jpg": "ok"}
    half = album.a.read_bytes()
    assert half != full
    album.run()
    assert album.a.read_bytes() == full, "nothing of the half strength is left"
    album.run(strength=0.0)
    assert album.a.read_bytes() == album.before[album.a], "strength 0 brings the original back"
    assert Path(f"{album.a}.orig").read_bytes() == album.before[album.a]


def test_what_is_denoised_is_not_denoised_again_under_another_backup(album: Album) -> None:
    album.run()
    after = album.contents()
    results = album.run(".bak")
    assert results["a.png"].reason == f"already denoised; its original is {album.a}.orig"
    assert album.contents() == after
    write_picture(album.a, seed=7)
    assert f"{album.a}.orig keeps its original" in album.run(".bak")["a.png"].reason
    shutil.copy(f"{album.a}.orig", album.a)
    Path(f"{album.b}.orig").unlink()
    results = album.run(".bak")
    assert results["a.png"].status == "ok" and results["b.jpg"].reason == (
        "already denoised; no original is left"
    )


def test_other_settings_begin_at_the_original_whatever_backup_they_name(album: Album) -> None:
    album.run()
    full = album.a.read_bytes()
    results = album.run(".bak", strength=0.0)
    assert status(results) == {"a.png": "ok", "b.jpg": "ok"}
    assert results["a.png"].backup == Path(f"{album.a}.orig"), "where it is kept already"
    assert album.a.read_bytes() == album.before[album.a]
    assert status(album.run(".bak")) == {"a.png": "ok", "b.jpg": "ok"}
    assert album.a.read_bytes() == full
    assert sorted(album.contents()) == ["a.png", "a.png.orig", "sub/b.jpg", "sub/b.jpg.orig"]


def test_a_kill_between_the_two_names_is_made_good(album: Album) -> None:
    whole = album.plan().jobs
    os.link(album.a, f"{album.a}.orig")
    assert album.plan().jobs[0].from_backup and not whole[0].from_backup
    assert status(album.run()) == {"a.png": "ok", "b.jpg": "ok"}
    assert Path(f"{album.a}.orig").read_bytes() == album.before[album.a]
    assert set(status(album.run()).values()) == {"skipped"}


def test_an_original_that_was_copied_back_is_denoised_again(album: Album) -> None:
    album.run()
    clean = album.a.read_bytes()
    shutil.copy(f"{album.a}.orig", album.a)
    assert status(album.run()) == {"a.png": "ok", "b.jpg": "skipped"}
    assert album.a.read_bytes() == clean
    Path(f"{album.a}.orig").replace(album.a)
    assert status(album.run()) == {"a.png": "ok", "b.jpg": "skipped"}
    assert Path(f"{album.a}.orig").read_bytes() == album.before[album.a]


def test_what_was_changed_by_hand_stays(album: Album) -> None:
    album.run()
    write_picture(album.a, seed=7)
    edited = album.a.read_bytes()
    result = album.run(strength=0.5)["a.png"]
    assert result.status == "skipped" and "changed since" in result.reason and "move that" in result.reason
    assert album.a.read_bytes() == edited
    assert Path(f"{album.a}.orig").read_bytes() == album.before[album.a]


def test_a_strange_file_under_the_backups_name_is_never_written_over(album: Album) -> None:
    Path(f"{album.a}.orig").write_text("mine")
    result = album.run()["a.png"]
    assert result.status == "failed" and "choose another --backup" in result.reason
    assert result.backup is None, "that is not its original"
    assert Path(f"{album.a}.orig").read_text() == "mine"
    assert album.a.read_bytes() == album.before[album.a]


@pytest.mark.parametrize("links", [True, False])
def test_one_that_appears_meanwhile_is_not_either(
    album: Album, links: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not links:
        monkeypatch.setattr(os, "link", _no_links)
    job = album.plan().jobs[0]
    Path(f"{album.a}.orig").write_text("mine")
    with pytest.raises(OSError, match=r"a\.png\.orig: File exists"):
        keep_original(job)
    assert Path(f"{album.a}.orig").read_text() == "mine"


def test_the_journal_is_told_before_anything_changes_its_name(album: Album) -> None:
    found: list[dict[str, bytes]] = []
    before = album.contents()
    plan = album.plan()
    plan = replace(plan, jobs=plan.jobs[:1])
    (result,) = run_plan(album._denoiser, plan, Settings(), lambda *_: found.append(album.contents()))
    assert result.status == "ok" and found == [before] and album.contents() != before


def test_a_photo_that_changes_meanwhile_stays(album: Album) -> None:
    plan = album.plan()
    write_picture(album.a, seed=7)
    newer = album.a.read_bytes()
    results = list(run_plan(album._denoiser, plan, Settings(), album.journals().record))
    assert results[0].status == "failed" and "changed meanwhile; run again" in results[0].reason
    assert results[0].backup is None
    assert album.a.read_bytes() == newer and not Path(f"{album.a}.orig").exists()


def test_a_result_that_is_edited_while_it_is_made_again_stays(album: Album) -> None:
    album.run()
    plan = album.plan(strength=0.5)
    write_picture(album.a, seed=7)
    edited = album.a.read_bytes()
    first, _ = run_plan(album._denoiser, plan, Settings(0.5), album.journals(0.5).record)
    assert first.status == "failed" and "changed meanwhile; run again" in first.reason
    assert first.backup == Path(f"{album.a}.orig"), "where the first run put it"
    assert album.a.read_bytes() == edited
    assert Path(f"{album.a}.orig").read_bytes() == album.before[album.a]


def _no_links(*_: object, **__: object) -> None:
    raise OSError(errno.EXDEV, "Invalid cross-device link")


def test_without_links_originals_are_copied_whole(
    album: Album, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    album.a.chmod(0o640)
    os.utime(album.a, ns=(10**18, 10**18))
    monkeypatch.setattr(os, "link", _no_links)
    assert status(album.run(str(tmp_path / "kept"))) == {"a.png": "ok", "b.jpg": "ok"}
    kept = tmp_path / "kept" / "a.png"
    assert kept.read_bytes() == album.before[album.a]
    assert (kept.stat().st_mode & 0o777, kept.stat().st_mtime_ns) == (0o640, 10**18)
    assert album.a.stat().st_mode & 0o777 == 0o640
    assert set(status(album.run(str(tmp_path / "kept"))).values()) == {"skipped"}


def test_no_room_for_the_original_leaves_it_in_its_place(
    album: Album, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(in_place, "_second_name", full)
    result = album.run()["a.png"]
    assert result.fatal and "its original is not kept as" in result.reason
    assert album.contents() == {
        path.relative_to(album.folder).as_posix(): data for path, data in album.before.items()
    }


def test_links_are_not_replaced(album: Album) -> None:
    link = album.folder / "link.png"
    link.symlink_to(album.a.name)
    result = album.run()["link.png"]
    assert result.status == "skipped" and "is a link to a.png" in result.reason and link.is_symlink()
    link.unlink()
    link.symlink_to(album.a.name)
    plan = make_plan(find([str(link), str(album.b)], Selection()), Naming(Path(), backup=Backup(".x")))
    assert plan.jobs[0].code == "unfit" and "name that file" in plan.jobs[0].problem


def test_an_original_is_told_from_a_result_of_its_size_and_time(tmp_path: Path, denoiser: Denoiser) -> None:
    photo = write_picture(tmp_path / "in" / "a.bmp")  # uncompressed: of one size before and after
    noisy = photo.read_bytes()

    def run() -> str:
        settings = Settings(preserve_times=True)
        [result] = denoise_in_place(denoiser, photo.parent, ".orig", settings=settings)
        return str(result.status)

    assert (run(), run()) == ("ok", "skipped")
    clean = photo.read_bytes()
    assert len(clean) == len(noisy) and clean != noisy
    photo.with_name("a.bmp.orig").replace(photo)  # taken back by hand
    assert run() == "ok" and photo.read_bytes() == clean


def test_an_edit_of_the_size_and_time_of_the_original_stays(tmp_path: Path, denoiser: Denoiser) -> None:
    photo = write_picture(tmp_path / "in" / "a.bmp")  # uncompressed: of one size whatever it shows
    found = photo.stat()
    list(denoiser.in_place(photo.parent, ".orig"))
    write_picture(photo, seed=7)
    os.utime(photo, ns=(found.st_atime_ns, found.st_mtime_ns))
    edited = photo.read_bytes()
    assert (photo.stat().st_size, photo.stat().st_mtime_ns) == (found.st_size, found.st_mtime_ns)
    [result] = denoiser.in_place(photo.parent, ".orig")
    assert result.status == "skipped" and "changed since it was denoised" in result.reason
    assert photo.read_bytes() == edited


def test_the_original_of_another_photo_is_no_original_of_this_one(album: Album, tmp_path: Path) -> None:
    other = write_picture(tmp_path / "other" / "a.png", seed=7)
    before = other.read_bytes()
    album.run(backup=str(tmp_path / "originals"))
    result = album.run(backup=str(tmp_path / "originals"), root=other.parent)["a.png"]
    assert result.status == "failed" and "not its original" in result.reason
    assert other.read_bytes() == before


def test_links_to_folders_are_not_entered(album: Album, tmp_path: Path) -> None:
    other = write_picture(tmp_path / "other" / "o.png", seed=7)
    before = other.read_bytes()
    (album.folder / "link").symlink_to(other.parent)
    assert sorted(album.run()) == ["a.png", "b.jpg"]
    assert other.read_bytes() == before


def test_the_second_name_is_on_the_disk_before_the_first_is_given_away(
    album: Album, monkeypatch: pytest.MonkeyPatch
) -> None:
    flushed, flush = list[tuple[bool, bool]](), os.fsync
    folder, second = album.folder.stat().st_ino, Path(f"{album.a}.orig")

    def noted(descriptor: int) -> None:
        if os.fstat(descriptor).st_ino == folder and second.exists():
            flushed.append((second.read_bytes() == album.before[album.a], second.samefile(album.a)))
        flush(descriptor)

    monkeypatch.setattr(os, "fsync", noted)
    album.run()
    assert flushed[:1] == [(True, True)], "both names hold the original when its folder is flushed"


def test_a_restored_original_has_its_time_again(album: Album) -> None:
    os.utime(album.a, (1_600_000_000, 1_600_000_000))
    album.run()
    assert album.a.stat().st_mtime > 1_600_000_000
    album.run(strength=0.0)
    assert album.a.read_bytes() == album.before[album.a] and album.a.stat().st_mtime == 1_600_000_000
    assert {result.status for result in album.run(strength=0.0).values()} == {"skipped"}


def test_a_damaged_journal_keeps_no_other_folder_from_being_done(album: Album) -> None:
    (album.b.parent / ".denoisectl-in-place.jsonl").mkdir()
    named = find([str(album.a), str(album.b)], Selection(in_place=True))
    plan = mark_in_place(make_plan(named, Naming(Path(), backup=Backup.parse(".orig"))), album.journals())
    problems = {job.source.name: job.problem for job in plan.jobs}
    assert problems["a.png"] == "" and "b.jpg: not replaced: " in problems["b.jpg"]
    assert status(album.run()) == {"a.png": "ok", "sub": "failed"}


def test_a_folder_that_is_closed_keeps_no_other_from_being_done(
    album: Album, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda path, _: Path(path) != album.b.parent)  # root may write anywhere
    results = album.run()
    assert status(results) == {"a.png": "ok", "b.jpg": "failed"}
    assert "sub: this folder cannot be written to; mend its permissions" in results["b.jpg"].reason
    assert album.b.read_bytes() == album.before[album.b]
    assert not (album.b.parent / "b.jpg.orig").exists()
