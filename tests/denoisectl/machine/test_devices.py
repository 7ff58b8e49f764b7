"""What `--device` may say, and whose processors are counted."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from denoisectl.errors import UsageError
from denoisectl.machine import devices
from denoisectl.machine.devices import Device, parse_devices, usable_cpus


@pytest.mark.parametrize(
    ("text", "device"),
    [
        ("auto", Device("auto")),
        ("cpu", Device("cpu")),
        ("cuda", Device("cuda", 0)),
        ("cuda:0", Device("cuda", 0)),
        ("cuda:12", Device("cuda", 12)),
        ("tensorrt", Device("tensorrt", 0)),
        ("tensorrt:1", Device("tensorrt", 1)),
    ],
)
def test_devices_are_read(text: str, device: Device) -> None:
    assert parse_devices(text) == parse_devices(str(device)) == (device,)


@pytest.mark.parametrize(
    "text", ["", "gpu", "CUDA", "cuda:", "cuda:-1", "cuda:a", "cuda:0,", "cuda:0,cuda:1", "cpu:0", "cuda:1\n"]
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="use auto, cpu, cuda, cuda:N, cuda:N,M or tensorrt:N"):
        parse_devices(text)


def test_several_gpus_are_named_once_each() -> None:
    assert parse_devices("cuda:0,2") == (Device("cuda", 0), Device("cuda", 2))
    assert parse_devices("tensorrt:1,0") == (Device("tensorrt", 1), Device("tensorrt", 0))
    with pytest.raises(UsageError, match="names a GPU twice"):
        parse_devices("cuda:1,0,1")


@pytest.mark.parametrize(
    ("quota", "cpus"), [("max 100000", 8), ("150000 100000", 2), ("50000 100000", 1), ("", 8)]
)
def test_a_container_counts_its_share(
    quota: str, cpus: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "cpu.max").write_text(quota)
    monkeypatch.setattr(devices, "Path", lambda name: tmp_path / Path(name).name)
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(8)), raising=False)
    assert usable_cpus() == cpus
