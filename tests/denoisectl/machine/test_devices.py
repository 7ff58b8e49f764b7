"""What `--device` may say."""

from __future__ import annotations

import pytest

from denoisectl.errors import UsageError
from denoisectl.machine.devices import Device, parse_devices


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
