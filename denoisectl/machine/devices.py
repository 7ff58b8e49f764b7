"""What `--device` may say."""

from __future__ import annotations

import re
from dataclasses import dataclass

from denoisectl.errors import UsageError


@dataclass(frozen=True, slots=True)
class Device:
    """One place to run on."""

    kind: str
    """"auto", "cpu", "cuda" or "tensorrt"."""
    index: int = 0

    @property
    def is_gpu(self) -> bool:
        """Whether it is one GPU, used through CUDA or through TensorRT."""
        return self.kind in ("cuda", "tensorrt")

    def __str__(self) -> str:
        """As `--device` spells it."""
        return f"{self.kind}:{self.index}" if self.is_gpu else self.kind


AUTO = Device("auto")
CPU = Device("cpu")


def parse_devices(text: str) -> tuple[Device, ...]:
    """Read one device, or several GPUs as `cuda:0,1`.

    Raises:
        UsageError: the text is none of these, or names a GPU twice.
    """
    if text in ("auto", "cpu"):
        return (Device(text),)
    if match := re.fullmatch(r"(cuda|tensorrt)(?::(\d{1,3}(?:,\d{1,3})*))?", text):
        indices = [int(index) for index in (match[2] or "0").split(",")]
        if len(set(indices)) < len(indices):
            raise UsageError(f'"{text}" names a GPU twice')
        return tuple(Device(match[1], index) for index in indices)
    raise UsageError(f'unknown device "{text}": use auto, cpu, cuda, cuda:N, cuda:N,M or tensorrt:N')
