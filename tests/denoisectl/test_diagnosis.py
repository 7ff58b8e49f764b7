"""What the doctor finds."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError
from pathlib import Path

import pytest

from denoisectl import diagnosis
from denoisectl.diagnosis import diagnose
from denoisectl.errors import DeviceError, UsageError
from denoisectl.machine.devices import Device
from tests import toy_models


@pytest.fixture
def gpus(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Two GPUs, of which the second one fails."""

    def prove(device: Device) -> None:
        if device not in (Device("cpu"), Device("cuda", 0)):
            raise DeviceError(f"{device} is broken")

    monkeypatch.setattr(diagnosis, "driver_devices", lambda: 2)
    monkeypatch.setattr(diagnosis, "prove", prove)
    return monkeypatch


def _install(monkeypatch: pytest.MonkeyPatch, **packages: str) -> None:
    def version(name: str) -> str:
        if name.replace("-", "_") not in packages:
            raise PackageNotFoundError(name)
        return packages[name.replace("-", "_")]

    monkeypatch.setattr(diagnosis, "version", version)


def test_every_device_is_tried(gpus: pytest.MonkeyPatch) -> None:
    found = diagnose()
    assert [(check.device, check.works) for check in found.devices] == [
        ("cpu", True),
        ("cuda:0", True),
        ("cuda:1", False),
    ]
    assert found.devices[2].reason == "cuda:1 is broken"
    assert [check.device for check in found.checks("auto")] == ["cuda:0"]
    assert [check.device for check in found.checks("cuda")] == ["cuda:0"]
    assert [check.works for check in found.checks("cuda:0,1")] == [True, False]


def test_the_device_asked_for_is_tried_even_if_it_is_not_there(gpus: pytest.MonkeyPatch) -> None:
    assert [check.device for check in diagnose("cuda:5").devices][-1] == "cuda:5"
    assert [check.works for check in diagnose("cuda:5").checks("cuda:5")] == [False]
    assert [check.device for check in diagnose("cuda:0,7").devices] == ["cpu", "cuda:0", "cuda:1", "cuda:7"]


def test_an_unknown_device_is_refused() -> None:
    with pytest.raises(UsageError, match="unknown device"):
        diagnose("gpu")


def test_two_runtimes_over_each_other_are_a_problem(gpus: pytest.MonkeyPatch) -> None:
    _install(gpus, onnxruntime="1.30.0", onnxruntime_gpu="1.31.1")
    assert diagnose().problems == (
        "onnxruntime 1.30.0 and onnxruntime-gpu 1.31.1 overwrite each other's files; keep one: "
        "pip uninstall -y onnxruntime onnxruntime-gpu && pip install onnxruntime-gpu",
    )


def test_two_opencvs_over_each_other_are_a_problem(gpus: pytest.MonkeyPatch) -> None:
    _install(gpus, opencv_python="5.0.0", opencv_python_headless="5.0.0")
    assert "pip uninstall -y opencv-python opencv-python-headless" in diagnose().problems[0]


def test_one_of_each_is_none(gpus: pytest.MonkeyPatch) -> None:
    _install(gpus, onnxruntime_gpu="1.31.1", opencv_python_headless="5.0.0", numpy="2.4")
    found = diagnose()
    assert found.problems == ()
    assert found.packages["onnxruntime-gpu"] == "1.31.1"


def test_a_shipped_model_that_cannot_be_read_is_a_problem(gpus: pytest.MonkeyPatch, tmp_path: Path) -> None:
    broken = toy_models.identity(tmp_path / "photo.onnx", card=None)
    gpus.setattr(diagnosis, "shipped_models", lambda: {"photo": broken})
    _install(gpus)
    assert "has no denoisectl card" in diagnose().problems[0]
