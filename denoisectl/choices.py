"""The words in which the command line and the library are asked for one of several things."""

from __future__ import annotations

from typing import Literal

IfExistsName = Literal["skip", "overwrite", "error", "newer"]
"""What to do about an output that is there already; `denoisectl.batch.existing.IfExists` explains each."""

FormatName = Literal["jpeg", "png", "tiff", "webp", "bmp"]
"""Formats of results."""

OnCollision = Literal["error", "rename"]
"""What to do about inputs that want one output: refuse the run, or tell them apart."""

Precision = Literal["auto", "float32", "int8"]
"""Of the arithmetic; `Denoiser.open` explains each."""

Seams = Literal["auto", "exact"]
"""How far tiles overlap, likewise."""

BitDepth = Literal[8, 16]
"""Bits a sample of results."""
