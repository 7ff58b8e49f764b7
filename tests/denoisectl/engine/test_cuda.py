"""CUDA where there is none, in each of the ways in which there can be none."""

from __future__ import annotations

import os
import sys
from types import SimpleNamespace

import onnxruntime
import pytest

from denoisectl.engine import cuda
from denoisectl.engine.cuda import check_cuda, check_driver
from denoisectl.engine.tensorrt import check_tensorrt
from denoisectl.errors import DeviceError


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """A machine with two GPUs, the right onnxruntime and all libraries."""
    monkeypatch.setattr(cuda, "driver_devices", lambda: 2)
    monkeypatch.setattr(cuda, "driver_cuda", lambda: (13, 0))
    monkeypatch.setattr(cuda, "compute_capability", lambda index: (8, 6))
    monkeypatch.setattr(cuda, "loads", lambda library: True)
    monkeypatch.setattr(onnxruntime, "cuda_version", "13.0")
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: ["CUDAExecutionProvider"])
    monkeypatch.setattr(onnxruntime, "preload_dlls", lambda directory: None)
    monkeypatch.delitem(sys.modules, "torch", raising=False)
    return monkeypatch


def test_a_machine_with_everything_passes(machine: pytest.MonkeyPatch) -> None:
    check_driver()
    check_cuda(1)


def test_a_missing_gpu_is_named(machine: pytest.MonkeyPatch) -> None:
    machine.setattr(cuda, "driver_devices", lambda: 0)
    with pytest.raises(DeviceError, match="no NVIDIA GPU, or no driver"):
        check_driver()
    with pytest.raises(DeviceError, match="cuda:0 cannot be used: no NVIDIA GPU, or no driver"):
        check_cuda(0)
    with pytest.raises(DeviceError, match="tensorrt:0 cannot be used: no NVIDIA GPU, or no driver"):
        check_tensorrt(0)


def test_a_gpu_beyond_the_last_is_refused(machine: pytest.MonkeyPatch) -> None:
    with pytest.raises(DeviceError, match=r"cuda:2 cannot be used: the NVIDIA driver shows 2 GPU\(s\)"):
        check_cuda(2)


def test_the_build_without_cuda_is_told_from_the_other(machine: pytest.MonkeyPatch) -> None:
    machine.setattr(onnxruntime, "get_available_providers", lambda: ["CPUExecutionProvider"])
    with pytest.raises(DeviceError, match=r"built without CUDA.* pip install onnxruntime-gpu"):
        check_cuda(0)


def test_missing_libraries_come_with_the_command_and_nothing_is_printed(
    machine: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def preload(directory: str) -> None:
        sys.stdout.write("Failed to load libcublas.so.13: no such file\n")
        os.write(1, b"Failed to load libcurand.so.10: no such file\n")

    machine.setattr(onnxruntime, "preload_dlls", preload)
    with pytest.raises(DeviceError) as caught:
        check_cuda(0)
    assert "libcublas.so.13, libcurand.so.10, install" in str(caught.value)
    assert 'pip install "denoisectl[cuda]"' in str(caught.value)
    assert capfd.readouterr() == ("", "")


def test_cudnn_which_onnxruntime_would_miss_only_later_is_missed_at_once(machine: pytest.MonkeyPatch) -> None:
    machine.setattr(cuda, "loads", lambda library: "cudnn" not in library)
    with pytest.raises(DeviceError, match=r'missing CUDA libraries \S*cudnn\S*, .*"denoisectl\[cuda\]"'):
        check_cuda(0)


@pytest.mark.parametrize(
    ("driver", "built", "told"),
    [
        ((12, 8), "13.0", r"is for CUDA 12\.8 and this .* needs CUDA 13: update the driver \(580 or newer\)"),
        ((13, 1), "14.2", r"is for CUDA 13\.1 and this onnxruntime needs CUDA 14: update the driver$"),
        ((12, 0), "12.8", None),
        ((13, 0), "12.8", None),
        ((0, 0), "13.0", None),
        ((12, 8), "", None),
    ],
)
def test_a_driver_that_is_too_old_is_to_be_updated(
    machine: pytest.MonkeyPatch, driver: tuple[int, int], built: str, told: str | None
) -> None:
    machine.setattr(cuda, "driver_cuda", lambda: driver)
    machine.setattr(onnxruntime, "cuda_version", built)
    if told is None:
        check_cuda(0)
        return
    with pytest.raises(DeviceError, match=f"cuda:0 cannot be used: the NVIDIA driver {told}"):
        check_cuda(0)


def test_a_gpu_that_is_too_old_is_told(machine: pytest.MonkeyPatch) -> None:
    machine.setattr(cuda, "compute_capability", lambda index: (7, 0) if index else (7, 5))
    check_cuda(0)
    with pytest.raises(DeviceError, match=r"cuda:1 .* has compute capability 7\.0 and .* needs 7\.5: use"):
        check_cuda(1)


@pytest.mark.parametrize(("version", "loads"), [(None, True), ("13.2", False), ("12.8", True)])
def test_libraries_that_torch_has_loaded_are_not_loaded_twice(
    machine: pytest.MonkeyPatch, version: str | None, loads: bool
) -> None:
    calls: list[str] = []
    machine.setattr(onnxruntime, "preload_dlls", lambda directory: calls.append(directory))
    machine.setitem(sys.modules, "torch", SimpleNamespace(version=SimpleNamespace(cuda=version)))
    check_cuda(0)
    assert bool(calls) is loads
