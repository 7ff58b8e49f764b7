from __future__ import annotations

import random
import subprocess
import sys
import threading
import time
from collections.abc import Callable

import pytest

from denoisectl.batch.pipeline import pipeline


def same(item: int) -> int:
    return item


def dawdle(item: int) -> int:
    time.sleep(random.Random(item).random() / 500)
    return item


@pytest.mark.parametrize(("readers", "inferers", "writers"), [(1, 1, 1), (4, 1, 3), (2, 4, 2), (1, 2, 1)])
def test_results_come_in_order(readers: int, inferers: int, writers: int) -> None:
    results = pipeline(
        range(60),
        read=dawdle,
        infer=dawdle,
        write=dawdle,
        readers=readers,
        writers=writers,
        inferers=inferers,
    )
    assert list(results) == list(range(60))


@pytest.mark.parametrize("inferers", [1, 2, 4])
def test_an_item_that_waits_for_the_one_before_to_be_written_gets_its_turn(inferers: int) -> None:
    room = threading.Semaphore(1)  # memory for one image

    def read(item: int) -> int:
        assert room.acquire(timeout=10)
        return item

    def write(item: int) -> int:
        room.release()
        return item

    results = pipeline(range(20), read=read, infer=same, write=write, readers=1, inferers=inferers)
    assert list(results) == list(range(20))


def test_several_items_are_inferred_at_once() -> None:
    both = threading.Barrier(2)

    def infer(item: int) -> int:
        both.wait(timeout=10)
        return item

    assert list(pipeline(range(6), read=same, infer=infer, write=same, inferers=2)) == list(range(6))


def test_an_error_in_one_of_several_ends_the_run() -> None:
    def infer(item: int) -> int:
        if item == 5:
            raise RuntimeError("the device is gone")
        return item

    with pytest.raises(RuntimeError, match="gone"):
        list(pipeline(range(100), read=same, infer=infer, write=same, inferers=3))


def test_what_was_written_before_an_error_is_told() -> None:
    """A script has to know of every output that is on the disk."""
    written: list[int] = []
    being_written, failing = threading.Event(), threading.Event()

    def infer(item: int) -> int:
        if item == 3:
            assert being_written.wait(timeout=10)
            failing.set()
            raise RuntimeError("the device is gone")
        return item

    def write(item: int) -> int:
        if item == 2:
            being_written.set()
            assert failing.wait(timeout=10)  # so that the error comes first
        written.append(item)
        return item

    told: list[int] = []
    with pytest.raises(RuntimeError, match="gone"):
        told.extend(pipeline(range(9), read=same, infer=infer, write=write, writers=1))
    assert told == written == [0, 1, 2]


@pytest.mark.parametrize("inferers", [1, 2])
def test_a_run_in_a_thread_that_outlives_the_program_is_told(inferers: int) -> None:
    program = f"""
import threading, time
from denoisectl.batch.pipeline import pipeline
from denoisectl.errors import StoppedError
def same(item):
    time.sleep(0.001)
    return item
def run():
    try:
        list(pipeline(range(10**6), read=same, infer=same, write=same, inferers={inferers}))
    except StoppedError as stop:
        print(stop)
threading.Thread(target=run).start()
"""
    told = subprocess.check_output(
        [sys.executable, "-c", program], stderr=subprocess.STDOUT, text=True, timeout=60
    )
    assert (
        told
        == "the program ended while a thread of it was at work; wait for that thread, and run again to go on\n"
    )


def test_nothing_in_nothing_out() -> None:
    assert list(pipeline([], read=same, infer=same, write=same)) == []


def test_queues_are_bounded() -> None:
    """A slow writer holds the readers back: no more items in the air than threads and queues hold."""
    lock, alive, most = threading.Lock(), set[int](), 0

    def read(item: int) -> int:
        nonlocal most
        with lock:
            alive.add(item)
            most = max(most, len(alive))
        return item

    def write(item: int) -> int:
        time.sleep(0.002)
        with lock:
            alive.remove(item)
        return item

    list(pipeline(range(100), read=read, infer=same, write=write, readers=2, writers=2))
    assert most <= (2 + 1) + 1 + (2 * 2 + 1)


@pytest.mark.parametrize("stage", ["read", "infer", "write"])
def test_a_fatal_error_drains_and_is_raised(stage: str) -> None:
    done: list[int] = []

    def fail(item: int) -> int:
        if item == 10:
            raise RuntimeError("disk on fire")
        return item

    def note(item: int) -> int:
        done.append(item)
        return item

    stages: dict[str, Callable[[int], int]] = {"read": same, "infer": same, "write": note}
    stages[stage] = fail if stage != "write" else lambda item: note(fail(item))
    before = threading.active_count()
    with pytest.raises(RuntimeError, match="disk on fire"):
        list(pipeline(range(1000), **stages))  # type: ignore[arg-type]
    assert threading.active_count() == before
    assert len(done) < 30


def test_of_two_errors_the_first_is_told() -> None:
    both = threading.Barrier(2)

    def write(item: int) -> int:
        both.wait(10)
        if item:
            time.sleep(0.05)
        raise RuntimeError(f"item {item}")

    with pytest.raises(RuntimeError, match="item 0"):
        list(pipeline(range(2), read=same, infer=same, write=write, writers=2))


def test_an_interrupt_yields_what_is_there() -> None:
    def infer(item: int) -> int:
        if item == 5:
            raise KeyboardInterrupt
        return item

    results = pipeline(range(10), read=same, infer=infer, write=dawdle)
    seen: list[int] = []
    with pytest.raises(KeyboardInterrupt):
        for result in results:
            seen.append(result)
    assert seen and seen == list(range(len(seen)))  # how many are written by then is the scheduler's affair


def test_closing_stops_and_wakes_waiting_stages() -> None:
    gate = threading.Event()

    def read(item: int) -> int:
        if item > 2:
            gate.wait(10)
        return item

    results = pipeline(range(10), read=read, infer=same, write=same, close=gate.set, readers=1)
    assert next(results) == 0
    start = time.monotonic()
    results.close()
    assert time.monotonic() - start < 5


def test_what_was_written_before_an_error_is_told_though_items_before_it_are_not_done() -> None:
    others = threading.Event()

    def infer(item: int) -> int:
        if item == 2:
            assert others.wait(timeout=10)
            raise RuntimeError("the device is gone")
        if item == 3:
            others.set()
        return item

    written, told = [], []
    with pytest.raises(RuntimeError, match="gone"):
        for result in pipeline(
            range(100), read=same, infer=infer, write=lambda item: written.append(item) or item, inferers=2
        ):
            told.append(result)
    assert 3 in written and sorted(told) == sorted(written)
