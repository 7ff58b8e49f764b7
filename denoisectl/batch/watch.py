"""A folder that fills up while it is watched: what has come in, once it stands still."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from denoisectl.batch.selection import Found

_Stamp = tuple[int, int]

_REST = 4.0  # looks' worth of sleep after each: a tree of a million files must not keep a core busy


def arrivals(look: Callable[[], Iterable[Found]], *, interval: float = 1.0) -> Iterator[frozenset[Path]]:
    """Yield, without end, the files that are new or have changed, and stood still for `interval` seconds.

    A file that is still being copied grows between two looks and so is not taken half. Looking works on every
    file system, network ones included, where notices of changes do not. A look that takes long is repeated seldom.
    """
    done: dict[Path, _Stamp] = {}
    before: dict[Path, _Stamp] = {}
    while True:
        start = time.monotonic()
        now = {found.path: stamp for found in look() if (stamp := _stamp(found.path))}
        spent = time.monotonic() - start
        done = {path: stamp for path, stamp in done.items() if path in now}  # what comes back is new
        ready = frozenset(path for path, stamp in now.items() if before.get(path) == stamp != done.get(path))
        if ready:
            done.update((path, now[path]) for path in ready)
            yield ready
        before = now
        time.sleep(max(interval, _REST * spent))


def _stamp(path: Path) -> _Stamp | None:
    try:
        stat = path.stat()
    except OSError:
        return None  # gone again
    return stat.st_size, stat.st_mtime_ns
