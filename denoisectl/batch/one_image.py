"""One image: the steps between its bytes and the bytes of its clean version."""

from __future__ import annotations

import numpy as np

from denoisectl.batch.process import Opener, Process
from denoisectl.batch.settings import Settings
from denoisectl.errors import ImageError
from denoisectl.images import (
    Photo,
    decode,
    encode,
    losses,
    with_depth,
    without_metadata,
    without_place,
)
from denoisectl.images.limits import pixel_limit


def loaded(data: bytes, settings: Settings, *, name: str) -> Photo:
    """Decode an image, without the metadata that the settings leave out.

    An 8-bit image that is to have 16 bits gets them here: the network's float output then fills them.

    Raises:
        ImageError: it cannot be decoded, or its format does not hold the depth that is asked for; `name` is
            what the message calls it.
    """
    photo = decode(data, name=name, max_pixels=pixel_limit(settings.max_pixels))
    if problem := settings.depth_problem(photo.origin.format):
        raise ImageError(f"{name}: {problem}")
    if settings.bit_depth == 16 and photo.pixels.dtype == np.uint8:
        photo = with_depth(photo, 16)
    if settings.metadata == "none":
        return without_metadata(photo)
    return without_place(photo) if settings.metadata == "no-gps" else photo


def denoised(process: Process, photo: Photo, settings: Settings, *, name: str) -> Photo:
    """Process the pixels, and round them to the depth that is asked for.

    Raises:
        ImageError: that cannot be done; `name` is what the message calls the image.
    """
    try:
        clean = process.image(
            photo.for_network, strength=settings.strength, luma=settings.luma, chroma=settings.chroma
        )
        photo = photo.with_denoised(clean)
        return with_depth(photo, settings.bit_depth) if settings.bit_depth else photo
    except ImageError as error:
        raise ImageError(f"{name}: {error}") from None
    except MemoryError:
        raise ImageError(f"{name}: the image does not fit in memory; close other programs") from None


def denoise_bytes(
    opener: Opener, data: bytes, settings: Settings, *, name: str
) -> tuple[bytes, tuple[str, ...]]:
    """From bytes to bytes, and what of the image those do not hold.

    The model is opened once the image has proved to be one.

    Raises:
        ImageError: it cannot be decoded, denoised or encoded; `name` is what the message calls it.
    """
    photo = loaded(data, settings, name=name)
    if settings.copies(photo):
        return data, ()
    clean = denoised(opener.open(), photo, settings, name=name)
    lost = losses(clean, format=settings.format)
    try:
        return encode(clean, format=settings.format, quality=settings.quality), lost
    except ImageError as error:
        raise ImageError(f"{name}: {error}") from None
