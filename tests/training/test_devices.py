"""Where training runs, and whose fault it is when it does not."""

import logging
import re

import pytest
import torch

from denoisectl_training import devices
from denoisectl_training.devices import choose_device, is_out_of_memory


@pytest.mark.parametrize(
    ("seen", "cuda", "told"),
    [
        (False, None, None),
        (True, None, r"torch \S+ cannot use it; install a build for CUDA .*, or say --device cpu"),
        (True, "13.0", "cannot use it; update the NVIDIA driver until nvidia-smi lists the GPU"),
    ],
)
def test_auto_tells_of_a_gpu_that_stands_idle_once(
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    seen: bool,
    cuda: str | None,
    told: str | None,
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.version, "cuda", cuda)
    monkeypatch.setattr(devices, "gpu_in_sight", lambda: seen)
    devices._warn_of_idle_gpu.cache_clear()
    with caplog.at_level(logging.WARNING, "denoisectl"):
        assert [choose_device("auto").type for _ in range(2)] == ["cpu", "cpu"]
        choose_device("cpu")
    devices._warn_of_idle_gpu.cache_clear()
    assert len(caplog.records) == (told is not None)
    if told:
        assert re.search(told, caplog.text)


@pytest.mark.parametrize(
    "words",
    [
        "cuDNN error: CUDNN_STATUS_ALLOC_FAILED",
        "cuDNN error: CUDNN_STATUS_INTERNAL_ERROR_DEVICE_ALLOCATION_FAILED",
        "CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`",
        "CUDA error: out of memory",
    ],
)
def test_memory_that_runs_out_outside_of_torch_is_told_from_a_failure(words: str) -> None:
    assert is_out_of_memory(RuntimeError(words))
    assert not is_out_of_memory(RuntimeError("CUDA error: unspecified launch failure"))
