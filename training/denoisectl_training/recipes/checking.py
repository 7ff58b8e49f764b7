"""From a mapping of settings to a `Recipe`, or to a sentence that names the key and the nearest right one."""

from __future__ import annotations

import difflib
from typing import Any

from pydantic import ValidationError

from denoisectl.errors import ConfigError
from denoisectl_training.recipes.settings import CorruptionSettings, Recipe


def parse_recipe(values: dict[str, Any], *, origin: str) -> Recipe:
    """Check a mapping of settings; `origin` opens every message.

    Raises:
        ConfigError: a key is unknown, ill-typed or out of range; the message names its path.
    """
    try:
        return Recipe.model_validate(values)
    except ValidationError as error:
        raise ConfigError(f"{origin}: " + "; ".join(_sentence(item) for item in error.errors())) from error


def _sentence(error: Any) -> str:
    """One pydantic error in the user's terms."""
    path = ".".join(str(part) for part in error["loc"])
    if error["type"] == "extra_forbidden":
        return f"unknown key {path}{_meant(path, error['loc'])}"
    if error["type"] == "missing":
        return f"{path} is missing"
    if error["type"] == "value_error":  # a rule of ours about several keys: it says what it got
        return ": ".join(filter(None, (path, str(error["ctx"]["error"]))))
    return f"{path}: {error['msg'][0].lower()}{error['msg'][1:]} (got {error['input']!r})"


def _meant(path: str, place: tuple[str | int, ...]) -> str:
    """The end of a message about an unknown key: the right one in full."""
    sections = [section for section in Recipe.model_fields if path in _keys_beside((section, path))]
    if len(place) == 1 and sections:
        return f"; did you mean {sections[0]}.{path}?"
    before = path.removesuffix(str(place[-1]))
    return nearest(path, [before + key for key in _keys_beside(place)])


def _keys_beside(path: tuple[str | int, ...]) -> list[str]:
    """The keys that would have been right where an unknown one stands."""
    model: Any = Recipe
    for part in path[:-1]:
        if isinstance(part, str):
            model = CorruptionSettings if part == "corruption" else type(getattr(_DEFAULTS, part))
    return list(getattr(model, "model_fields", ()))


def nearest(word: str, words: list[str], *, told: list[str] | None = None) -> str:
    """The end of a message about a word that is none of `words`: the one that was meant, or those `told`, or all."""
    matches = difflib.get_close_matches(word, words, n=1)
    return f"; did you mean {matches[0]}?" if matches else f"; there are: {', '.join(told or words)}"


_DEFAULTS = Recipe(name="defaults", corruption=(CorruptionSettings(kind="clean"),))
