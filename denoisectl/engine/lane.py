"""A lane: one line of work on one GPU, with sessions and buffers of its own that are used again and again.

Two lanes on a GPU overlap: while one computes, the other moves its tile there or back. Lanes on several GPUs
use them all. A lane is for one thread at a time; the engine sees to that. The processor has one line of work
for all threads, which needs no buffers beside numpy's.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from threading import Lock
from typing import Any

import numpy as np
import numpy.typing as npt
import onnxruntime

from denoisectl.engine.sessions import release_memory
from denoisectl.machine.devices import CPU, Device

Batch = npt.NDArray[np.float32]
Shape = tuple[int, int, int, int]
Make = Callable[[Device, tuple[int, int, int] | None], Any]
"""Builds a session on a device for batch, height and width, or for any."""

_KEPT_SHAPES = 2  # a folder holds upright and level photos


class Lane:
    """Runs batches on one GPU. Fixed shapes let the graph be folded until every node has a CUDA kernel."""

    def __init__(self, device: Device, make: Make) -> None:
        """Set up; the first batch of each shape builds a session."""
        self.device = device
        self._make = make
        self._kept = _KEPT_SHAPES
        self._bound: OrderedDict[Shape, _Bound] = OrderedDict()

    def run(self, batch: Batch) -> Batch:
        """Map (B, 3, h, w) float32 to the same shape, a new array."""
        return self._ready(batch.shape).run(batch)

    def session(self, shape: tuple[int, ...]) -> Any:
        """The session that runs batches of this shape."""
        return self._ready(shape).session

    def _ready(self, shape: tuple[int, ...]) -> _Bound:
        """The session for this shape; the last shapes are kept."""
        batch, channels, height, width = shape
        key = (batch, channels, height, width)
        if key not in self._bound:
            while len(self._bound) >= self._kept:
                self._bound.popitem(last=False)
            self._bound[key] = _Bound(self._make(self.device, (batch, height, width)), self.device, key)
        self._bound.move_to_end(key)
        return self._bound[key]

    def forget(self) -> None:
        """Drop all sessions and with them their memory, and keep one from now on: a second would lack it elsewhere."""
        self._bound.clear()
        self._kept = 1


class CpuLane:
    """Runs batches on the processor, for several threads at once.

    One session serves every shape: fixed ones gained no speed, and each would keep memory of its own.
    """

    def __init__(self, make: Make, multiple_of: int) -> None:
        """Set up; a side of `multiple_of` pixels is the smallest that the network takes."""
        self.device = CPU
        self._make = make
        self._smallest = np.zeros((1, 3, multiple_of, multiple_of), np.float32)
        self._session: Any = None
        self._last: tuple[int, ...] | None = None
        self._lock = Lock()

    def run(self, batch: Batch) -> Batch:
        """Map (B, 3, h, w) float32 to the same shape, a new array."""
        session = self.session(batch.shape)
        with self._lock:
            before, self._last = self._last, batch.shape
        if before not in (None, batch.shape):
            release_memory(session, self._smallest)  # its pieces do not fit this shape
        output: Batch = session.run(["denoised"], {"image": batch})[0]
        return output

    def session(self, shape: tuple[int, ...]) -> Any:
        """The session that runs batches of this and of every other shape."""
        with self._lock:
            if self._session is None:
                self._session = self._make(self.device, None)
            return self._session

    def forget(self) -> None:
        """Drop the session and with it its memory."""
        with self._lock:
            self._session = None


class _Bound:
    """A session whose input and output lie on the device, at the same place for every batch."""

    def __init__(self, session: Any, device: Device, shape: Shape) -> None:
        self.session = session
        self._input, self._output = (_on_device(device, shape) for _ in range(2))
        self._binding = session.io_binding()
        self._binding.bind_ortvalue_input("image", self._input)
        self._binding.bind_ortvalue_output("denoised", self._output)

    def run(self, batch: Batch) -> Batch:
        self._input.update_inplace(np.ascontiguousarray(batch))
        self.session.run_with_iobinding(self._binding)
        self._binding.synchronize_outputs()
        output: Batch = self._output.numpy()  # of what lies on a GPU it is a copy
        return output


def _on_device(device: Device, shape: Shape) -> Any:
    return onnxruntime.OrtValue.ortvalue_from_shape_and_type(shape, np.float32, "cuda", device.index)
