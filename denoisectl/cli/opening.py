"""Which model on which device: what the options say, opened once it is needed."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from denoisectl.cli import console
from denoisectl.onnx_file import read_model
from denoisectl.shipped import find_model

if TYPE_CHECKING:
    from denoisectl.denoiser import Denoiser
    from denoisectl.tiled import Seams

__all__ = ["Opening"]


@dataclass(frozen=True, slots=True)
class Opening:
    """How the network is to be run."""

    model: str | None = None
    device: str = "auto"
    tile: int | None = None
    seams: Seams = "auto"
    memory: int = 512 * 2**20
    threads: int | None = None

    def digest(self) -> str:
        """SHA-256 of the model file, as `Denoiser.digest` gives it, without loading the model.

        Raises:
            ModelError: there is no such file.
        """
        return hashlib.sha256(read_model(find_model(self.model))).hexdigest()

    def open(self) -> Denoiser:
        """Load the model; this imports onnxruntime."""
        from denoisectl.denoiser import Denoiser

        denoiser = Denoiser.open(
            self.model,
            self.device,
            tile=self.tile,
            seams=self.seams,
            memory=self.memory,
            threads=self.threads,
        )
        console.say(f"{denoiser.card.name} on {denoiser.device}")
        return denoiser
