"""The engine: one model on one device or several, from a batch of tiles to a batch of tiles."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from queue import LifoQueue
from threading import Lock
from typing import Any

import numpy as np

from denoisectl.engine.cuda import check_cuda, check_driver
from denoisectl.engine.failures import NO_GPU_MEMORY, OutOfMemory, is_out_of_memory, reason
from denoisectl.engine.lane import Batch, CpuLane, Lane
from denoisectl.engine.sessions import create_session
from denoisectl.engine.tensorrt import check_tensorrt
from denoisectl.errors import DeviceError, ModelError
from denoisectl.machine.devices import AUTO, CPU, Device, parse_devices
from denoisectl.machine.nvidia import gpu_in_sight
from denoisectl.machine.processors import usable_cpus
from denoisectl.model_file.card import ModelCard
from denoisectl.model_file.card_in_file import card_of
from denoisectl.model_file.onnx_file import read_model
from denoisectl.tiles.tiling import round_up

_log = logging.getLogger("denoisectl")
_LANES = 2  # a GPU: one computes while the other moves its tile
# What onnxruntime says of sizes that do not fit a graph, on any device.
_MISFIT = ("dimension", "reshape", "shapeinferenceerror", "invalid_argument")


class Engine:
    """Runs a model file. `run` may be called from several threads at once.

    Attributes:
        card: what the model says of itself.
        device: where it runs: "cpu", "cuda:N", "cuda:N,M" or "tensorrt:N".
        device_note: why `auto` did not take a GPU; empty if it did or was not asked.
        lanes: how many batches it takes at once to keep the device busy.
        sharing: how many of them share the memory of one device.
    """

    def __init__(
        self, model: bytes, card: ModelCard, devices: Sequence[Device], threads: int, note: str = ""
    ) -> None:
        """Use `Engine.open`; this builds the session on devices that are known to be there.

        Raises:
            ModelError: onnxruntime cannot load the model.
            DeviceError: the device cannot run it.
        """
        self.card = card
        self.device = _name(devices)
        self.device_note = note
        self._model = model
        self._threads = threads
        self._cpu = CpuLane(self._make, card.multiple_of) if devices[0] == CPU else None
        gpus = () if self._cpu else [Lane(device, self._make) for _ in range(_LANES) for device in devices]
        self.lanes = max(1, len(gpus))
        self.sharing = self.lanes // len(devices)
        self._free: LifoQueue[Lane] = LifoQueue()  # the lane that was used last has its shape ready
        self._forgetting = Lock()
        for lane in gpus:
            self._free.put(lane)
        if self._cpu and card.precision == "float16":
            _log.warning(
                "%s is in half precision, for GPUs; on processors its float32 file is faster", card.name
            )
        for proven in (self._cpu,) if self._cpu else gpus[-len(devices) :]:
            self._prove(proven)

    @classmethod
    def open(
        cls,
        path: Path,
        device: str = "auto",
        threads: int | None = None,
        *,
        on_processor: Path | None = None,
    ) -> Engine:
        """Load a model file.

        Args:
            path: an `.onnx` file with a card.
            device: "cpu", "cuda", "cuda:N", several GPUs as "cuda:0,1", or "tensorrt:N", used or refused;
                "auto" takes a GPU that works, else the CPU.
            threads: processor threads; None takes as many as this process may use.
            on_processor: the file to take instead where the processor computes.

        Raises:
            ModelError: the file is missing, damaged, without a card or incompatible.
            DeviceError: the device cannot be used; the message says what is missing and how to install it.
            UsageError: no such device name.
        """
        wanted = parse_devices(device)
        count = usable_cpus() if threads is None else threads
        if wanted == (CPU,):
            return cls._load(on_processor or path, wanted, count)
        if wanted != (AUTO,):
            return cls._on_gpus(path, wanted, count)
        try:
            check_driver()
            return cls._on_gpus(path, [Device("cuda")], count)
        except DeviceError as error:
            # A machine without a GPU is as it should be; one whose GPU stands idle is not.
            _log.log(logging.WARNING if gpu_in_sight() else logging.INFO, "running on the CPU: %s", error)
            return cls._load(on_processor or path, [CPU], count, note=str(error))

    @classmethod
    def _on_gpus(cls, path: Path, devices: Sequence[Device], threads: int) -> Engine:
        for device in devices:
            if device.kind == "tensorrt":
                check_tensorrt(device.index)
            else:
                check_cuda(device.index)
        return cls._load(path, devices, threads)

    @classmethod
    def _load(cls, path: Path, devices: Sequence[Device], threads: int, note: str = "") -> Engine:
        model = read_model(path)
        return cls(model, card_of(model, path), devices, threads, note)

    def run(self, batch: Batch) -> Batch:
        """Denoise a batch of tiles.

        Args:
            batch: (B, 3, h, w) float32, 1.0 as white; h and w divide by the card's `multiple_of`.

        Returns:
            The same shape and range, a new array.

        Raises:
            OutOfMemory: the batch does not fit.
            ModelError: the model does not take such a batch, or gives another shape for it.
            DeviceError: a GPU failed.
        """
        try:
            with self._lane() as lane:
                return self._run(lane, batch)
        except OutOfMemory:
            self._forget()
            raise

    def _forget(self) -> None:
        """Drop what every lane holds: the smaller tile that comes next would have to fit beside it."""
        # One at a time, or two would wait for each other's lanes.
        with self._forgetting, ExitStack() as taken:
            for lane in [taken.enter_context(self._lane()) for _ in range(self.lanes)]:
                lane.forget()

    def _run(self, lane: Lane | CpuLane, batch: Batch) -> Batch:
        try:
            output = lane.run(batch)
        except Exception as error:
            if is_out_of_memory(error):
                raise OutOfMemory(str(error)) from error
            raise self._failure(lane.device, error, "run") from error
        # Cut to size, it would pass for a photo: the tile's corner, enlarged.
        if output.shape != batch.shape:
            raise ModelError(
                f"{self.card.name} gives {output.shape} for {batch.shape}, and an output must be as large as its "
                "input; export the model again"
            )
        return output

    @contextmanager
    def _lane(self) -> Iterator[Lane | CpuLane]:
        """A lane for this thread alone; on the processor the one that all share."""
        if self._cpu:
            yield self._cpu
            return
        lane = self._free.get()
        try:
            yield lane
        finally:
            self._free.put(lane)

    def _make(self, device: Device, shape: tuple[int, int, int] | None) -> Any:
        half = self.card.precision == "float16"
        return create_session(self._model, device, self._threads, shape, half=half)

    def _prove(self, lane: Lane | CpuLane) -> None:
        """Build a session, and on a GPU run it: a provider that loads may still not compute."""
        side = round_up(64, self.card.multiple_of)
        try:
            session = lane.session((1, 3, side, side))
        except Exception as error:
            raise self._failure(lane.device, error) from None
        self._check_contract(session)
        if lane.device.is_gpu:
            try:
                self._run(lane, np.zeros((1, 3, side, side), np.float32))
            except OutOfMemory as error:
                raise self._failure(lane.device, error) from None

    def _failure(self, device: Device, error: Exception, what: str = "load") -> DeviceError | ModelError:
        """Who is to blame: a GPU for all but a run with sizes that do not fit together, else the model."""
        misfit = what == "run" and any(words in str(error).lower() for words in _MISFIT)
        if device.is_gpu and not misfit:
            mend = NO_GPU_MEMORY if is_out_of_memory(error) else "see `denoisectl doctor`"
            return DeviceError(f"{device} cannot run {self.card.name}: {reason(error)}; {mend}")
        return ModelError(
            f"onnxruntime cannot {what} {self.card.name}: {reason(error)}; export the model again"
        )

    def _check_contract(self, session: Any) -> None:
        """Hold the graph to what every card promises of its input and output."""
        for kind, nodes, name in (
            ("input", session.get_inputs(), "image"),
            ("output", session.get_outputs(), "denoised"),
        ):
            if [(node.name, node.type, len(node.shape)) for node in nodes] != [(name, "tensor(float)", 4)]:
                found = ", ".join(f"{node.name} {node.type} {node.shape}" for node in nodes) or "none"
                raise ModelError(
                    f"{self.card.name} must have one float32 {kind} called {name} (batch, 3, height, width), "
                    f"got {found}; export the model again"
                )


def _name(devices: Sequence[Device]) -> str:
    """As `--device` spells them."""
    first, *others = devices
    return ",".join([str(first), *(str(device.index) for device in others)])
