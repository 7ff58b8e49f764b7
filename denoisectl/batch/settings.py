"""What a run does to every image, in one frozen object."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import asdict, dataclass, replace
from numbers import Integral, Real
from pathlib import Path
from typing import Literal

from denoisectl.choices import BitDepth
from denoisectl.errors import ImageError, UsageError
from denoisectl.images import Format, Photo, check_depth, has_depth
from denoisectl.images.formats import FOREIGN_SUFFIXES, SUFFIXES

_AMOUNTS = ("strength", "luma", "chroma")
_ALMOST = 0.7  # share of letters in common: .jgp, .pgn and .tif_, not .v2 and .clean


@dataclass(frozen=True, slots=True)
class Settings:
    """How each image is denoised and encoded; two runs with equal settings make equal files."""

    strength: float = 1.0
    """How much of the change is applied: 0 none, 1 all of it."""
    luma: float = 1.0
    """The same for brightness alone."""
    chroma: float = 1.0
    """The same for colour alone."""
    format: Format | None = None
    """The output's format; None keeps the input's."""
    quality: int | None = None
    """JPEG or WebP quality; None stays near the source's."""
    bit_depth: BitDepth | None = None
    """Bits a sample of the output; None keeps the input's as far as the format holds it."""
    preserve_times: bool = False
    """Give outputs their inputs' access and modification times."""
    metadata: Literal["keep", "no-gps", "none"] = "keep"
    """What is carried beside the pixels; colour profile and resolution always are."""
    max_pixels: int | None = None
    """The largest image that is decoded; None for the usual limit, 0 for any."""

    def __post_init__(self) -> None:
        """Check the ranges, in the words of the command line."""
        for name in _AMOUNTS:
            amount = getattr(self, name)
            if not isinstance(amount, Real) or not 0.0 <= float(amount) <= 1.0:
                raise UsageError(f"--{name} {amount!r}: give a number from 0 (off) to 1 (full)")
        if self.quality is not None and not (isinstance(self.quality, Integral) and 1 <= self.quality <= 100):
            raise UsageError(f"--quality {self.quality!r}: give a number from 1 to 100")
        if self.max_pixels is not None and not (isinstance(self.max_pixels, Real) and self.max_pixels >= 0):
            raise UsageError(f"--max-pixels {self.max_pixels!r}: give a number of pixels, or 0 for any")
        if self.quality is not None and self.format in (Format.PNG, Format.TIFF, Format.BMP):
            raise UsageError(
                f"--quality {self.quality} is for JPEG and WebP, not {self.format.name}; leave one out"
            )
        if self.bit_depth not in (None, 8, 16):
            raise UsageError(f"--bit-depth {self.bit_depth}: give 8 or 16")
        if self.format and (problem := self.depth_problem(self.format)):
            raise UsageError(f"--bit-depth {self.bit_depth}: {problem}")

    def depth_problem(self, kind: Format) -> str:
        """Why an image of this kind cannot be written in the depth that is asked for; empty if it can."""
        try:
            check_depth(self.format or kind, self.bit_depth)
        except ImageError as error:
            return str(error)
        return ""

    @property
    def widening(self) -> int:
        """How many times the memory that its file suggests an image may take."""
        return 2 if self.bit_depth == 16 else 1

    def named_by(self, target: Path) -> Settings:
        """These settings with the format that an output file's ending asks for.

        Raises:
            UsageError: they name another one.
        """
        named = format_of(target)
        if self.format and named and self.format is not named:
            raise UsageError(f"--format {self.format.value} contradicts --out {target}; leave one out")
        return replace(self, format=self.format or named)

    @property
    def changes_nothing(self) -> bool:
        """Whether every output is its input file, byte for byte, whatever that is."""
        amount = self.strength * max(self.luma, self.chroma)
        asked = self.format or self.quality or self.bit_depth
        return amount == 0 and not asked and self.metadata == "keep"

    def copies(self, photo: Photo) -> bool:
        """Whether the output is the input file, byte for byte: nothing is asked for that would change it."""
        grey = photo.pixels.ndim == 2
        amount = self.strength * (self.luma if grey else max(self.luma, self.chroma))
        same_file = self.format in (None, photo.origin.format) and self.quality is None
        bits = self.bit_depth
        same_depth = bits is None or (photo.origin.bits == bits and has_depth(photo, bits))
        return amount == 0 and same_file and same_depth and self.metadata == "keep"

    def digest(self, model: str) -> str:
        """A short name for these settings with the model of that digest, for the journal."""
        facts = asdict(self) | {"format": self.format.name if self.format else None, "model": model}
        del facts["max_pixels"]  # says which files are made, not how
        facts |= {name: float(facts[name]) for name in _AMOUNTS}  # 1 makes the same files as 1.0
        return hashlib.sha256(json.dumps(facts, sort_keys=True, default=int).encode()).hexdigest()[:16]


def format_of(path: Path) -> Format | None:
    """The format with this file name ending; None if it belongs to none.

    Raises:
        UsageError: the ending is that of images of a kind that is not written.
    """
    if path.suffix.lower() in FOREIGN_SUFFIXES and not _is_folder(path):
        kinds = ", ".join(kind.default_suffix for kind in Format)
        raise UsageError(
            f"--out {path}: {path.suffix} files are not written; give a folder, or one of {kinds}"
        )
    return next((kind for kind in Format if path.suffix.lower() in kind.suffixes), None)


def refuse_misspelt(path: Path) -> None:
    """See that an output for one file does not become a folder called `a.jgp`.

    Raises:
        UsageError: the ending is almost that of a format, and there is no such folder.
    """
    ending = path.suffix.lower()
    if ending in SUFFIXES or _is_folder(path):
        return
    from difflib import get_close_matches

    if meant := get_close_matches(ending, sorted(SUFFIXES), n=1, cutoff=_ALMOST):
        raise UsageError(
            f"--out {path}: no format has this ending; write {path.with_suffix(meant[0])} for a file, or {path}/ for "
            "a folder"
        )


def _is_folder(path: Path) -> bool:
    return os.path.isdir(path)  # noqa: PTH112 - pathlib's raises where a name is too long
