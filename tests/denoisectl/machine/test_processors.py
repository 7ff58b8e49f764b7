"""Whose processors are counted, and which are fast at 8-bit integers."""

from __future__ import annotations

import os
from pathlib import Path

import cv2
import pytest

from denoisectl.machine import processors
from denoisectl.machine.processors import fast_at_8_bits, usable_cpus


@pytest.mark.parametrize(
    ("quota", "cpus"), [("max 100000", 8), ("150000 100000", 2), ("50000 100000", 1), ("", 8)]
)
def test_a_container_counts_its_share(
    quota: str, cpus: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "cpu.max").write_text(quota)
    monkeypatch.setattr(processors, "Path", lambda name: tmp_path / Path(name).name)
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(8)), raising=False)
    assert usable_cpus() == cpus


def test_the_feature_that_is_asked_for_is_the_one_that_is_meant() -> None:
    assert cv2.getHardwareFeatureName(processors._AVX2) == "AVX2"


@pytest.mark.parametrize(
    ("there", "fast"), [({"AVX", "AVX2"}, True), ({"SSE4.2", "AVX"}, False), ({"NEON"}, False)]
)
def test_avx2_is_enough_for_8_bits(monkeypatch: pytest.MonkeyPatch, there: set[str], fast: bool) -> None:
    monkeypatch.setattr(
        cv2, "checkHardwareSupport", lambda feature: cv2.getHardwareFeatureName(feature) in there
    )
    assert fast_at_8_bits() is fast
