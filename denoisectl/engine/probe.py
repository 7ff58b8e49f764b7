"""A convolution small enough to write down, run to prove that a device computes.

Providers are listed, and sessions built, on machines that cannot run a single node; only a result is proof.
The model is made here, byte by byte, because the runtime has no `onnx` package to make it with. Its messages
and field numbers are those of onnx.proto.
"""

from __future__ import annotations

import numpy as np

from denoisectl.engine.cuda import INSTALL_CUDA, check_cuda
from denoisectl.engine.failures import NO_GPU_MEMORY, is_out_of_memory, reason
from denoisectl.engine.sessions import create_session
from denoisectl.engine.tensorrt import check_tensorrt, install_tensorrt
from denoisectl.errors import DeviceError
from denoisectl.machine.devices import Device

_CHANNELS, _SIDE = 8, 16
_FLOAT, _INTS = 1, 7  # TensorProto.DataType.FLOAT, AttributeProto.AttributeType.INTS


def prove(device: Device) -> None:
    """Run the convolution on exactly this device and check what comes out.

    Raises:
        DeviceError: the device cannot be used; the message says what is missing and how to install it.
    """
    if device.is_gpu:
        (check_tensorrt if device.kind == "tensorrt" else check_cuda)(device.index)
    image = np.ones((1, _CHANNELS, _SIDE, _SIDE), np.float32)
    try:
        session = create_session(probe_model(), device, threads=1, shape=None)
        result = session.run(["y"], {"x": image})[0]
    except Exception as error:
        raise DeviceError(
            f"{device} cannot run a convolution: {reason(error)}{_mend(device, error)}"
        ) from None
    if not np.allclose(result, _expected(), atol=1e-3):
        raise DeviceError(f"{device} computes a convolution wrongly; update its driver")


def _mend(device: Device, error: Exception) -> str:
    """What to try where everything is there and yet does not compute."""
    if device.is_gpu and is_out_of_memory(error):
        return f"; {NO_GPU_MEMORY}"
    if device.kind == "tensorrt":
        return f"; if cuda:{device.index} works, install TensorRT again: {install_tensorrt()}"
    return f"; install CUDA and cuDNN again: {INSTALL_CUDA}" if device.is_gpu else ""


def probe_model() -> bytes:
    """An ONNX model: y = x convolved with 3 x 3 ones, zeros around; both (1, 8, 16, 16) float32."""
    kernel = np.ones((_CHANNELS, _CHANNELS, 3, 3), np.float32)
    weights = b"".join(_number(1, size) for size in kernel.shape)
    weights += _number(2, _FLOAT) + _bytes(8, b"w") + _bytes(9, kernel.tobytes())
    pads = _bytes(1, b"pads") + b"".join(_number(8, 1) for _ in range(4)) + _number(20, _INTS)
    conv = _bytes(1, b"x") + _bytes(1, b"w") + _bytes(2, b"y") + _bytes(4, b"Conv") + _bytes(5, pads)
    graph = _bytes(1, conv) + _bytes(2, b"probe") + _bytes(5, weights)
    graph += _bytes(11, _tensor(b"x")) + _bytes(12, _tensor(b"y"))
    return _number(1, 8) + _bytes(7, graph) + _bytes(8, _bytes(1, b"") + _number(2, 18))


def _expected() -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    """What the convolution of ones must give: the number of neighbours within the image, per channel."""
    inside = np.full(_SIDE, 3, np.float32)
    inside[[0, -1]] = 2
    return np.broadcast_to(_CHANNELS * np.outer(inside, inside), (1, _CHANNELS, _SIDE, _SIDE))


def _tensor(name: bytes) -> bytes:
    """ValueInfoProto of a float tensor (1, channels, side, side)."""
    sizes = (1, _CHANNELS, _SIDE, _SIDE)
    shape = b"".join(_bytes(1, _number(1, size)) for size in sizes)
    return _bytes(1, name) + _bytes(2, _bytes(1, _number(1, _FLOAT) + _bytes(2, shape)))


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _bytes(field: int, value: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(value)) + value


def _varint(value: int) -> bytes:
    """Seven bits a byte, the lowest first; the eighth says that more follow."""
    low, high = value & 0x7F, value >> 7
    return bytes([low | 0x80]) + _varint(high) if high else bytes([low])
