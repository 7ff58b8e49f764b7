"""Whether CUDA can be used here, and if not, what is missing and which command brings it."""

from __future__ import annotations

import ctypes
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import onnxruntime

from denoisectl.engine.silence import captured_stdout
from denoisectl.errors import DeviceError

INSTALL_CUDA = 'pip install "denoisectl[cuda]"'
INSTALL_GPU_RUNTIME = "pip uninstall -y onnxruntime onnxruntime-gpu && pip install onnxruntime-gpu"

_DRIVER = "nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1"
_MISSING = re.compile(r"^Failed to load ([\w.+-]+)", re.MULTILINE)


def check_cuda(index: int, *, asked: str = "") -> None:
    """Load what CUDA needs and see that device `index` is there; says nothing about whether it computes.

    Args:
        index: of the GPU.
        asked: what the device is called in messages, if not `cuda:N`.

    Raises:
        DeviceError: the message names all that is missing, each with the command that installs it.
    """
    missing = list(_missing(index))
    if missing:
        raise DeviceError(f"{asked or f'cuda:{index}'} cannot be used: " + "; ".join(missing))


def check_driver() -> None:
    """The quick part of the check, for those who would rather use a GPU but need not.

    Raises:
        DeviceError: there is no GPU, or no driver for it.
    """
    if not driver_devices():
        raise DeviceError(_no_gpu())


def driver_devices() -> int:
    """How many GPUs the NVIDIA driver shows; 0 without a driver."""
    try:
        driver = ctypes.CDLL(_DRIVER)
        count = ctypes.c_int(0)
        failed = driver.cuInit(0) or driver.cuDeviceGetCount(ctypes.byref(count))
    except (OSError, AttributeError):
        return 0
    return 0 if failed else count.value


def gpu_in_sight() -> bool:
    """Whether the machine seems to have an NVIDIA GPU, or a driver for one, in whatever state."""
    if driver_devices() or Path("/proc/driver/nvidia").exists():
        return True
    return any(_is_nvidia_display(device) for device in Path("/sys/bus/pci/devices").glob("*"))


def _is_nvidia_display(device: Path) -> bool:
    try:
        vendor, kind = ((device / name).read_text().strip() for name in ("vendor", "class"))
    except OSError:
        return False
    return vendor == "0x10de" and kind.startswith("0x03")


def _missing(index: int) -> Iterator[str]:
    if not (count := driver_devices()):
        yield _no_gpu()
    elif index >= count:
        yield f"the NVIDIA driver shows {count} GPU(s), counted from cuda:0"
    if "CUDAExecutionProvider" not in onnxruntime.get_available_providers():
        yield f"this onnxruntime is built without CUDA, install the other build: {INSTALL_GPU_RUNTIME}"
    elif libraries := _preload():
        yield f"missing CUDA libraries {', '.join(libraries)}, install them: {INSTALL_CUDA}"


def _no_gpu() -> str:
    return (
        f"no NVIDIA GPU, or no driver for it ({_DRIVER}): install the driver until nvidia-smi lists the GPU"
    )


def _preload() -> list[str]:
    """Load the CUDA libraries from site-packages, where no loader looks; returns those not found."""
    if _loaded_by_torch():
        return []
    with captured_stdout() as printed:
        onnxruntime.preload_dlls(directory="")
    return _MISSING.findall(printed.getvalue())


def _loaded_by_torch() -> bool:
    """Whether torch has brought the same libraries; a second copy could be of another minor version."""
    cuda = getattr(getattr(sys.modules.get("torch"), "version", None), "cuda", None)
    return cuda is not None and cuda.split(".")[0] == onnxruntime.cuda_version.split(".")[0]
