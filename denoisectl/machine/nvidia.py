"""What the machine and the NVIDIA driver say of GPUs; neither CUDA nor onnxruntime is needed to ask."""

from __future__ import annotations

import ctypes
import sys
from pathlib import Path

DRIVER = "nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1"

_MAJOR, _MINOR = 75, 76  # CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR and _MINOR


def driver_devices() -> int:
    """How many GPUs the driver shows; 0 without a driver."""
    return _asked("cuDeviceGetCount")


def driver_cuda() -> tuple[int, int]:
    """The newest CUDA that the driver can run, such as (12, 8); (0, 0) if it does not say."""
    number = _asked("cuDriverGetVersion")
    return number // 1000, number % 1000 // 10


def compute_capability(index: int) -> tuple[int, int]:
    """The generation of a GPU, such as (7, 5); (0, 0) if the driver does not say."""
    device = _asked("cuDeviceGet", index)
    return _asked("cuDeviceGetAttribute", _MAJOR, device), _asked("cuDeviceGetAttribute", _MINOR, device)


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


def _asked(function: str, *arguments: int) -> int:
    """The number that a function of the driver gives; 0 if it fails or there is no driver."""
    number = ctypes.c_int(0)
    try:
        driver = ctypes.CDLL(DRIVER)
        failed = driver.cuInit(0) or getattr(driver, function)(ctypes.byref(number), *arguments)
    except (OSError, AttributeError):
        return 0
    return 0 if failed else number.value
