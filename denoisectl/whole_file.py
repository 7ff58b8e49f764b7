"""Whole files or none: written beside the target under a hidden name, flushed to the disk, then renamed.

A temporary file is locked while its writer lives. The lock dies with the process, whatever killed it, so the
next start can tell a stale file from one that another process is still writing into the same folder.
"""

from __future__ import annotations

import errno
import os
import secrets
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from stat import S_ISREG
from typing import BinaryIO

from denoisectl.errors import UsageError

try:
    import fcntl
except ImportError:  # Windows, where a file that is still open cannot be removed anyway
    fcntl = None  # type: ignore[assignment]


DISK_IS_DONE = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS})
"""Errors after which no later file can be written either."""

_NOT_HERE = frozenset({errno.EPERM, errno.EINVAL, errno.EBADF, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS})

_PREFIX, _SUFFIX = ".denoisectl-", ".part"


def write_whole(
    target: Path,
    data: bytes,
    *,
    times_of: os.stat_result | None = None,
    mode_of: os.stat_result | None = None,
    new_mode: int = 0o666,
    before_rename: Callable[[os.stat_result], None] | None = None,
) -> None:
    """Put `data` under the name `target`, or leave what was there untouched; the rest is as for `whole_file`."""
    with whole_file(
        target, times_of=times_of, mode_of=mode_of, new_mode=new_mode, before_rename=before_rename
    ) as file:
        file.write(data)


@contextmanager
def whole_file(
    target: Path,
    *,
    times_of: os.stat_result | None = None,
    mode_of: os.stat_result | None = None,
    new_mode: int = 0o666,
    before_rename: Callable[[os.stat_result], None] | None = None,
) -> Iterator[BinaryIO]:
    """Open a file that gets its name when the block ends; if anything fails, what had the name is untouched.

    Args:
        target: the final name; its folder is made if need be.
        times_of: give the file these access and modification times.
        mode_of: give it these permissions and this owner; None keeps those of the file that it replaces.
        new_mode: permissions of a file that replaces none, less what the process's mask takes away.
        before_rename: told size and modification time that the target is about to have.

    Raises:
        OSError: something has that name and is no file, such as a pipe or a device: it would be gone.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    there = _stat(target)
    if there and not S_ISREG(there.st_mode):
        raise OSError(errno.EEXIST, "something that is no regular file has that name", str(target))
    like = mode_of or there
    handle, part = _new_part(target.parent, 0o600 if like else new_mode)
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
            file.flush()
            if like:
                _dress(part, like)
            if times_of:
                os.utime(part, ns=(times_of.st_atime_ns, times_of.st_mtime_ns))
            os.fsync(file.fileno())
            if before_rename:
                before_rename(part.stat())
            if fcntl:
                part.replace(target)
        if not fcntl:  # Windows renames closed files only
            part.replace(target)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def _new_part(folder: Path, mode: int) -> tuple[int, Path]:
    """A new temporary file, open and locked; `mode` is subject to the process's mask, as for any new file."""
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    while True:
        part = folder / f"{_PREFIX}{secrets.token_hex(8)}{_SUFFIX}"
        handle = os.open(part, flags, mode)
        try:
            _lock(handle)
        except BlockingIOError:
            taken = True
        except OSError:  # some network file systems know no locks; nothing is taken for stale there
            taken = False
        else:
            taken = os.fstat(handle).st_nlink == 0
        if not taken:
            return handle, part
        os.close(handle)  # between its birth and its lock another process took it for stale


@contextmanager
def where_possible() -> Iterator[None]:
    """Pass over what a file system does not know, or allow; other errors are raised."""
    try:
        yield
    except OSError as error:
        if error.errno not in _NOT_HERE:
            raise


def check_writable(folder: Path, told: str) -> None:
    """Make a folder for output, and see that files can be written there; `told` begins what is said if not.

    Raises:
        UsageError: they cannot.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except FileExistsError:
        raise UsageError(f"{told} is a file; choose another folder") from None
    except OSError as error:
        raise UsageError(f"{told} cannot be written to: {error.strerror}; choose another folder") from None


def check_place(folder: Path, told: str) -> None:
    """See that a folder for output, or the one that it would be made in, can be written to; nothing is made yet.

    Raises:
        UsageError: it cannot; `told` begins what is said.
    """
    there = next((each for each in (folder, *folder.parents) if os.path.lexists(each)), None)
    if there:
        check_writable(there, told if there == folder else f"{told} {there}")


def remove_stale(folders: Iterable[Path]) -> int:
    """Remove what killed runs left in `folders`; returns how many files that were."""
    parts = (part for folder in folders if folder.is_dir() for part in folder.glob(f"{_PREFIX}*{_SUFFIX}"))
    return sum(_removed_if_stale(part) for part in parts)


def _removed_if_stale(part: Path) -> bool:
    try:
        with part.open("rb") as file:
            _lock(file.fileno())
            part.unlink()
    except OSError:
        return False  # somebody writes it, or somebody else removed it
    return True


def _lock(descriptor: int) -> None:
    if fcntl:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _stat(path: Path) -> os.stat_result | None:
    return path.stat() if path.exists() else None


def _dress(part: Path, like: os.stat_result) -> None:
    """Give it the permissions and the owner of another file."""
    if hasattr(os, "chown"):
        new = part.stat()
        for user, group in ((-1, like.st_gid), (like.st_uid, -1)):
            if user not in (-1, new.st_uid) or group not in (-1, new.st_gid):
                with suppress(PermissionError):  # only root may give files away, and only members to a group
                    os.chown(part, user, group)
    with where_possible():  # not on FAT, and not on every share; the file is its owner's alone then
        part.chmod(like.st_mode & 0o777)
