"""Read | infer | write: three stages that overlap, two bounded queues, results in the order of the items.

Reading and writing have threads of their own. Inference runs in the caller's thread, one image at a time, so
that Ctrl-C, which Python delivers there, stops it between two tiles. GPUs take several images at once, each in
a thread of its own; there Ctrl-C waits for these images.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

from denoisectl.errors import StoppedError
from denoisectl.lanes import in_lanes

Item = TypeVar("Item")
Loaded = TypeVar("Loaded")
Inferred = TypeVar("Inferred")
Result = TypeVar("Result")


def pipeline(
    items: Iterable[Item],
    *,
    read: Callable[[Item], Loaded],
    infer: Callable[[Loaded], Inferred],
    write: Callable[[Inferred], Result],
    close: Callable[[], None] = lambda: None,
    readers: int = 2,
    writers: int = 2,
    inferers: int = 1,
) -> Generator[Result, None, None]:
    """Yield the result of every item, in order.

    An error that a stage raises is fatal: nothing new starts, what runs is waited for, its results are yielded as
    they were written, and the error is raised again here; Ctrl-C likewise. What concerns one item alone has to be a
    result. In a thread that outlives the program's main one, it ends as a `StoppedError`.

    Args:
        items: what is to be done; taken one by one as there is room.
        read: first stage, in `readers` threads.
        infer: second stage, in the caller's thread, or in `inferers` threads.
        write: third stage, in `writers` threads.
        close: called before the threads are waited for; it has to wake a stage that waits for another one.
        readers: threads that read; as many items more are read ahead as are inferred at once.
        writers: threads that write; as many items more may wait for them.
        inferers: items inferred at once.
    """
    read_pool = ThreadPoolExecutor(readers, "read")
    write_pool = ThreadPoolExecutor(writers, "write")
    begun: dict[Future[Result], None] = {}  # in order, those whose results are not yielded yet

    def onward(one: Loaded) -> Future[Result]:
        # From here, not from the loop below: it may be waiting for memory that this item holds until written.
        future = write_pool.submit(write, infer(one))
        begun[future] = None
        return future

    def written(future: Future[Result]) -> Result:
        result = future.result()
        del begun[future]
        return result

    inferred = in_lanes(onward, _read_ahead(read_pool, read, items, readers + inferers), inferers)
    writing: deque[Future[Result]] = deque()
    try:
        for future in inferred:
            writing.append(future)
            while writing and (writing[0].done() or len(writing) > 2 * writers):
                yield written(writing.popleft())
        while writing:
            yield written(writing.popleft())
    except (Exception, KeyboardInterrupt) as error:
        close()
        inferred.close()
        yield from _under_way(begun)
        if _is_end_of_program(error):
            raise StoppedError(
                "the program ended while a thread of it was at work; wait for that thread, and run again to go on"
            ) from error
        raise
    finally:
        close()
        inferred.close()
        read_pool.shutdown(cancel_futures=True)
        write_pool.shutdown(cancel_futures=True)


def _read_ahead(
    pool: ThreadPoolExecutor, read: Callable[[Item], Loaded], items: Iterable[Item], ahead: int
) -> Generator[Loaded, None, None]:
    """Yield what `read` makes of each item, in order, with `ahead` of them being read or waiting to be yielded."""
    upcoming = iter(items)
    reading = deque(pool.submit(read, item) for item in islice(upcoming, ahead))
    while reading:
        one = reading.popleft().result()
        reading.extend(pool.submit(read, item) for item in islice(upcoming, ahead - len(reading)))
        yield one
        del one  # or this image would stay in memory until the next one is here


def _under_way(begun: Iterable[Future[Result]]) -> Iterator[Result]:
    """Results of what is being written, but for failures that follow from the first; what waits is cancelled."""
    running = [future for future in begun if not future.cancel()]  # all, before any is waited for
    for future in running:
        if not future.exception():
            yield future.result()


def _is_end_of_program(error: BaseException) -> bool:
    """Whether a pool took no work because the interpreter shuts down; Python says so in words alone."""
    return isinstance(error, RuntimeError) and "shutdown" in str(error)
