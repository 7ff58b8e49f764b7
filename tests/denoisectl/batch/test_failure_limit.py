from __future__ import annotations

import pytest

from denoisectl.batch.failure_limit import FailureLimit
from denoisectl.batch.result import FileResult, Status, Tally
from denoisectl.errors import StoppedError, UsageError


def failing(count: int, *, fatal: bool = False) -> tuple[Tally, FileResult]:
    tally = Tally(planned=100)
    for number in range(count):
        tally.add(FileResult(f"{number}.jpg", None, Status.FAILED, "bad", "decode", fatal=fatal))
    return tally, tally.failures[-1]


@pytest.mark.parametrize(("text", "most"), [("0", 0), ("3", 3), ("5%", 5), ("2.5%", 2), ("100%", 100)])
def test_one_more_than_the_limit_stops(text: str, most: int) -> None:
    limit = FailureLimit.parse(text, planned=100)
    assert limit.most == most
    if most:
        limit.check(*failing(most))
    with pytest.raises(StoppedError):
        limit.check(*failing(most + 1))


@pytest.mark.parametrize("text", ["", "x", "-1", "101%", "1.5"])
def test_what_is_no_limit(text: str) -> None:
    with pytest.raises(UsageError, match="--max-failures"):
        FailureLimit.parse(text, 10)


def test_without_a_limit_only_a_fatal_failure_stops() -> None:
    FailureLimit().check(*failing(99))
    with pytest.raises(StoppedError, match="same command again"):
        FailureLimit().check(*failing(1, fatal=True))


def test_the_tally_accounts_for_all() -> None:
    tally = Tally(planned=4)
    for status in (Status.OK, Status.SKIPPED, Status.FAILED):
        tally.add(FileResult("a", None, status, width=1000, height=1000))
    assert (tally.seen, tally.remaining, tally.megapixels) == (3, 1, 3.0)
