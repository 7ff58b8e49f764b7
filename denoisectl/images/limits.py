"""Refusals that every format shares, decided from the header, before any pixel is decoded."""

from __future__ import annotations

from denoisectl.errors import ImageError

MAX_PIXELS = 500_000_000
"""The largest image that is decoded unless more is asked for."""


def pixel_limit(asked: int | None) -> int | None:
    """What `check_size` takes for a limit as people give it: None is the usual one, and 0 none."""
    return (MAX_PIXELS if asked is None else asked) or None


def check_size(width: int, height: int, max_pixels: int | None) -> None:
    """Refuse empty images and those with more than `max_pixels` pixels (None: no limit).

    Raises:
        ImageError: says the size found, and how to allow it.
    """
    if width < 1 or height < 1:
        raise ImageError(f"the header says {width} x {height} pixels; the file is damaged or empty")
    if max_pixels is not None and width * height > max_pixels:
        raise ImageError(
            f"the header says {width} x {height} = {width * height:,} pixels, more than the limit of "
            f"{max_pixels:,}; if the file is what it should be, raise the limit (--max-pixels)"
        )
