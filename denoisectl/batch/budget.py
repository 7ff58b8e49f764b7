"""Memory for pixels, handed out in the order of the plan."""

from __future__ import annotations

import concurrent.futures.thread  # noqa: F401 - has to register its own end of the program before ours
import threading


class Closed(Exception):  # noqa: N818 - it tells a waiting thread to go home, nothing is wrong
    """The run is over; nobody gets memory any more."""


class Budget:
    """A number of bytes that images share from before their decoding until after their writing.

    Images are admitted strictly in turn. The one whose turn it is waits until it fits, or until it is alone:
    an image larger than the whole budget still passes, by itself. Since the stages work in the same order,
    an image that waits is only ever waiting for earlier ones, which do not wait for it.
    """

    def __init__(self, limit: int) -> None:
        """Start with `limit` bytes free."""
        self._limit = limit
        self._held: dict[int, int] = {}
        self._turn = 0
        self._closed = False
        self._change = threading.Condition()
        _OPEN.add(self)

    def take(self, place: int, size: int) -> None:
        """Wait for the turn of the image at `place` in the plan, and for `size` free bytes.

        Every place has to take its turn, one that needs nothing with a size of 0.

        Raises:
            Closed: the run ended while this waited.
        """
        with self._change:
            self._change.wait_for(lambda: self._closed or (self._turn == place and self._fits(size)))
            if self._closed:
                raise Closed
            self._held[place] = size
            self._turn += 1
            self._change.notify_all()

    def give_back(self, place: int) -> None:
        """Free what the image at `place` held, if anything."""
        with self._change:
            self._held.pop(place, None)
            self._change.notify_all()

    def close(self) -> None:
        """Let everybody who waits give up: they get `Closed`."""
        _OPEN.discard(self)
        with self._change:
            self._closed = True
            self._change.notify_all()

    def _fits(self, size: int) -> bool:
        return not self._held or sum(self._held.values()) + size <= self._limit


_OPEN: set[Budget] = set()


def _close_all() -> None:
    for budget in list(_OPEN):
        budget.close()


# A program that ends with a run half taken waits for the run's threads, and one of these may wait for memory that
# nobody will free. `atexit` comes too late: after that wait.
threading._register_atexit(_close_all)  # type: ignore[attr-defined]
