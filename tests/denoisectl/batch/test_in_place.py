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
from denoisectl.batch.folder import run_plan
from denoisectl.batch.in_place import InPlaceJournals, keep_original, mark_in_place
from denoisectl.batch.inputs import Selection, find
from denoisectl.batch.job import Plan
from denoisectl.batch.library import denoise_in_place
from denoisectl.batch.plan import Naming, make_plan
from denoisectl.batch.result import FileResult
from denoisectl.batch.settings import Settings
from denoisectl.errors import UsageError
from tests.denoisectl.conftest import Pictures, write_picture


class Photos:
    """A folder of two photos, and runs over it."""

    def __init__(self, folder: Path, denoiser: Denoiser) -> None:
        self.folder = folder
        self.a, self.b = folder / "a.png", folder / "sub" / "b.jpg"
        self.before = {path: path.read_bytes() for path in (self.a, self.b)}
        self._denoiser = denoiser

    def plan(self, backup: str = ".orig", root: Path | None = None, strength: float = 1.0) -> Plan:
        kept = Backup.parse(backup)
        selection = Selection(recursive=True, out=kept.folder, exclude=kept.globs)
        plan = make_plan(find([str(root or self.folder)], selection), Naming(Path(), backup=kept))
        return mark_in_place(plan, self.journals(strength))

    def journals(self, strength: float = 1.0) -> InPlaceJournals:
        return InPlaceJournals(Settings(strength).digest(self._denoiser.digest))

    def run(
        self, backup: str = ".orig", root: Path | None = None, strength: float = 1.0
    ) -> dict[str, FileResult]:
        results = self._denoiser.in_place(root or self.folder, backup, recursive=True, strength=strength)
        return {Path(result.source).name: result for result in results}

    def contents(self) -> dict[str, bytes]:
        files = (path for path in self.folder.rglob("[!.]*") if path.is_file())
        return {path.relative_to(self.folder).as_posix(): path.read_bytes() for path in files}


@pytest.fixture
def photos(tmp_path: Path, pictures: Pictures, denoiser: Denoiser) -> Photos:
    pictures(tmp_path / "in", "a.png", "sub/b.jpg")
    return Photos(tmp_path / "in", denoiser)


def status(results: dict[str, FileResult]) -> dict[str, str]:
    return {name: str(result.status) for name, result in results.items()}


def test_results_take_their_inputs_places(photos: Photos) -> None:
    results = photos.run()
    assert status(results) == {"a.png": "ok", "b.jpg": "ok"}
    assert results["a.png"].target == photos.a and results["a.png"].backup == Path(f"{photos.a}.orig")
    for path, before in photos.before.items():
        assert path.read_bytes() != before
        assert path.with_name(path.name + ".orig").read_bytes() == before
    assert sorted(photos.contents()) == ["a.png", "a.png.orig", "sub/b.jpg", "sub/b.jpg.orig"]


def test_a_second_run_does_nothing(photos: Photos) -> None:
    photos.run()
    after = photos.contents()
    assert {result.reason for result in photos.run().values()} == {"already done"}
    assert {result.reason for result in photos.run(root=photos.folder / "sub").values()} == {"already done"}
    assert photos.contents() == after


def test_a_folder_of_originals_mirrors_the_tree(photos: Photos, tmp_path: Path) -> None:
    kept = tmp_path / "in" / "originals"
    kept.mkdir()
    assert status(photos.run(str(kept))) == {"a.png": "ok", "b.jpg": "ok"}
    assert (kept / "a.png").read_bytes() == photos.before[photos.a]
    assert (kept / "sub" / "b.jpg").read_bytes() == photos.before[photos.b]
    assert set(status(photos.run(str(kept))).values()) == {"skipped"}


def test_other_settings_begin_at_the_original(photos: Photos) -> None:
    photos.run()
    full = photos.a.read_bytes()
    assert status(photos.run(strength=0.5)) == {"a.png": "ok", "b.jpg": "ok"}
    half = photos.a.read_bytes()
    assert half != full
    photos.run()
    assert photos.a.read_bytes() == full, "nothing of the half strength is left"
    photos.run(strength=0.0)
    assert photos.a.read_bytes() == photos.before[photos.a], "strength 0 brings the original back"
    assert Path(f"{photos.a}.orig").read_bytes() == photos.before[photos.a]


def test_what_is_denoised_is_not_denoised_again_under_another_backup(photos: Photos) -> None:
    photos.run()
    after = photos.contents()
    results = photos.run(".bak")
    assert results["a.png"].reason == f"already denoised; its original is {photos.a}.orig"
    assert photos.contents() == after
    write_picture(photos.a, seed=7)
    assert f"{photos.a}.orig keeps its original" in photos.run(".bak")["a.png"].reason
    shutil.copy(f"{photos.a}.orig", photos.a)
    Path(f"{photos.b}.orig").unlink()
    results = photos.run(".bak")
    assert results["a.png"].status == "ok" and results["b.jpg"].reason == (
        "already denoised; its original is gone"
    )


def test_other_settings_begin_at_the_original_whatever_backup_they_name(photos: Photos) -> None:
    photos.run()
    full = photos.a.read_bytes()
    results = photos.run(".bak", strength=0.0)
    assert status(results) == {"a.png": "ok", "b.jpg": "ok"}
    assert results["a.png"].backup == Path(f"{photos.a}.orig"), "where it is kept already"
    assert photos.a.read_bytes() == photos.before[photos.a]
    assert status(photos.run(".bak")) == {"a.png": "ok", "b.jpg": "ok"}
    assert photos.a.read_bytes() == full
    assert sorted(photos.contents()) == ["a.png", "a.png.orig", "sub/b.jpg", "sub/b.jpg.orig"]


def test_a_kill_between_the_two_names_is_made_good(photos: Photos) -> None:
    whole = photos.plan().jobs
    os.link(photos.a, f"{photos.a}.orig")
    assert photos.plan().jobs[0].from_backup and not whole[0].from_backup
    assert status(photos.run()) == {"a.png": "ok", "b.jpg": "ok"}
    assert Path(f"{photos.a}.orig").read_bytes() == photos.before[photos.a]
    assert set(status(photos.run()).values()) == {"skipped"}


def test_an_original_that_was_copied_back_is_denoised_again(photos: Photos) -> None:
    photos.run()
    clean = photos.a.read_bytes()
    shutil.copy(f"{photos.a}.orig", photos.a)
    assert status(photos.run()) == {"a.png": "ok", "b.jpg": "skipped"}
    assert photos.a.read_bytes() == clean
    Path(f"{photos.a}.orig").replace(photos.a)
    assert status(photos.run()) == {"a.png": "ok", "b.jpg": "skipped"}
    assert Path(f"{photos.a}.orig").read_bytes() == photos.before[photos.a]


def test_what_was_changed_by_hand_stays(photos: Photos) -> None:
    photos.run()
    write_picture(photos.a, seed=7)
    edited = photos.a.read_bytes()
    result = photos.run(strength=0.5)["a.png"]
    assert result.status == "skipped" and "changed since" in result.reason and "move that" in result.reason
    assert photos.a.read_bytes() == edited
    assert Path(f"{photos.a}.orig").read_bytes() == photos.before[photos.a]


def test_a_strange_file_under_the_backups_name_is_never_written_over(photos: Photos) -> None:
    Path(f"{photos.a}.orig").write_text("mine")
    result = photos.run()["a.png"]
    assert result.status == "failed" and "choose another --backup" in result.reason
    assert Path(f"{photos.a}.orig").read_text() == "mine"
    assert photos.a.read_bytes() == photos.before[photos.a]


@pytest.mark.parametrize("links", [True, False])
def test_one_that_appears_meanwhile_is_not_either(
    photos: Photos, links: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not links:
        monkeypatch.setattr(os, "link", _no_links)
    job = photos.plan().jobs[0]
    Path(f"{photos.a}.orig").write_text("mine")
    with pytest.raises(OSError, match=r"a\.png\.orig: File exists"):
        keep_original(job)
    assert Path(f"{photos.a}.orig").read_text() == "mine"


def test_the_journal_is_told_before_anything_changes_its_name(photos: Photos) -> None:
    found: list[dict[str, bytes]] = []
    before = photos.contents()
    plan = photos.plan()
    plan = replace(plan, jobs=plan.jobs[:1])
    (result,) = run_plan(photos._denoiser, plan, Settings(), lambda *_: found.append(photos.contents()))
    assert result.status == "ok" and found == [before] and photos.contents() != before


def test_a_photo_that_changes_meanwhile_stays(photos: Photos) -> None:
    plan = photos.plan()
    write_picture(photos.a, seed=7)
    newer = photos.a.read_bytes()
    results = list(run_plan(photos._denoiser, plan, Settings(), photos.journals().record))
    assert results[0].status == "failed" and "changed meanwhile; run again" in results[0].reason
    assert photos.a.read_bytes() == newer and not Path(f"{photos.a}.orig").exists()


def test_a_result_that_is_edited_while_it_is_made_again_stays(photos: Photos) -> None:
    photos.run()
    plan = photos.plan(strength=0.5)
    write_picture(photos.a, seed=7)
    edited = photos.a.read_bytes()
    first, _ = run_plan(photos._denoiser, plan, Settings(0.5), photos.journals(0.5).record)
    assert first.status == "failed" and "changed meanwhile; run again" in first.reason
    assert photos.a.read_bytes() == edited
    assert Path(f"{photos.a}.orig").read_bytes() == photos.before[photos.a]


def _no_links(*_: object, **__: object) -> None:
    raise OSError(errno.EXDEV, "Invalid cross-device link")


def test_without_links_originals_are_copied_whole(
    photos: Photos, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    photos.a.chmod(0o640)
    os.utime(photos.a, ns=(10**18, 10**18))
    monkeypatch.setattr(os, "link", _no_links)
    assert status(photos.run(str(tmp_path / "kept"))) == {"a.png": "ok", "b.jpg": "ok"}
    kept = tmp_path / "kept" / "a.png"
    assert kept.read_bytes() == photos.before[photos.a]
    assert (kept.stat().st_mode & 0o777, kept.stat().st_mtime_ns) == (0o640, 10**18)
    assert photos.a.stat().st_mode & 0o777 == 0o640
    assert set(status(photos.run(str(tmp_path / "kept"))).values()) == {"skipped"}


def test_no_room_for_the_original_leaves_it_in_its_place(
    photos: Photos, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(in_place, "_second_name", full)
    result = photos.run()["a.png"]
    assert result.fatal and "its original is not kept as" in result.reason
    assert photos.contents() == {
        path.relative_to(photos.folder).as_posix(): data for path, data in photos.before.items()
    }


def test_links_are_not_replaced(photos: Photos) -> None:
    link = photos.folder / "link.png"
    link.symlink_to(photos.a.name)
    result = photos.run()["link.png"]
    assert result.status == "skipped" and "is a link to a.png" in result.reason and link.is_symlink()
    link.unlink()
    link.symlink_to(photos.a.name)
    plan = make_plan(find([str(link), str(photos.b)], Selection()), Naming(Path(), backup=Backup(".x")))
    assert plan.jobs[0].code == "unfit" and "name that file" in plan.jobs[0].problem


def test_backups_among_the_inputs_are_refused(photos: Photos) -> None:
    with pytest.raises(UsageError, match="is a folder of inputs"):
        photos.plan(str(photos.folder))
    with pytest.raises(UsageError, match="two originals would be kept under one name"):
        make_plan(
            find([str(photos.a), str(write_picture(photos.b.with_name("a.png")))], Selection()),
            Naming(Path(), backup=Backup(folder=photos.folder.parent / "kept")),
        )


def test_kept_originals_are_no_inputs_of_any_run(photos: Photos) -> None:
    photos.run()
    found = {each.path.name for each in find([str(photos.folder)], Selection(recursive=True))}
    assert found == {"a.png", "b.jpg"}
    named = find([f"{photos.a}.orig", str(photos.a)], Selection())
    plan = mark_in_place(make_plan(named, Naming(Path(), backup=Backup(".bak"))), photos.journals())
    assert "it is the original of a denoised photo" in plan.jobs[0].skip


def test_originals_in_a_folder_are_never_replaced(photos: Photos) -> None:
    kept = photos.folder.parent / "originals"
    photos.run(str(kept))
    before = (kept / "sub" / "b.jpg").read_bytes()
    for root in (kept, kept / "sub"):
        results = photos.run(".bak", root=root)
        assert {result.status for result in results.values()} == {"skipped"}
        assert "it is the original of a denoised photo" in results["b.jpg"].reason
    assert (kept / "sub" / "b.jpg").read_bytes() == before


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


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (".orig", Backup(".orig")),
        ("_before", Backup("_before")),
        ("-noisy", Backup("-noisy")),
        ("originals", Backup(folder=Path("originals"))),
        ("./.orig", Backup(folder=Path(".orig"))),
        ("~x/y", Backup(folder=Path("~x/y"))),
    ],
)
def test_suffixes_and_folders_are_told_apart(text: str, expected: Backup) -> None:
    assert Backup.parse(text) == expected


def test_a_folder_that_is_there_is_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "_kept").mkdir()
    assert Backup.parse("_kept") == Backup(folder=Path("_kept"))
    for wrong in ("", ".", "..", "~"):
        with pytest.raises(UsageError, match="give a suffix such as"):
            Backup.parse(wrong)


def test_the_original_of_another_photo_is_no_original_of_this_one(photos: Photos, tmp_path: Path) -> None:
    other = write_picture(tmp_path / "other" / "a.png", seed=7)
    before = other.read_bytes()
    photos.run(backup=str(tmp_path / "originals"))
    result = photos.run(backup=str(tmp_path / "originals"), root=other.parent)["a.png"]
    assert result.status == "failed" and "not its original" in result.reason
    assert other.read_bytes() == before


def test_links_to_folders_are_not_entered(photos: Photos, tmp_path: Path) -> None:
    other = write_picture(tmp_path / "other" / "o.png", seed=7)
    before = other.read_bytes()
    (photos.folder / "link").symlink_to(other.parent)
    assert sorted(photos.run()) == ["a.png", "b.jpg"]
    assert other.read_bytes() == before


def test_the_second_name_is_on_the_disk_before_the_first_is_given_away(
    photos: Photos, monkeypatch: pytest.MonkeyPatch
) -> None:
    flushed, flush = list[tuple[bool, bool]](), os.fsync
    folder, second = photos.folder.stat().st_ino, Path(f"{photos.a}.orig")

    def noted(descriptor: int) -> None:
        if os.fstat(descriptor).st_ino == folder and second.exists():
            flushed.append((second.read_bytes() == photos.before[photos.a], second.samefile(photos.a)))
        flush(descriptor)

    monkeypatch.setattr(os, "fsync", noted)
    photos.run()
    assert flushed[:1] == [(True, True)], "both names hold the original when its folder is flushed"


def test_a_restored_original_has_its_time_again(photos: Photos) -> None:
    os.utime(photos.a, (1_600_000_000, 1_600_000_000))
    photos.run()
    assert photos.a.stat().st_mtime > 1_600_000_000
    photos.run(strength=0.0)
    assert photos.a.read_bytes() == photos.before[photos.a] and photos.a.stat().st_mtime == 1_600_000_000
    assert {result.status for result in photos.run(strength=0.0).values()} == {"skipped"}


def test_a_folder_that_photos_lie_in_is_none_for_originals(denoiser: Denoiser, tmp_path: Path) -> None:
    photo = write_picture(tmp_path / "x" / "sub" / "a.jpg")
    with pytest.raises(UsageError, match=r"--backup .*: the photos in .*sub lie in that folder"):
        denoiser.in_place(tmp_path / "x", str(tmp_path), recursive=True)
    assert not list(tmp_path.rglob(".denoisectl*")), "nothing is marked"
    assert [result.status for result in denoiser.in_place(photo.parent, ".orig")] == ["ok"]


def test_a_folder_of_photos_inside_is_none_for_originals(photos: Photos) -> None:
    sub = photos.b.parent
    with pytest.raises(UsageError, match=r"--backup .*sub: photos lie there already \(the first is b\.jpg\)"):
        photos.run(str(sub))
    assert not list(photos.folder.rglob(".denoisectl*")), "nothing is marked"
    photos.b.unlink()
    assert status(photos.run(str(sub))) == {"a.png": "ok"}
    assert status(photos.run(str(sub))) == {"a.png": "skipped"}


@pytest.mark.skipif(os.name == "nt", reason="permissions of POSIX")
def test_photos_make_no_folder_of_originals_wherever_they_lie(photos: Photos, denoiser: Denoiser) -> None:
    deep = write_picture(photos.folder / "kept" / "deep" / "p.png")
    with pytest.raises(UsageError, match=r"the first is deep/p\.png"):
        denoiser.in_place(photos.folder, str(deep.parents[1]))
    assert not list(photos.folder.rglob(".denoisectl*"))


def test_a_damaged_journal_keeps_no_other_folder_from_being_done(photos: Photos) -> None:
    (photos.b.parent / ".denoisectl-in-place.jsonl").mkdir()
    named = find([str(photos.a), str(photos.b)], Selection(in_place=True))
    plan = mark_in_place(make_plan(named, Naming(Path(), backup=Backup.parse(".orig"))), photos.journals())
    problems = {job.source.name: job.problem for job in plan.jobs}
    assert problems["a.png"] == "" and "b.jpg: not replaced: " in problems["b.jpg"]
    assert status(photos.run()) == {"a.png": "ok", "sub": "failed"}


def test_a_folder_that_is_closed_keeps_no_other_from_being_done(
    photos: Photos, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        os, "access", lambda path, _: Path(path) != photos.b.parent
    )  # root may write anywhere
    results = photos.run()
    assert status(results) == {"a.png": "ok", "b.jpg": "failed"}
    assert "sub: this folder cannot be written to; mend its permissions" in results["b.jpg"].reason
    assert photos.b.read_bytes() == photos.before[photos.b]
    assert not (photos.b.parent / "b.jpg.orig").exists()


def test_a_folder_that_cannot_be_marked_is_none_for_originals(photos: Photos, tmp_path: Path) -> None:
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / ".denoisectl").touch()
    with pytest.raises(
        UsageError, match=r"--backup .*kept: it cannot be marked .*File exists\); choose another"
    ):
        photos.run(str(tmp_path / "kept"))


@pytest.mark.parametrize("suffix", ["_1.jpg", ".png", "-old.TIF"])
def test_a_backup_that_ends_like_photos_is_refused(suffix: str) -> None:
    with pytest.raises(UsageError, match=rf"--backup {suffix}: originals would end like photos"):
        Backup.parse(suffix)
