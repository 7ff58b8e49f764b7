"""What a `Denoiser` is opened with, in one frozen object: checked once, pickled, digested, and changed for a twin."""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Integral, Real
from pathlib import Path
from typing import TYPE_CHECKING, get_args

from denoisectl.choices import Precision, Seams
from denoisectl.errors import UsageError
from denoisectl.machine.devices import parse_devices
from denoisectl.model_file.card import VIEWS

if TYPE_CHECKING:
    from denoisectl.model_file.precision import ModelFiles


DEFAULT_MEMORY = 560 * 2**20
"""Bytes: a photo of 12 megapixels goes through the shipped U-nets in six tiles or fewer."""


@dataclass(frozen=True, slots=True)
class Opening:
    """The arguments of `Denoiser.open`, which says what they mean."""

    model: str | Path | None = None
    device: str = "auto"
    tile: int | None = None
    overlap: int | None = None
    seams: Seams = "auto"
    batch: int = 1
    memory: int = DEFAULT_MEMORY
    threads: int | None = None
    precision: Precision = "auto"
    self_ensemble: int | None = None

    def __post_init__(self) -> None:
        """Refuse what works with no model, also where there turns out to be no work for one."""
        for name, least in (("tile", 0), ("overlap", 0), ("batch", 1), ("threads", 1)):
            value = getattr(self, name)
            if value is not None and (not isinstance(value, Integral) or value < least):
                raise UsageError(f"{name} must be a whole number of at least {least}, got {value!r}")
        if not isinstance(self.memory, Real) or self.memory < 1:
            raise UsageError(f"memory must be a number of bytes, such as 2**32, got {self.memory!r}")
        views = self.self_ensemble
        if views is not None and (type(views) is not int or views not in VIEWS):
            raise UsageError(f"self_ensemble must be one of {', '.join(map(str, VIEWS))}, got {views}")
        if self.seams not in get_args(Seams):
            raise UsageError(f"no such seams: {self.seams}; there are {', '.join(get_args(Seams))}")
        if not isinstance(self.device, str):
            raise UsageError(f"device must be a string, such as 'cpu' or 'cuda:0', got {self.device!r}")
        parse_devices(self.device)

    def files(self) -> ModelFiles:
        """The files of the model that is meant. Raises what `ModelFiles.find` does."""
        from denoisectl.model_file.precision import ModelFiles  # OpenCV comes with it

        return ModelFiles.find(self.model, self.precision)

    def digest(self) -> str:
        """Names the model and what makes a difference to its results, for the journal; nothing is loaded.

        Raises:
            ModelError: there is no such file.
            UsageError: the model is not there in the precision that is asked for.
        """
        return self.files().digest(self.seams, self.overlap, self.self_ensemble)
