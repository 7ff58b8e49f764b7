"""What a run does to the pixels of each image: denoising, or anything else with the same face."""

from __future__ import annotations

from typing import Protocol

from denoisectl.pixels import Image


class Process(Protocol):
    """Maps images to images of the same shape and dtype. `Denoiser` is one."""

    @property
    def device_note(self) -> str:
        """Why it runs on another device than it might; empty if there is nothing to say."""

    @property
    def lanes(self) -> int:
        """How many images it takes at once to keep its device busy."""

    def image(self, array: Image, *, strength: float, luma: float, chroma: float) -> Image:
        """Process (H, W) or (H, W, 3), uint8, uint16 or float32; `ImageError` if that cannot be done."""

    def facts(self, height: int, width: int) -> dict[str, str | int]:
        """How an image of this size is processed, for the report of a run."""


class Digested(Process, Protocol):
    """A process that can be told from others."""

    @property
    def digest(self) -> str:
        """Names it for the journal: equal digests make equal files."""


class Opener(Protocol):
    """Makes a process once there is work for it; a run with nothing to do opens none."""

    def digest(self) -> str:
        """Names the process for the journal: equal digests make equal files."""

    def open(self) -> Process:
        """Load what it takes."""
