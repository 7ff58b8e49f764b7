from __future__ import annotations

import threading

import pytest

from denoisectl.batch.budget import Budget, Closed

_SOON = 0.05  # long enough for a thread that is free to go on


def start(budget: Budget, place: int, size: int) -> threading.Thread:
    thread = threading.Thread(target=budget.take, args=(place, size), daemon=True)
    thread.start()
    thread.join(_SOON)
    return thread


def test_waits_until_it_fits() -> None:
    budget = Budget(10)
    budget.take(0, 6)
    second = start(budget, 1, 6)
    assert second.is_alive()
    budget.give_back(0)
    second.join(5)
    assert not second.is_alive()


def test_what_fills_the_budget_to_the_last_byte_fits() -> None:
    budget = Budget(10)
    budget.take(0, 4)
    second = start(budget, 1, 6)
    second.join(5)
    assert not second.is_alive()


def test_one_larger_than_the_budget_passes_alone() -> None:
    budget = Budget(10)
    budget.take(0, 100)
    second = start(budget, 1, 1)
    assert second.is_alive()
    budget.give_back(0)
    second.join(5)
    assert not second.is_alive()


def test_nobody_overtakes() -> None:
    budget = Budget(10)
    second = start(budget, 1, 1)
    assert second.is_alive()
    budget.take(0, 1)
    second.join(5)
    assert not second.is_alive()


def test_closing_sends_everybody_home() -> None:
    budget = Budget(10)
    ended: list[type[Exception]] = []

    def wait() -> None:
        try:
            budget.take(3, 1)
        except Closed as closed:
            ended.append(type(closed))

    thread = threading.Thread(target=wait, daemon=True)
    thread.start()
    budget.close()
    thread.join(5)
    assert ended == [Closed]
    with pytest.raises(Closed):
        budget.take(0, 1)
