"""The proof that a device computes."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import onnx
import pytest

from denoisectl.engine import probe
from denoisectl.engine.probe import probe_model, prove
from denoisectl.errors import DeviceError
from denoisectl.machine.devices import CPU, Device


def test_the_model_written_by_hand_is_a_model() -> None:
    model = onnx.load_from_string(probe_model())
    onnx.checker.check_model(model, full_check=True)
    assert [node.op_type for node in model.graph.node] == ["Conv"]
    assert model.opset_import[0].version == 18


def test_the_processor_is_proven() -> None:
    prove(CPU)


def test_a_device_that_computes_wrongly_is_not_proven(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = SimpleNamespace(run=lambda names, inputs: [np.zeros((1, 8, 16, 16), np.float32)])
    monkeypatch.setattr(probe, "create_session", lambda *args, **kwargs: wrong)
    with pytest.raises(DeviceError, match="cpu computes a convolution wrongly"):
        prove(CPU)


@pytest.mark.parametrize(
    ("device", "mend"),
    [
        (CPU, "$"),
        (Device("cuda", 1), r'; install CUDA and cuDNN again: pip install "denoisectl\[cuda\]"$'),
        (Device("tensorrt", 1), '; if cuda:1 works, install TensorRT again: pip install "tensorrt-cu'),
    ],
)
def test_a_device_that_fails_is_not_proven(
    monkeypatch: pytest.MonkeyPatch, device: Device, mend: str
) -> None:
    def fail(*args: object, **kwargs: object) -> None:
        raise RuntimeError("NOT_IMPLEMENTED:\n no cuDNN")

    monkeypatch.setattr(probe, "create_session", fail)
    for check in ("check_cuda", "check_tensorrt"):
        monkeypatch.setattr(probe, check, lambda index: None)
    with pytest.raises(
        DeviceError, match=f"{device} cannot run a convolution: NOT_IMPLEMENTED: no cuDNN{mend}"
    ):
        prove(device)


def test_a_gpu_whose_memory_is_taken_needs_no_install(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*args: object, **kwargs: object) -> None:
        raise RuntimeError("CUDA failure 2: out of memory ; GPU=0 ; hostname=vm")

    monkeypatch.setattr(probe, "check_cuda", lambda index: None)
    monkeypatch.setattr(probe, "create_session", full)
    with pytest.raises(
        DeviceError, match=r"out of memory; other programs hold its memory: nvidia-smi lists them$"
    ):
        prove(Device("cuda", 0))
