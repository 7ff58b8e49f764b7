"""Bytes behind the end of an image, which no output holds: another image in the same pipe, a video, a note."""

from __future__ import annotations

AFTER_THE_IMAGE = "data after the image"


def after_the_image(data: bytes, end: int) -> tuple[str, ...]:
    """What a file of `data`, whose image ends at `end`, leaves behind; padding of zeros and line ends is nothing."""
    return (AFTER_THE_IMAGE,) if data[end:].strip(b"\0\r\n") else ()
