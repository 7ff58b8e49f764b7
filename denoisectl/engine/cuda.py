"""Whether CUDA can be used here, and if not, what is missing and which command brings it."""

from __future__ import annotations

import ctypes
import re
import sys

import onnxruntime

from denoisectl.engine.silence import captured_stdout
from denoisectl.errors import DeviceError

__all__ = ["INSTALL_CUDA", "INSTALL_GPU_RUNTIME", "check_cuda", "driver_devices"]

INSTALL_CUDA = 'pip install "denoisectl[cuda]"'
INSTALL_GPU_RUNTIME = "pip uninstall -y onnxruntime onnxruntime-gpu && pip install onnxruntime-gpu"

_MISSING = re.compile(r"^Failed to load ([\w.+-]+)", re.MULTILINE)


def check_cuda(index: int) -> None:
    """Load what CUDA needs and see that device `index` is there; says nothing about whether it computes.

    Raises:
        DeviceError: something is missing; the message names it and the command that installs it.
    """
    if "CUDAExecutionProvider" not in onnxruntime.get_available_providers():
        raise DeviceError(
            f"this onnxruntime is built without CUDA; install the other build: {INSTALL_GPU_RUNTIME}"
        )
    count = driver_devices()
    if count == 0:
        raise DeviceError("no NVIDIA GPU or driver found (nvidia-smi should list one); use --device cpu")
    if index >= count:
        raise DeviceError(f"there is no cuda:{index}: the driver shows {count} GPU(s), counted from 0")
    if missing := _preload():
        raise DeviceError(f"CUDA libraries are missing: {', '.join(missing)}; install them: {INSTALL_CUDA}")


def driver_devices() -> int:
    """How many GPUs the NVIDIA driver shows; 0 without a driver."""
    try:
        driver = ctypes.CDLL("nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1")
        count = ctypes.c_int(0)
        failed = driver.cuInit(0) or driver.cuDeviceGetCount(ctypes.byref(count))
    except (OSError, AttributeError):
        return 0
    return 0 if failed else count.value


def _preload() -> list[str]:
    """Load the CUDA libraries from site-packages, where no loader looks; returns those not found."""
    # torch, if the caller has it, brings its own; the second copy could be another minor version.
    if "torch" in sys.modules:
        return []
    with captured_stdout() as printed:
        onnxruntime.preload_dlls(directory="")
    return _MISSING.findall(printed.getvalue())
