"""The photo as the rest of the program sees it: pixels, transparency, and what to carry to the output."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from denoisectl.images.formats import Format
from denoisectl.images.hidden import fill_hidden

Pixels = NDArray[Any]

DAMAGED_PROFILE = "colour profile, which is damaged"
"""What a file leaves behind whose profile cannot be put together."""


AFTER_THE_IMAGE = "data after the image"
"""Another image in the same pipe, a video, a note."""


def after_the_image(data: bytes, end: int) -> tuple[str, ...]:
    """What a file of `data`, whose image ends at `end`, leaves behind; padding of zeros and line ends is nothing."""
    return (AFTER_THE_IMAGE,) if data[end:].strip(b"\0\r\n") else ()


class Unit(Enum):
    """What a resolution counts pixels per."""

    NONE = "none"
    INCH = "inch"
    CENTIMETRE = "centimetre"
    METRE = "metre"

    @property
    def metres(self) -> float:
        """Length of the unit in metres; `NONE` (a bare aspect ratio) counts as one."""
        return {"inch": 0.0254, "centimetre": 0.01}.get(self.value, 1.0)


@dataclass(frozen=True, slots=True)
class Resolution:
    """Pixels per unit, across and down."""

    x: float
    y: float
    unit: Unit

    def to(self, unit: Unit) -> Resolution:
        """The same resolution in another unit; a bare aspect ratio stays one."""
        if Unit.NONE in (unit, self.unit) or unit is self.unit:
            return self
        scale = unit.metres / self.unit.metres
        return Resolution(self.x * scale, self.y * scale, unit)


class Alpha(Enum):
    """What the file's fourth (or second) sample means."""

    NONE = "none"
    STRAIGHT = "straight"
    """Transparency, colours stored as they are."""
    PREMULTIPLIED = "premultiplied"
    """Transparency, colours stored multiplied by it (TIFF only). Processed and written as stored."""
    UNSPECIFIED = "unspecified"
    """An extra channel that is not transparency (TIFF only): carried, and hides nothing."""


@dataclass(frozen=True, slots=True)
class Metadata:
    """What is carried beside the pixels, in a form that belongs to no container."""

    exif: bytes | None = None
    """A TIFF-structured block (from `II*` or `MM`): orientation 1, true sizes, no thumbnail."""
    icc: bytes | None = None
    """The colour profile, untouched: pixels stay in the profile's own encoding."""
    icc_name: bytes = b"ICC Profile"
    """What the profile is called, in the one format (PNG) that names it beside itself."""
    xmp: bytes | None = None
    """The XMP packet: orientation 1, no thumbnail."""
    xmp_extension: tuple[bytes, ...] = ()
    """JPEG only: the segments of an XMP packet too long for one, verbatim."""
    photoshop: bytes | None = None
    """Photoshop image resources (`8BIM`), in which IPTC lives; no thumbnail."""
    resolution: Resolution | None = None
    comments: tuple[bytes, ...] = ()
    """JPEG comments, or PNG texts under the keyword `Comment`."""
    png_chunks: tuple[tuple[bytes, bytes], ...] = ()
    """PNG only: colour (gAMA, cHRM, sRGB, cICP...), text and other chunks, as (type, data)."""
    jpeg_segments: tuple[tuple[int, bytes], ...] = ()
    """JPEG only: application segments that we do not read, as (marker, content)."""


@dataclass(frozen=True, slots=True)
class Origin:
    """How the source file stored the photo, so that the output can be stored alike."""

    format: Format
    bits: int
    """Bits a sample in the file: 1, 2, 4, 8, 16, 32 or 64."""
    layout: str
    """`grey`, `rgb` or `palette`. An `rgb` file whose channels are all equal has grey `pixels`."""
    alpha: Alpha = Alpha.NONE
    lossless: bool = True
    compressed: bool = True
    quality: int | None = None
    """JPEG: the quality 1..100 whose quantisation table is nearest to the file's."""
    sampling: str | None = None
    """JPEG: chroma sampling, `444`, `422`, `420`, `440` or `411`; None for grey."""
    progressive: bool = False
    left_behind: tuple[str, ...] = ()
    """What the file held that no output will hold, in words: `preview images (MPF)`, `layers`."""


@dataclass(frozen=True, slots=True, eq=False)
class Photo:
    """One decoded image, upright.

    Colours are the numbers of the file: a wide-gamut profile is carried, and the pixels are processed in
    its encoding, so nothing is shifted to sRGB or clipped by it.
    """

    pixels: Pixels
    """(H, W) grey or (H, W, 3) RGB; uint8, uint16, or float32 with 1.0 as white."""
    alpha: Pixels | None
    """(H, W), same dtype as `pixels`."""
    metadata: Metadata = field(default_factory=Metadata)
    origin: Origin = Origin(Format.PNG, 8, "rgb")

    def __post_init__(self) -> None:
        p, a = self.pixels, self.alpha
        if p.ndim not in (2, 3) or (p.ndim == 3 and p.shape[2] != 3) or p.size == 0:
            raise ValueError(f"pixels must be (H, W) or (H, W, 3) and not empty. Received: {p.shape}")
        if p.dtype not in (np.uint8, np.uint16, np.float32):
            raise ValueError(f"pixels must be uint8, uint16 or float32. Received: {p.dtype}")
        if a is not None and (a.shape != p.shape[:2] or a.dtype != p.dtype):
            raise ValueError(f"alpha must be {p.shape[:2]} {p.dtype}. Received: {a.shape} {a.dtype}")

    @property
    def height(self) -> int:
        """Rows, as seen."""
        return int(self.pixels.shape[0])

    @property
    def width(self) -> int:
        """Columns, as seen."""
        return int(self.pixels.shape[1])

    @property
    def hidden(self) -> NDArray[np.bool_] | None:
        """(H, W), True where the photo is wholly transparent; None if it is so nowhere."""
        if self.alpha is None or self.origin.alpha is Alpha.UNSPECIFIED:
            return None
        mask: NDArray[np.bool_] = self.alpha == 0
        return mask if mask.any() else None

    @property
    def for_network(self) -> Pixels:
        """What the denoiser must see: `pixels`, wholly transparent ones replaced by their visible neighbours.

        Without hidden pixels this is `pixels` itself, not a copy. Pass the result to `with_denoised`.
        """
        hidden = self.hidden
        return self.pixels if hidden is None else fill_hidden(self.pixels, hidden)

    def with_denoised(self, denoised: Pixels) -> Photo:
        """The photo with the denoised `for_network`; colours that nobody sees are the original's again.

        Raises:
            ValueError: `denoised` differs in shape or dtype from `pixels`.
        """
        if denoised.shape != self.pixels.shape or denoised.dtype != self.pixels.dtype:
            raise ValueError(
                f"denoised must be {self.pixels.shape} {self.pixels.dtype}. "
                f"Received: {denoised.shape} {denoised.dtype}"
            )
        hidden = self.hidden
        if hidden is not None:
            denoised = denoised.copy()
            denoised[hidden] = self.pixels[hidden]
        return replace(self, pixels=denoised)
