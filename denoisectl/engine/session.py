"""The engine: one model on one device, from a batch of tiles to a batch of tiles."""

from __future__ import annotations

import hashlib
import logging
from collections import OrderedDict
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
import numpy.typing as npt

from denoisectl.engine.cuda import check_cuda, check_driver, gpu_in_sight
from denoisectl.engine.devices import AUTO, CPU, Device, parse_device, usable_cpus
from denoisectl.engine.sessions import OutOfMemory, create_session, is_out_of_memory, release_memory
from denoisectl.errors import DeviceError, ModelError
from denoisectl.model_card import ModelCard
from denoisectl.onnx_file import read_model
from denoisectl.shipped import card_of

__all__ = ["Engine"]

Batch = npt.NDArray[np.float32]

_log = logging.getLogger("denoisectl")
_KEPT_SHAPES = 2  # a folder holds upright and level photos


class Engine:
    """Runs a model file. `run` may be called from several threads at once.

    Attributes:
        card: what the model says of itself.
        digest: SHA-256 of the model file, in hex.
        device: where it runs: "cpu" or "cuda:N".
        device_note: why `auto` did not take a GPU; empty if it did or was not asked.
    """

    def __init__(self, model: bytes, card: ModelCard, device: Device, threads: int, note: str = "") -> None:
        """Use `Engine.open`; this builds the session on a device that is known to be there.

        Raises:
            ModelError: onnxruntime cannot load the model.
            DeviceError: the device cannot run it.
        """
        self.card = card
        self.digest = hashlib.sha256(model).hexdigest()
        self.device = str(device)
        self.device_note = note
        self._model = model
        self._device = device
        self._threads = threads
        self._sessions: OrderedDict[tuple[int, int, int], Any] = OrderedDict()
        self._shape: tuple[int, ...] | None = None
        self._lock = Lock()
        self._prove()

    @classmethod
    def open(cls, path: Path, device: str = "auto", threads: int | None = None) -> Engine:
        """Load a model file.

        Args:
            path: an `.onnx` file with a card.
            device: "cpu", "cuda" or "cuda:N", used or refused; "auto" takes a GPU that works, else the CPU.
            threads: processor threads; None takes as many as this process may use.

        Raises:
            ModelError: the file is missing, damaged, without a card or incompatible.
            DeviceError: the device cannot be used; the message says what is missing and how to install it.
            UsageError: no such device name.
        """
        wanted = parse_device(device)
        model = read_model(path)
        card = card_of(model, path)
        count = usable_cpus() if threads is None else threads
        if wanted != AUTO:
            return cls._on(wanted, model, card, count)
        try:
            check_driver()
            return cls._on(Device("cuda"), model, card, count)
        except DeviceError as reason:
            # A machine without a GPU is as it should be; one whose GPU stands idle is not.
            _log.log(logging.WARNING if gpu_in_sight() else logging.INFO, "running on the CPU: %s", reason)
            return cls(model, card, CPU, count, note=str(reason))

    @classmethod
    def _on(cls, device: Device, model: bytes, card: ModelCard, threads: int) -> Engine:
        if device.kind == "cuda":
            check_cuda(device.index)
        return cls(model, card, device, threads)

    def run(self, batch: Batch) -> Batch:
        """Denoise a batch of tiles.

        Args:
            batch: (B, 3, h, w) float32, 1.0 as white; h and w divide by the card's `multiple_of`.

        Returns:
            The same shape and range, a new array.

        Raises:
            OutOfMemory: the batch does not fit.
        """
        try:
            session = self._session(batch.shape)
            self._make_room(session, batch)
            output: Batch = session.run(["denoised"], {"image": batch})[0]
        except Exception as error:
            if is_out_of_memory(error):
                self._forget()
                raise OutOfMemory from error
            raise
        return output

    def _session(self, shape: tuple[int, ...]) -> Any:
        """The session for a batch of this shape.

        On the CPU one session serves every shape: fixed ones gained no speed there, and each would keep
        memory of its own. On a GPU fixed shapes let the graph be folded until every node has a CUDA kernel.
        """
        key = (shape[0], shape[2], shape[3]) if self._device.kind == "cuda" else (0, 0, 0)
        with self._lock:
            if key not in self._sessions:
                while len(self._sessions) >= _KEPT_SHAPES:
                    self._sessions.popitem(last=False)
                fixed = key if any(key) else None
                self._sessions[key] = create_session(self._model, self._device, self._threads, fixed)
            self._sessions.move_to_end(key)
            return self._sessions[key]

    def _make_room(self, session: Any, batch: Batch) -> None:
        """Give back the CPU memory that tiles of another shape left behind: its pieces do not fit this one."""
        if self._device.kind != "cpu":
            return
        with self._lock:
            before, self._shape = self._shape, batch.shape
        if before not in (None, batch.shape):
            side = self.card.multiple_of
            release_memory(session, np.zeros((1, 3, side, side), np.float32))

    def _forget(self) -> None:
        """Drop all sessions and with them what their arenas hold."""
        with self._lock:
            self._sessions.clear()

    def _prove(self) -> None:
        """Build a session, and on a GPU run it: a provider that loads may still not compute."""
        side = self.card.multiple_of * -(-64 // self.card.multiple_of)
        try:
            session = self._session((1, 3, side, side))
        except Exception as error:
            raise self._failure(error) from None
        self._check_contract(session)
        if self._device.kind == "cuda":
            try:
                self.run(np.zeros((1, 3, side, side), np.float32))
            except Exception as error:
                raise self._failure(error) from None

    def _failure(self, error: Exception) -> DeviceError | ModelError:
        reason = " ".join(str(error).split())
        if self._device.kind == "cuda":
            return DeviceError(
                f"{self.device} cannot run {self.card.name}: {reason}; see `denoisectl doctor`"
            )
        return ModelError(f"onnxruntime cannot load {self.card.name}: {reason}; export the model again")

    def _check_contract(self, session: Any) -> None:
        """Hold the graph to what every card promises of its input and output."""
        for kind, nodes, name in (
            ("input", session.get_inputs(), "image"),
            ("output", session.get_outputs(), "denoised"),
        ):
            node = nodes[0]
            if len(nodes) != 1 or node.name != name or node.type != "tensor(float)" or len(node.shape) != 4:
                raise ModelError(
                    f"{self.card.name} must have one float32 {kind} called {name} (batch, 3, height, width), "
                    f"got {node.name} {node.type} {node.shape}; export the model again"
                )
