"""denoisectl: cleans folders of noisy photographs. The library front door is `Denoiser`."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from denoisectl.denoiser import Denoiser
    from denoisectl.model_card import ModelCard

__all__ = ["Denoiser", "ModelCard", "__version__"]

__version__ = "0.1.0"


def __getattr__(name: str) -> object:
    """Import the public names when first used: `denoisectl --help` must not wait for onnxruntime."""
    if name == "Denoiser":
        from denoisectl.denoiser import Denoiser

        return Denoiser
    if name == "ModelCard":
        from denoisectl.model_card import ModelCard

        return ModelCard
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
