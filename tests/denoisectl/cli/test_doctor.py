"""`denoisectl doctor`: what it shows, and its exit code."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from denoisectl import diagnosis
from denoisectl.cli.main import build
from denoisectl.errors import DeviceError
from denoisectl.machine.devices import Device


@pytest.fixture
def no_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    def prove(device: Device) -> None:
        if device.kind == "cuda":
            raise DeviceError('libcublas.so.13 is missing: pip install "denoisectl[cuda]"')

    monkeypatch.setattr(diagnosis, "driver_devices", lambda: 0)
    monkeypatch.setattr(diagnosis, "prove", prove)


@pytest.mark.usefixtures("no_gpu")
def test_a_machine_without_a_gpu_is_well(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(diagnosis, "_problems", lambda: iter(["two of a kind"]))
    result = CliRunner().invoke(build(), ["doctor"])
    assert result.exit_code == 0, result.output
    rows = dict(line.split(maxsplit=1) for line in result.stdout.splitlines())
    assert rows["cpu"] == "works, proven"
    assert rows["gpu"].startswith("none found; denoisectl doctor --device cuda says")
    assert rows["problem"] == "two of a kind"
    assert {"system", "processors", "models", "numpy"} <= set(rows)


@pytest.mark.usefixtures("no_gpu")
def test_a_device_asked_for_and_not_proven_is_exit_3() -> None:
    result = CliRunner().invoke(build(), ["doctor", "--device", "cuda"])
    assert result.exit_code == 3, result.output
    assert 'pip install "denoisectl[cuda]"' in " ".join(result.stderr.split())


@pytest.mark.usefixtures("no_gpu")
def test_json_is_one_object_and_the_exit_code_the_same() -> None:
    result = CliRunner().invoke(build(), ["doctor", "--json", "--device", "cuda:1"])
    assert result.exit_code == 3, result.output
    found = json.loads(result.stdout)
    assert found["v"] == 1
    assert [(check["device"], check["works"]) for check in found["devices"]] == [
        ("cpu", True),
        ("cuda:1", False),
    ]


def test_every_device_of_a_list_has_to_be_proven(monkeypatch: pytest.MonkeyPatch) -> None:
    def prove(device: Device) -> None:
        if device == Device("cuda", 1):
            raise DeviceError("cuda:1 is broken")

    monkeypatch.setattr(diagnosis, "driver_devices", lambda: 2)
    monkeypatch.setattr(diagnosis, "prove", prove)
    result = CliRunner().invoke(build(), ["doctor", "--device", "cuda:0,1"])
    assert result.exit_code == 3 and "cuda:1 is broken" in result.stderr
    monkeypatch.setattr(diagnosis, "prove", lambda device: None)
    assert CliRunner().invoke(build(), ["doctor", "--device", "cuda:0,1"]).exit_code == 0


def test_an_unknown_device_is_a_usage_error() -> None:
    assert CliRunner().invoke(build(), ["doctor", "--device", "gpu"]).exit_code == 2
