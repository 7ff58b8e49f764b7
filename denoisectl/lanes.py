"""Work side by side, in order: several items under way, results as if there were one."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def in_lanes(
    work: Callable[[Item], Result], items: Iterable[Item], lanes: int
) -> Generator[Result, None, None]:
    """Yield the result of every item, in order, with `lanes` of them worked on at once.

    One lane works in the caller's thread, where Ctrl-C stops it between two items. After an error nothing new
    starts, what runs is waited for, and the error is raised here.
    """
    if lanes == 1:
        yield from map(work, items)
        return
    running: deque[Future[Result]] = deque()
    pool = ThreadPoolExecutor(lanes, "lane")
    try:
        for item in items:
            running.append(pool.submit(work, item))
            if len(running) > lanes:
                yield running.popleft().result()
        while running:
            yield running.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)
