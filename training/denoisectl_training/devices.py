"""Where and how exactly to train: device by name, precision by what the hardware multiplies fast."""

from __future__ import annotations

import logging
import re
from contextlib import AbstractContextManager, nullcontext
from functools import cache

import torch

from denoisectl.errors import DeviceError, UsageError
from denoisectl.machine.nvidia import gpu_in_sight

_log = logging.getLogger("denoisectl")
# Of processors, of CUDA before torch counts its memory, and of cuDNN and cuBLAS, which take some beside it.
_NO_MEMORY = (
    "DefaultCPUAllocator: can't allocate memory",
    "CUDA error: out of memory",
    "_ALLOC_FAILED",
    "_ALLOCATION_FAILED",
)
_DTYPES = {"bfloat16": torch.bfloat16, "float16": torch.float16}


def choose_device(name: str) -> torch.device:
    """`auto` (CUDA if torch can use it), `cpu`, `cuda` or `cuda:N`.

    Raises:
        UsageError: no device is called so.
        DeviceError: the device was asked for by name and torch cannot use it.
    """
    if name == "auto":
        if torch.cuda.is_available():
            return torch.device("cuda")
        _warn_of_idle_gpu()
        return torch.device("cpu")
    if not re.fullmatch(r"cpu|cuda(:\d+)?", name):
        raise UsageError(f"--device {name}: no such device; give auto, cpu, cuda or cuda:N")
    try:
        device = torch.device(name)
        torch.empty(1, device=device)
    except (RuntimeError, AssertionError) as error:
        reason = str(error).splitlines()[0]
        raise DeviceError(
            f"--device {name}: torch cannot use it ({reason}); use --device cpu or auto"
        ) from error
    return device


@cache  # once is enough, also where several networks are put somewhere
def _warn_of_idle_gpu() -> None:
    """Say so where there is a GPU that torch cannot use, and what would mend that."""
    if gpu_in_sight():
        mend = (
            "update the NVIDIA driver until nvidia-smi lists the GPU"
            if torch.version.cuda
            else "install a build for CUDA (https://pytorch.org/get-started/locally)"
        )
        _log.warning(
            "an NVIDIA GPU stands idle: torch %s cannot use it; %s, or say --device cpu",
            torch.__version__,
            mend,
        )


def choose_precision(name: str, device: torch.device) -> str:
    """Resolve `auto`: bfloat16 where the hardware multiplies it, which trains 2 to 3 times faster."""
    if name != "auto":
        return name
    if device.type == "cuda":
        return "bfloat16" if torch.cuda.is_bf16_supported(including_emulation=False) else "float16"
    return "bfloat16" if torch.cpu.get_capabilities().get("avx512_bf16", False) else "float32"


def autocast(device: torch.device, precision: str) -> AbstractContextManager[object]:
    """The context in which the network runs forward."""
    if precision == "float32":
        return nullcontext()
    return torch.autocast(device.type, _DTYPES[precision])


def is_out_of_memory(error: Exception) -> bool:
    """Whether memory ran out. Torch has an error of its own for its own memory on GPUs; the rest is told by words."""
    kinds = (MemoryError, torch.OutOfMemoryError)
    return isinstance(error, kinds) or any(words in str(error) for words in _NO_MEMORY)


def is_gpu_failure(error: Exception) -> bool:
    """Whether a GPU failed. Torch has an error of its own for CUDA; those of cuDNN and cuBLAS are told by words."""
    return isinstance(error, torch.AcceleratorError) or str(error).startswith(("CUDA error", "cuDNN error"))
