"""TensorRT: whether it can be used here, and where the engines that it builds are kept.

It compiles a network for one GPU and one shape of tile, which takes minutes. So it is used where it is asked
for by name, never by `auto`, and what it built serves later runs.
"""

from __future__ import annotations

import hashlib
import logging
import os
import sys
from importlib.util import find_spec
from pathlib import Path

import onnxruntime

from denoisectl.engine.cuda import INSTALL_GPU_RUNTIME, check_cuda, cuda_major, loads
from denoisectl.errors import DeviceError

_PROVIDER = "TensorrtExecutionProvider"
# The second needs the first, and the provider both. Of version 10: `tensorrt` alone is 11 by now.
_LIBRARIES = (
    ("nvinfer_10.dll", "nvonnxparser_10.dll")
    if sys.platform == "win32"
    else ("libnvinfer.so.10", "libnvonnxparser.so.10")
)
_log = logging.getLogger("denoisectl")


def check_tensorrt(index: int) -> None:
    """Load what TensorRT needs, CUDA first; says nothing about whether it computes.

    Raises:
        DeviceError: the message names what is missing and the command that installs it.
    """
    check_cuda(index, asked=f"tensorrt:{index}")
    if _PROVIDER not in onnxruntime.get_available_providers():
        missing = (
            f"this onnxruntime is built without TensorRT, install the other build: {INSTALL_GPU_RUNTIME}"
        )
    elif not _loaded():
        missing = f"missing TensorRT ({', '.join(_LIBRARIES)}), install it: {install_tensorrt()}"
    else:
        return
    raise DeviceError(f"tensorrt:{index} cannot be used: {missing}")


def tensorrt_options(index: int, model: bytes, *, half: bool) -> dict[str, str]:
    """What the provider is told; `half` lets it compute in float16."""
    folder = engine_folder(model)
    if not any(folder.glob("*.engine")):
        _log.warning("TensorRT builds an engine for this model and GPU, which takes minutes once: %s", folder)
    folder.mkdir(parents=True, exist_ok=True)
    return {
        "device_id": str(index),
        "trt_engine_cache_enable": "1",
        "trt_engine_cache_path": str(folder),
        "trt_timing_cache_enable": "1",
        "trt_timing_cache_path": str(folder),
        "trt_fp16_enable": str(int(half)),
    }


def engine_folder(model: bytes) -> Path:
    """Where engines for this model and this onnxruntime are kept; the provider adds GPU and version itself."""
    root = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    name = hashlib.sha256(model).hexdigest()[:16]
    return Path(root) / "denoisectl" / "tensorrt" / f"{name}-onnxruntime-{onnxruntime.__version__}"


def install_tensorrt() -> str:
    """The command that brings the TensorRT that this onnxruntime is built with."""
    return f'pip install "tensorrt-cu{cuda_major() or 13}<11"'


def _loaded() -> bool:
    """Load the libraries from site-packages, where no loader looks, or from the loader's path; all from one place."""
    spec = find_spec("tensorrt_libs")
    folders = [Path(place) for place in (spec.submodule_search_locations if spec else None) or ()]
    places = [*([str(folder / name) for name in _LIBRARIES] for folder in folders), _LIBRARIES]
    return any(all(map(loads, libraries)) for libraries in places)
