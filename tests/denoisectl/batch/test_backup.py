"""Where originals may be kept, and that no run takes them for photos to denoise."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from stat import S_ISDIR

import pytest

from denoisectl import Denoiser
from denoisectl.batch.backup import Backup
from denoisectl.batch.in_place import mark_in_place
from denoisectl.batch.inputs import find
from denoisectl.batch.originals import is_marked
from denoisectl.batch.plan import Naming, make_plan
from denoisectl.batch.selection import Selection
from denoisectl.errors import UsageError
from tests.denoisectl.batch.album import Album, status
from tests.denoisectl.conftest import write_picture


def test_backups_among_the_inputs_are_refused(album: Album) -> None:
    with pytest.raises(UsageError, match="is a folder of inputs"):
        album.plan(str(album.folder))
    with pytest.raises(UsageError, match="two originals would be kept under one name"):
        make_plan(
            find([str(album.a), str(write_picture(album.b.with_name("a.png")))], Selection()),
            Naming(Path(), backup=Backup(folder=album.folder.parent / "kept")),
        )


def test_kept_originals_are_no_inputs_of_any_run(album: Album) -> None:
    album.run()
    found = {each.path.name for each in find([str(album.folder)], Selection(recursive=True))}
    assert found == {"a.png", "b.jpg"}
    named = find([f"{album.a}.orig", str(album.a)], Selection())
    plan = mark_in_place(make_plan(named, Naming(Path(), backup=Backup(".bak"))), album.journals())
    assert "it is the original of a denoised photo" in plan.jobs[0].skip


def test_originals_in_a_folder_are_never_replaced(album: Album) -> None:
    kept = album.folder.parent / "originals"
    album.run(str(kept))
    before = (kept / "sub" / "b.jpg").read_bytes()
    for root in (kept, kept / "sub"):
        results = album.run(".bak", root=root)
        assert {result.status for result in results.values()} == {"skipped"}
        assert "it is the original of a denoised photo" in results["b.jpg"].reason
    assert (kept / "sub" / "b.jpg").read_bytes() == before


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


def test_a_folder_that_photos_lie_in_is_none_for_originals(denoiser: Denoiser, tmp_path: Path) -> None:
    photo = write_picture(tmp_path / "x" / "sub" / "a.jpg")
    with pytest.raises(UsageError, match=r"--backup .*: the photos in .*sub lie in that folder"):
        denoiser.in_place(tmp_path / "x", str(tmp_path), recursive=True)
    assert not list(tmp_path.rglob(".denoisectl*")), "nothing is marked"
    assert [result.status for result in denoiser.in_place(photo.parent, ".orig")] == ["ok"]


def test_a_folder_of_photos_inside_is_none_for_originals(album: Album) -> None:
    sub = album.b.parent
    with pytest.raises(UsageError, match=r"--backup .*sub: photos lie there already \(the first is b\.jpg\)"):
        album.run(str(sub))
    assert not list(album.folder.rglob(".denoisectl*")), "nothing is marked"
    album.b.unlink()
    assert status(album.run(str(sub))) == {"a.png": "ok"}
    assert status(album.run(str(sub))) == {"a.png": "skipped"}


def test_photos_make_no_folder_of_originals_wherever_they_lie(album: Album, denoiser: Denoiser) -> None:
    deep = write_picture(album.folder / "kept" / "deep" / "p.png")
    with pytest.raises(UsageError, match=r"the first is deep/p\.png"):
        denoiser.in_place(album.folder, str(deep.parents[1]))
    assert not list(album.folder.rglob(".denoisectl*"))


def test_a_folder_that_cannot_be_marked_is_none_for_originals(album: Album, tmp_path: Path) -> None:
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / ".denoisectl").touch()
    with pytest.raises(
        UsageError, match=r"--backup .*kept: it cannot be marked .*File exists\); choose another"
    ):
        album.run(str(tmp_path / "kept"))


def test_a_folder_for_originals_is_made_only_for_some(album: Album) -> None:
    album.run(".orig")
    kept = album.folder.parent / "kept"
    assert status(album.run(str(kept))) == {"a.png": "skipped", "b.jpg": "skipped"}
    assert status(album.run(str(kept), strength=0.5)) == {"a.png": "ok", "b.jpg": "ok"}
    assert not kept.exists()
    write_picture(album.folder / "new.png")
    assert album.run(str(kept))["new.png"].backup == kept / "new.png"
    assert is_marked(kept)


@pytest.mark.parametrize("suffix", ["_1.jpg", ".png", "-old.TIF"])
def test_a_backup_that_ends_like_photos_is_refused(suffix: str) -> None:
    with pytest.raises(UsageError, match=rf"--backup {suffix}: originals would end like photos"):
        Backup.parse(suffix)


def test_a_backup_that_no_file_can_have_locks_no_folder(album: Album) -> None:
    with pytest.raises(UsageError, match="no file has a name that long"):
        Backup.parse("." + "x" * 300)
    assert set(status(album.run("." + "x" * 253)).values()) == {
        "failed"
    }  # too long with the photo's own name
    assert set(status(album.run(".orig")).values()) == {"ok"}


@pytest.mark.parametrize(
    ("error", "ends"), [(errno.EINVAL, "ok"), (errno.ENOTSUP, "ok"), (errno.EIO, "failed")]
)
def test_a_file_system_without_flushed_folders_and_permissions_will_do(
    album: Album, monkeypatch: pytest.MonkeyPatch, error: int, ends: str
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(error, os.strerror(error))

    flush = os.fsync
    monkeypatch.setattr(Path, "chmod", refuse)
    monkeypatch.setattr(
        os, "fsync", lambda file: refuse() if S_ISDIR(os.fstat(file).st_mode) else flush(file)
    )
    assert set(status(album.run()).values()) == {ends}
    if ends == "ok":
        assert Path(f"{album.a}.orig").read_bytes() == album.before[album.a] != album.a.read_bytes()
