"""What was made from what: JSON lines in the output folder, so that a second run does only what is missing.

A line is written before its output gets its name and says which size and time that output will have. So an
output that answers to a line was made by it, at whatever moment a run was killed; one that answers to no line
was made, or changed, by somebody else.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import threading
from pathlib import Path

from denoisectl.batch.job import Job
from denoisectl.batch.journal_lines import (
    IN_PLACE_JOURNAL,
    JOURNAL_FOLDER,
    VERSION,
    Key,
    Line,
    parsed,
    whole_lines,
)
from denoisectl.batch.shard import Shard
from denoisectl.errors import UsageError


class Journal:
    """The memory of an output folder. Several processes may share one; each shard has a file of its own."""

    def __init__(
        self, out: Path, settings: str, shard: Shard | None = None, *, in_place: bool = False
    ) -> None:
        """Read what earlier runs wrote.

        Args:
            out: the output folder.
            settings: digest of this run's settings and model.
            shard: the part of the plan that this process works on.
            in_place: the journal of photos in this folder that were replaced, whatever run named them.

        Raises:
            UsageError: it cannot be read, a later version wrote it, or a file stands where its folder belongs.
        """
        self._out = out
        self._inside = os.path.join(os.path.abspath(out), "")  # noqa: PTH100, PTH118 - every path in it begins so
        self.settings = settings
        self._stem = out / IN_PLACE_JOURNAL if in_place else out / JOURNAL_FOLDER / "journal"
        self._path = self._file(f"-{shard.index}-of-{shard.count}" if shard and shard.count > 1 else "")
        self._in_place = in_place
        self._made: dict[Key, Line] = {}
        self._sources: dict[str, str] = {}
        """The photo that each output was made from last, from the output folder on; ".." if that is not known."""
        self._backups: dict[str | int, Path] = {}
        self.kept: set[str] = set()
        """Where originals are kept, from this folder on."""
        self._read: dict[Path, int] = {}  # bytes of each file, up to where its last line ends
        for path in _journals(self._stem):
            self._learn(path)
        # The processes of the other shards may be at work now.
        count = shard.count if shard else 1
        parts = (f"-{index}-of-{count}" for index in range(1, count + 1))
        self._others = [path for path in map(self._file, parts) if path != self._path and count > 1]
        self._lock = threading.Lock()
        self._before = "\n"  # the last line of an earlier run may have been cut short

    def line_of(self, job: Job, output: os.stat_result) -> Line | None:
        """What tells of this output as it stands; None if it was not made here."""
        assert job.target is not None
        made = self._made.get(self._output(job.target, output))
        return None if made is None or (made.digest and made.digest != _digest_of(job.target)) else made

    def made_alike(self, job: Job, output: os.stat_result) -> bool | None:
        """Whether this output was made from the same input, settings and model; None if not made here."""
        made = self.line_of(job, output)
        return None if made is None else made.made_from == self._key(job)

    def made_otherwise(self, job: Job, output: os.stat_result) -> bool:
        """Whether this output was made here, with another model or other settings."""
        made = self.line_of(job, output)
        return made is not None and made.settings != self.settings

    def made_from_another(self, job: Job, output: os.stat_result) -> Path | None:
        """The other photo that this output was made from, if it is still there."""
        assert job.target is not None
        made = self._made.get(self._output(job.target, output))
        if made is None or not made.source:
            return None
        # Not through the file system, where the output folder may be a link to elsewhere.
        source = Path(os.path.normpath(self._out / made.source))
        try:
            return source if source.is_file() and not source.samefile(job.source) else None
        except OSError:  # on a disk that cannot be reached now
            return None

    def made(self, path: Path) -> bool:
        """Whether a file is a result of a run into this folder: as it stands, or under that name beside its photo."""
        if not os.path.abspath(path).startswith(self._inside):  # noqa: PTH100 - quick, as it is asked of every input
            return False
        name = self._name(path)
        if name not in self._sources:
            for other in self._others:
                if other.is_file() and other.stat().st_size != self._read.get(other):
                    self._learn(other)
        if name not in self._sources:
            return False
        try:
            source = self._sources[name]
            return self._output(path, path.stat()) in self._made or (
                not source.startswith("..") and (self._out / source).is_file()
            )
        except OSError:
            return False

    def backup_of(self, photo: Path) -> Path | None:
        """Where an earlier run keeps the original of this photo, if it is still there."""
        backup = self._backups.get(self._name(photo))
        return backup if backup and os.path.isfile(backup) else None  # noqa: PTH113 - pathlib's raises where a name is too long

    def check_writable(self) -> None:
        """See that a run's results can be noted, before hours of work.

        Raises:
            UsageError: the file or its folder is there and cannot be written to.
        """
        try:
            there, folder = self._path.exists(), self._path.parent
            if (self._in_place or not there) and folder.exists() and not os.access(folder, os.W_OK | os.X_OK):
                raise UsageError(f"{folder}: this folder cannot be written to; mend its permissions")
            if there:
                self._path.open("ab").close()
        except OSError as error:
            raise UsageError(
                f"{self._path}: this journal of earlier runs cannot be written to: {error.strerror}; mend its "
                "permissions, or move it away to begin anew"
            ) from None

    def record(self, job: Job, output: os.stat_result, data: bytes) -> None:
        """Note that this job's output, `data`, is about to get its name, with this size and time."""
        assert job.target is not None
        name = self._name(job.target)
        # With the times of its input, an output in its place may be told from it by its content only.
        like_its_input = (output.st_size, output.st_mtime_ns) == (job.size, job.mtime_ns)
        restored = job.from_backup and like_its_input and data == job.original.read_bytes()
        line = {
            "v": VERSION,
            "output": name,
            "bytes": output.st_size,
            "mtime_ns": output.st_mtime_ns,
            **self._key_facts(job),
            **({} if self._in_place else {"source": self._name(job.source)}),
            **({"backup": self._name(job.backup)} if job.backup else {}),
            **({"sha256": _digest(data)} if like_its_input else {}),
            **({"restored": True} if restored else {}),
        }
        with self._lock:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            # Opened for each line, so that nothing is held open on a disk that may go away; one call a line,
            # so that the lines of other processes stay whole.
            text = (self._before + json.dumps(line) + "\n").encode()
            self._before = "\n"  # until the line is whole
            with self._path.open("ab", buffering=0) as file:
                if file.write(text) < len(text):  # a disk that is nearly full takes a part and says nothing
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self._path))
            self._before = ""
            self._remember(parsed(line))

    def _file(self, part: str) -> Path:
        return self._stem.with_name(f"{self._stem.name}{part}.jsonl")

    def _learn(self, path: Path) -> None:
        """Take in every line of a file that is whole, and not known yet."""
        known = self._read.get(path, 0)
        data = _content(path, known)
        self._read[path] = known + data.rfind(b"\n") + 1
        for line in whole_lines(data, path):
            self._remember(line)
            if line.backup:
                self._backups[line.output[0]] = self._out / line.backup
                self.kept.add(line.backup)

    def _remember(self, line: Line) -> None:
        self._made[line.output] = line
        self._sources[str(line.output[0])] = line.source or ".."

    def _output(self, target: Path, output: os.stat_result) -> Key:
        return (self._name(target), output.st_size, output.st_mtime_ns)

    def _name(self, target: Path) -> str:
        return Path(os.path.relpath(target, self._out)).as_posix()

    def _key_facts(self, job: Job) -> dict[str, str | int]:
        return {
            # Where a photo is called from must not make it another one.
            "input": job.source.name if self._in_place else job.relative.as_posix(),
            "input_bytes": job.size,
            "input_mtime_ns": job.mtime_ns,
            "settings": self.settings,
        }

    def _key(self, job: Job) -> Key:
        """What `Line.made_from` would say, in the same order."""
        return tuple(self._key_facts(job).values())


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _digest_of(path: Path) -> str:
    """Of a file's content; empty if it cannot be read, which no output of ours is like."""
    try:
        return _digest(path.read_bytes())
    except OSError:
        return ""


def _journals(stem: Path) -> list[Path]:
    if not os.path.isdir(stem.parent):  # noqa: PTH112 - pathlib's raises where a name is too long, or permission is missing
        if os.path.lexists(stem.parent):
            raise UsageError(
                f"{stem.parent}: is a file, and the folder of the journal belongs there; move it away"
            )
        return []
    return sorted(stem.parent.glob(f"{stem.name}*.jsonl"))


def _content(path: Path, start: int) -> bytes:
    try:
        with path.open("rb") as file:
            file.seek(start)
            return file.read()
    except OSError as error:
        raise UsageError(
            f"{path}: this journal of earlier runs cannot be read: {error.strerror}; mend its permissions, "
            "or move it away to begin anew"
        ) from None
