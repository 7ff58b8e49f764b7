"""The models that come with the tool: files of the `denoisectl_exports` package, whose code is not run."""

from __future__ import annotations

import os
from difflib import get_close_matches
from importlib.util import find_spec
from pathlib import Path

from denoisectl.errors import ModelError
from denoisectl.model_file.card import ModelCard

DEFAULT_MODEL = "photo"
_ORDER = (DEFAULT_MODEL, "photo-int8", "photo-fast", "photo-best", "book-small", "book-noskip", "book-skip")
"""How they are listed: by how often each will be wanted. Others that lie beside them follow by name."""


def shipped_models() -> dict[str, Path]:
    """Name and file of every model that this installation holds, the default first."""
    spec = find_spec("denoisectl_exports")
    folders = spec.submodule_search_locations if spec else None
    files = [file for folder in folders or () for file in Path(folder, "models").glob("*.onnx")]
    return {file.stem: file for file in sorted(files, key=lambda file: _place(file.stem))}


def _place(name: str) -> tuple[int, str]:
    return (_ORDER.index(name) if name in _ORDER else len(_ORDER)), name


def find_model(model: str | Path | None) -> Path:
    """The file of a model: a shipped name, a path, or the default for None.

    A bare word is a shipped name; anything with a folder or an ending is a path.

    Raises:
        ModelError: no such shipped model; the message lists those there are.
    """
    name = DEFAULT_MODEL if model is None else model
    if isinstance(name, Path):
        return _expanded(name)
    shipped = shipped_models()
    if name in shipped:
        return shipped[name]
    if "/" in name or os.sep in name or Path(name).suffix:
        return _expanded(Path(name))
    names = ", ".join(shipped) or "none in this installation"
    near = "".join(f" Did you mean {each}?" for each in get_close_matches(name, shipped, n=1))
    raise ModelError(
        f'no shipped model is called "{name}".{near} There are: {names}. A file needs its path: ./{name}'
    )


def _expanded(path: Path) -> Path:
    try:
        return path.expanduser()
    except RuntimeError:  # nobody of that name, or nobody's home is known
        raise ModelError(f"{path}: there is no such home folder; write the path in full") from None


def float32_twin(card: ModelCard) -> Path | None:
    """The shipped model that the card names as its twin in float32; None if it names none that is there."""
    return None if card.precision == "float32" else shipped_models().get(card.float32_twin)


def int8_twin(file: Path, model: str | Path | None) -> Path | None:
    """The file of a shipped model in 8-bit integers; None if there is none, or if `model` is a path."""
    return shipped_models().get(f"{file.stem}-int8") if is_shipped(model) else None


def is_shipped(model: str | Path | None) -> bool:
    """Whether a model is meant by its shipped name, or as the default, and not by a path."""
    return model is None or model in shipped_models()
