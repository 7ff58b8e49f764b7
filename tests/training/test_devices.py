"""Where training runs, and whose fault it is when it does not."""

import logging
import re

import pytest
import torch

from denoisectl_training import devices
from denoisectl_training.devices import choose_device


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
