"""The card inside a model file."""

from __future__ import annotations

from pathlib import Path
from shlex import quote

from denoisectl.errors import ModelError
from denoisectl.model_file.card import CARD_KEY, ModelCard
from denoisectl.model_file.onnx_file import metadata, read_model


def read_card(path: Path) -> ModelCard:
    """The card of a model file, without loading the model.

    Raises:
        ModelError: the file is missing, not a model, or has no card that this version can read.
    """
    return card_of(read_model(path), path)


def card_of(model: bytes, path: Path) -> ModelCard:
    """The card inside the bytes of the model file `path`.

    Raises:
        ModelError: as for `read_card`.
    """
    text = metadata(model, str(path)).get(CARD_KEY)
    if text is None:
        raise ModelError(
            f"{path} has no denoisectl card, so its tile sizes and colours are unknown: it was not made by "
            f"`denoisectl export`. Adopt it with `denoisectl export {quote(str(path))} --out adopted.onnx`, which "
            "finds them out"
        )
    try:
        return ModelCard.from_json(text)
    except ModelError as error:
        raise ModelError(f"{path}: {error}") from None
