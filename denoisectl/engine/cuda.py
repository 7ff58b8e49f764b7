"""Whether CUDA can be used here, and if not, what is missing and which command brings it."""

from __future__ import annotations

import ctypes
import re
import sys
from collections.abc import Iterator

import onnxruntime

from denoisectl.engine.silence import captured_stdout
from denoisectl.errors import DeviceError
from denoisectl.machine.nvidia import DRIVER, compute_capability, driver_cuda, driver_devices

INSTALL_CUDA = 'pip install "denoisectl[cuda]"'
INSTALL_GPU_RUNTIME = "pip uninstall -y onnxruntime onnxruntime-gpu && pip install onnxruntime-gpu"

_CUDNN = "cudnn64_9.dll" if sys.platform == "win32" else "libcudnn.so.9"
_DRIVERS = {12: 525, 13: 580}
"""The first driver for each CUDA."""
_OLDEST = {13: (7, 5)}
"""The first generation of GPUs that a CUDA can be compiled for, where others are still in use."""
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


def _missing(index: int) -> Iterator[str]:
    if not (count := driver_devices()):
        yield _no_gpu()
    elif index >= count:
        yield f"the NVIDIA driver shows {count} GPU(s), counted from cuda:0"
    else:
        yield from _too_old(index)
    if "CUDAExecutionProvider" not in onnxruntime.get_available_providers():
        yield f"this onnxruntime is built without CUDA, install the other build: {INSTALL_GPU_RUNTIME}"
    elif libraries := _preload():
        yield f"missing CUDA libraries {', '.join(libraries)}, install them: {INSTALL_CUDA}"


def _too_old(index: int) -> Iterator[str]:
    """What the driver, and then the GPU, are too old for; nothing is said of what they or onnxruntime do not tell."""
    needed, found = cuda_major(), driver_cuda()
    if found[0] and found[0] < needed:
        newer = f" ({_DRIVERS[needed]} or newer)" if needed in _DRIVERS else ""
        yield (
            f"the NVIDIA driver is for CUDA {found[0]}.{found[1]} and this onnxruntime needs CUDA {needed}: "
            f"update the driver{newer}"
        )
    oldest, generation = _OLDEST.get(needed, (0, 0)), compute_capability(index)
    if (0, 0) < generation < oldest:
        yield (
            f"this GPU has compute capability {generation[0]}.{generation[1]} and this onnxruntime needs "
            f"{oldest[0]}.{oldest[1]}: use a newer GPU, or --device cpu"
        )


def cuda_major() -> int:
    """The CUDA that onnxruntime is built with, such as 13; 0 if it does not say."""
    return int(onnxruntime.cuda_version.split(".")[0] or 0)


def _no_gpu() -> str:
    return f"no NVIDIA GPU, or no driver for it ({DRIVER}): install the driver until nvidia-smi lists the GPU"


def _preload() -> list[str]:
    """Load the CUDA libraries from site-packages, where no loader looks; returns those not found.

    cuDNN is optional to onnxruntime, which opens it with the first convolution, and here there always is one.
    """
    if _loaded_by_torch():
        return []
    with captured_stdout() as printed:
        onnxruntime.preload_dlls(directory="")
    missing: list[str] = _MISSING.findall(printed.getvalue())
    return missing if loads(_CUDNN) else [*missing, _CUDNN]


def loads(library: str) -> bool:
    """Whether a library is there, by its path or by the loader's; it stays loaded, where others find it by its name."""
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def _loaded_by_torch() -> bool:
    """Whether torch has brought the same libraries; a second copy could be of another minor version."""
    cuda = getattr(getattr(sys.modules.get("torch"), "version", None), "cuda", None)
    return cuda is not None and int(cuda.split(".")[0]) == cuda_major()
