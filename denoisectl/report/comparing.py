"""A user's own photos as they are and at several strengths, side by side, to choose a strength by."""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np

from denoisectl.denoiser import Denoiser
from denoisectl.errors import ImageError, UsageError
from denoisectl.images import decode, with_depth
from denoisectl.report.before_after import Comparison, Pixels, before_after
from denoisectl.whole_file import check_place, write_whole

STRENGTHS = (0.5, 0.75, 1.0)
_SIDE = 200


def write_comparison(opened: Callable[[], Denoiser], photos: Sequence[Path], picture: Path) -> None:
    """Write one row a photo: the detail that changes most, before and at each of `STRENGTHS`, in 8 bits.

    Args:
        opened: gives the denoiser, once nothing else stands in the way.
        photos: files of any kind that is read.
        picture: the .png file to write.

    Raises:
        ImageError: a photo cannot be read or denoised.
        UsageError: the picture exists already or cannot be written, or a photo is a folder.
    """
    if os.path.lexists(picture):
        raise UsageError(f"{picture}: exists already; give --out another folder")
    if folder := next((photo for photo in photos if photo.is_dir()), None):
        few = f"{shlex.quote(str(folder))}/*.jpg"
        raise UsageError(f"{folder}: is a folder; name a few photos, such as {few}")
    check_place(picture.parent, f"--out {picture.parent}:")
    denoiser = opened()
    rows = [_comparison(denoiser, photo) for photo in photos]
    _, data = cv2.imencode(".png", before_after(rows, scale=2)[..., ::-1])
    try:
        write_whole(picture, data.tobytes())
    except OSError as error:
        raise UsageError(
            f"{picture}: cannot be written: {error.strerror}; give --out another folder"
        ) from error


def _comparison(denoiser: Denoiser, photo: Path) -> Comparison:
    before = _read(photo)
    after = denoiser.image(before)
    top, left = _most_changed(before, after)
    whole = (
        (photo.name, before),
        *((f"strength {share:g}", _blended(before, after, share)) for share in STRENGTHS),
    )
    return Comparison(whole).detail(top, left, _SIDE)


def _read(photo: Path) -> Pixels:
    """(H, W, 3) RGB."""
    try:
        data = photo.read_bytes()
    except OSError as error:
        raise ImageError(f"{photo}: cannot be read: {error.strerror}") from error
    pixels = with_depth(decode(data, name=str(photo)), 8).for_network
    colours = pixels if pixels.ndim == 3 else np.repeat(pixels[..., None], 3, axis=2)
    return np.ascontiguousarray(colours, np.uint8)


def _most_changed(before: Pixels, after: Pixels) -> tuple[int, int]:
    """Top and left of the square with the largest mean change."""
    change = cv2.absdiff(before, after).mean(axis=2, dtype=np.float32)
    sums = cv2.boxFilter(change, -1, (_SIDE, _SIDE), anchor=(0, 0), borderType=cv2.BORDER_CONSTANT)
    inside = sums[: max(1, len(change) - _SIDE + 1), : max(1, change.shape[1] - _SIDE + 1)]
    top, left = np.unravel_index(int(inside.argmax()), inside.shape)
    return int(top), int(left)


def _blended(before: Pixels, after: Pixels, share: float) -> Pixels:
    """What `--strength` makes of it."""
    return np.asarray(cv2.addWeighted(before, 1.0 - share, after, share, 0.0), np.uint8)
