"""GPUs rehearsed on the processor."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnxruntime

from denoisectl.machine.devices import Device


class _Buffer(onnxruntime.OrtValue):
    """Memory of the processor that is read as a GPU's is: by a copy."""

    def numpy(self) -> Any:
        return super().numpy().copy()


def on_the_host(device: Device, shape: Any) -> Any:
    """A buffer in the processor's memory, where a lane asks for one on its GPU."""
    value = onnxruntime.OrtValue.ortvalue_from_shape_and_type(shape, np.float32, "cpu", 0)
    return _Buffer(value._ortvalue)
