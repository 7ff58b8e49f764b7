"""The records of benchmarks/compare.py: a comparison that is stopped costs nothing that was measured."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.conftest import benchmark


@pytest.fixture(scope="module")
def records() -> ModuleType:
    benchmark("timing")
    return benchmark("records")


def measured(records: ModuleType, path: Path, key: str, *, resume: bool = False) -> Any:
    """A comparison of one measurement, as it is before its end."""
    comparison = records.Records(path, resume=resume)
    comparison.measure(key, lambda: records.Row(key, key, records.Speed(1.0, 1.0, 1.0)))
    return comparison


def test_a_comparison_that_is_stopped_leaves_the_last_one_whole(records: ModuleType, tmp_path: Path) -> None:
    path = tmp_path / "compare.jsonl"
    measured(records, path, "first").finish()
    before = path.read_bytes()
    measured(records, path, "second")
    assert path.read_bytes() == before
    resumed = measured(records, path, "third", resume=True)
    assert list(resumed.rows) == ["second", "third"]
    resumed.finish()
    assert list(records.Records(path, resume=True).rows) == ["second", "third"]
