"""One image: from bytes to bytes, or from file to file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from denoisectl.batch.settings import Settings
from denoisectl.images import decode, encode

if TYPE_CHECKING:
    from denoisectl.denoiser import Denoiser

__all__ = ["denoise_bytes"]


def denoise_bytes(denoiser: Denoiser, data: bytes, settings: Settings, *, name: str) -> bytes:
    """Denoise one encoded image.

    Raises:
        ImageError: it cannot be decoded, denoised or encoded; `name` is what the message calls it.
    """
    photo = decode(data, name=name, max_pixels=settings.max_pixels)
    clean = denoiser.image(
        photo.for_network, strength=settings.strength, luma=settings.luma, chroma=settings.chroma
    )
    return encode(photo.with_denoised(clean), format=settings.format, quality=settings.quality)
