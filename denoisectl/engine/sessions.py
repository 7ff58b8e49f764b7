"""onnxruntime sessions as this project wants them: no silent fallback, no noise, little memory."""

from __future__ import annotations

from threading import Lock
from typing import Any

import numpy as np
import numpy.typing as npt
import onnxruntime

from denoisectl.engine.tensorrt import tensorrt_options
from denoisectl.machine.devices import Device

_FATAL = 4  # onnxruntime's log severity; its errors reach us as exceptions, in words that we choose
_SAME_AS_REQUESTED = {"arena_extend_strategy": 1}
_registering = Lock()


def create_session(
    model: bytes, device: Device, threads: int, shape: tuple[int, int, int] | None, *, half: bool = False
) -> Any:
    """Build a session on exactly `device`, or raise whatever onnxruntime raises.

    Args:
        model: the bytes of the `.onnx` file.
        device: cpu, cuda:N or tensorrt:N, nothing else.
        threads: processor threads within one operator.
        shape: batch, height and width of every input to come, or None if they vary.
        half: whether TensorRT may compute in float16; elsewhere the model file says it.
    """
    options = onnxruntime.SessionOptions()
    options.log_severity_level = _FATAL
    # Said outright, or onnxruntime binds its threads to cores that a container may not own, and complains.
    options.intra_op_num_threads = threads
    # A planned block of memory serves one shape only; it took 1.6 times the memory and gained no speed.
    options.enable_mem_pattern = False
    for name, size in zip(("batch", "height", "width"), shape or (), strict=False):
        options.add_free_dimension_override_by_name(name, size)
    if device.kind == "cpu":
        return _on_cpu(model, options)
    # With CPU in the list, or without this entry, nodes without a CUDA kernel would run on the CPU unsaid.
    options.add_session_config_entry("session.disable_cpu_ep_fallback", "1")
    # CUDA cannot read the 32-bit integers of an 8-bit model's biases; folded, they are float32 before it sees them.
    options.add_session_config_entry("session.disable_quant_qdq", "1")
    onnxruntime.set_default_logger_severity(_FATAL)  # the provider's library is loaded under this logger
    providers: list[Any] = [("CUDAExecutionProvider", _cuda_options(device))]
    if device.kind == "tensorrt":
        # CUDA takes what TensorRT leaves; nobody takes what both do.
        own = tensorrt_options(device.index, model, half=half)
        providers.insert(0, ("TensorrtExecutionProvider", own))
    session = _session(model, options, providers)
    if (first := session.get_providers()[0]) != providers[0][0]:
        raise RuntimeError(f"onnxruntime put the model on {first}")
    return session


def release_memory(session: Any, batch: npt.NDArray[np.float32]) -> None:
    """Run a CPU session on a tiny `batch`, after which it gives back all memory that it only keeps."""
    options = onnxruntime.RunOptions()
    options.add_run_config_entry("memory.enable_memory_arena_shrinkage", "cpu:0")
    session.run(["denoised"], {"image": batch}, options)


def _on_cpu(model: bytes, options: onnxruntime.SessionOptions) -> Any:
    """A session with an arena of its own that takes what is asked for, where the default one doubles.

    It can be set for the whole process only. A later registration takes the place of an earlier one, which
    lives on with the session that was built under it.
    """
    options.add_session_config_entry("session.use_env_allocators", "1")
    memory = onnxruntime.OrtMemoryInfo(
        "Cpu", onnxruntime.OrtAllocatorType.ORT_ARENA_ALLOCATOR, 0, onnxruntime.OrtMemType.DEFAULT
    )
    with _registering:
        onnxruntime.create_and_register_allocator(memory, onnxruntime.OrtArenaCfg(_SAME_AS_REQUESTED))
        return _session(model, options, ["CPUExecutionProvider"])


def _session(model: bytes, options: onnxruntime.SessionOptions, providers: list[Any]) -> Any:
    return onnxruntime.InferenceSession(model, options, providers=providers, enable_fallback=0)


def _cuda_options(device: Device) -> dict[str, str]:
    return {
        "device_id": str(device.index),
        # A heuristic takes milliseconds a shape; a search took seconds and won nothing that lasts.
        "cudnn_conv_algo_search": "HEURISTIC",
        "cudnn_conv_use_max_workspace": "1",
        # Doubling what is held, the default, runs out of memory at half the tile size.
        "arena_extend_strategy": "kSameAsRequested",
        # TF32 keeps 10 bits of the mantissa: a result would depend on the GPU it ran on.
        "use_tf32": "0",
    }
