"""denoisectl: cleans folders of noisy photographs. The library front door is `Denoiser`.

What a user can mend is raised as a `DenoiseError` of `denoisectl.errors`; warnings go to the logger `denoisectl`.
Messages name settings as the command line spells them: `--bit-depth 16` is the argument `bit_depth=16`.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from denoisectl.batch.result import FileResult, Status
    from denoisectl.denoiser import Denoiser
    from denoisectl.model_file.card import ModelCard

__all__ = ["Denoiser", "FileResult", "ModelCard", "Status", "__version__"]

__version__ = "0.1.0"

# Read when onnxruntime is imported: since 1.29 it tells its maker of each model that is loaded, and keeps a device's
# number and what it could not send in the user's cache. A value of the user's own stands.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")


def __getattr__(name: str) -> object:
    """Import the public names when first used: `denoisectl --help` must not wait for onnxruntime."""
    if name == "Denoiser":
        from denoisectl.denoiser import Denoiser

        return Denoiser
    if name == "ModelCard":
        from denoisectl.model_file.card import ModelCard

        return ModelCard
    if name in ("FileResult", "Status"):
        from denoisectl.batch import result

        return getattr(result, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    """The public names, for completion and `help`, also before they are first used."""
    return sorted({*globals(), *__all__})
