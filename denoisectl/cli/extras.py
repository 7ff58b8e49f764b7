"""A missing optional dependency, told with the command that installs it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from denoisectl.errors import MissingExtraError

_PACKAGES = {
    "train": {"torch", "onnx", "onnxscript", "pydantic", "matplotlib", "skimage"},
    "sweep": {"optuna"},
    "tensorboard": {"tensorboard"},
    "demo": {"skimage"},
}


@contextmanager
def needs_extra(extra: str) -> Iterator[None]:
    """Import an extra's packages inside; if one is absent, say how to install the extra.

    Raises:
        MissingExtraError: a package of the extra is not installed.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] not in _PACKAGES[extra]:
            raise
        raise MissingExtraError(
            f'this command needs {error.name}, which is not installed; run: pip install "denoisectl[{extra}]"'
        ) from error
