"""What the NVIDIA driver is asked, rehearsed without one."""

from __future__ import annotations

import ctypes
from types import SimpleNamespace
from typing import Any

import pytest

from denoisectl.machine.nvidia import compute_capability, driver_cuda, driver_devices


def _giving(value: int, failed: int = 0) -> Any:
    def function(number: Any, *arguments: int) -> int:
        number._obj.value = value
        return failed

    return function


@pytest.fixture
def driver(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """Two GPUs of compute capability 8.6 under a driver for CUDA 12.8."""

    def attribute(number: Any, asked: int, device: int) -> int:
        number._obj.value = {75: 8, 76: 6}[asked]
        return int(device != 17)

    functions = SimpleNamespace(
        cuInit=lambda flags: 0,
        cuDeviceGetCount=_giving(2),
        cuDriverGetVersion=_giving(12080),
        cuDeviceGet=_giving(17),
        cuDeviceGetAttribute=attribute,
    )
    monkeypatch.setattr(ctypes, "CDLL", lambda name: functions)
    return functions


@pytest.mark.usefixtures("driver")
def test_the_driver_is_asked() -> None:
    assert (driver_devices(), driver_cuda(), compute_capability(1)) == (2, (12, 8), (8, 6))


def test_a_driver_that_fails_says_nothing(driver: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> None:
    driver.cuDeviceGetCount = _giving(2, failed=100)
    del driver.cuDriverGetVersion
    assert (driver_devices(), driver_cuda()) == (0, (0, 0))
    driver.cuInit = lambda flags: 999
    assert compute_capability(0) == (0, 0)

    def missing(name: str) -> None:
        raise OSError(name)

    monkeypatch.setattr(ctypes, "CDLL", missing)
    assert driver_devices() == 0
