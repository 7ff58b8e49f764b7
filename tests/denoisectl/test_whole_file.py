from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from denoisectl import whole_file
from denoisectl.whole_file import remove_stale, write_whole
from denoisectl.whole_file import whole_file as opened_whole


def test_the_target_appears_whole_with_ordinary_permissions(tmp_path: Path) -> None:
    target = tmp_path / "new" / "a.bin"
    write_whole(target, b"content")
    assert target.read_bytes() == b"content"
    plain = tmp_path / "plain"
    plain.touch()
    assert target.stat().st_mode == plain.stat().st_mode
    assert list(target.parent.iterdir()) == [target]


def test_the_mask_of_the_process_is_kept_to(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        write_whole(tmp_path / "a", b"content")
    finally:
        os.umask(before)
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o640


def test_a_file_that_another_process_takes_for_stale_is_made_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between its birth and its lock nothing tells it from what a killed run left."""
    lock, times = whole_file._lock, [0]

    def late(descriptor: int) -> None:
        times[0] += 1
        if times[0] == 1:
            assert remove_stale([tmp_path]) == 1
        lock(descriptor)

    monkeypatch.setattr(whole_file, "_lock", late)
    write_whole(tmp_path / "a", b"content")
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"content"]


@pytest.mark.parametrize(("mode", "kept"), [(0o600, 0o600), (0o666, 0o666), (0o4755, 0o755)])
def test_a_replaced_file_keeps_its_permissions(mode: int, kept: int, tmp_path: Path) -> None:
    target = tmp_path / "a"
    target.touch()
    target.chmod(mode)
    write_whole(target, b"new")
    assert target.stat().st_mode & 0o7777 == kept


def test_what_replaces_a_private_file_is_private_while_it_is_written(tmp_path: Path) -> None:
    target = tmp_path / "a"
    target.touch(mode=0o600)
    with opened_whole(target) as file:
        assert os.fstat(file.fileno()).st_mode & 0o077 == 0


def test_a_disk_without_locks_takes_files_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unknown(_: int) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(whole_file, "_lock", unknown)
    write_whole(tmp_path / "a", b"content")
    assert (tmp_path / "a").read_bytes() == b"content"
    (tmp_path / ".denoisectl-x.part").touch()
    assert remove_stale([tmp_path]) == 0, "somebody may be writing it"


@pytest.mark.parametrize(
    "name", ["holiday.zip.part", ".hidden.part", ".denoisectl-notes", "denoisectl-a.part"]
)
def test_files_of_others_are_not_taken_for_stale(name: str, tmp_path: Path) -> None:
    (tmp_path / name).touch()
    assert remove_stale([tmp_path]) == 0 and (tmp_path / name).exists()


def test_the_journal_is_told_what_the_target_will_be(tmp_path: Path) -> None:
    told: list[os.stat_result] = []
    target = tmp_path / "a"
    write_whole(target, b"content", before_rename=told.append)
    stat = target.stat()
    assert [(each.st_size, each.st_mtime_ns) for each in told] == [(stat.st_size, stat.st_mtime_ns)]


def test_an_error_leaves_what_was_there(tmp_path: Path) -> None:
    target = tmp_path / "a"
    target.write_bytes(b"old")

    def fail(_: os.stat_result) -> None:
        assert len(list(tmp_path.iterdir())) == 2
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_whole(target, b"new", before_rename=fail)
    assert target.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [target]


def test_a_pipe_is_never_replaced(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(OSError, match="no regular file has that name"):
        write_whole(pipe, b"new")
    assert list(tmp_path.iterdir()) == [pipe] and pipe.is_fifo()


def test_times_are_kept(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.touch()
    os.utime(source, ns=(10**18, 2 * 10**18))
    write_whole(tmp_path / "a", b"", times_of=source.stat())
    written = (tmp_path / "a").stat()
    assert (written.st_atime_ns, written.st_mtime_ns) == (10**18, 2 * 10**18)


def test_stale_files_go_and_live_ones_stay(tmp_path: Path) -> None:
    code = (
        "import os, sys, pathlib; from denoisectl.whole_file import write_whole;"
        "wait = lambda _: (print('here', flush=True), sys.stdin.read());"
        "write_whole(pathlib.Path(sys.argv[1]), b'x', before_rename=wait)"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "a")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as writer:
        assert writer.stdout is not None
        writer.stdout.readline()
        assert remove_stale([tmp_path]) == 0
        writer.kill()
    assert [path.name for path in tmp_path.iterdir()] != []
    assert remove_stale([tmp_path, tmp_path / "not-there"]) == 1
    assert list(tmp_path.iterdir()) == []


def test_a_replaced_file_keeps_its_group(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[int, int]] = []
    monkeypatch.setattr(os, "chown", lambda path, user, group: asked.append((user, group)))
    (tmp_path / "a").touch()
    own = (tmp_path / "a").stat()
    theirs = os.stat_result((own.st_mode, 0, 0, 1, own.st_uid, own.st_gid + 1, 0, 0, 0, 0))
    write_whole(tmp_path / "a", b"", mode_of=theirs)
    assert asked == [(-1, own.st_gid + 1)]
