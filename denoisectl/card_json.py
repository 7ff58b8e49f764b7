"""Typed access to a card's JSON, with messages that name the key path (`scores[0].value`)."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from denoisectl.errors import ModelError

__all__ = ["CardFields", "as_fields"]


def as_fields(text: str) -> CardFields:
    """Parse the JSON text of a card.

    Raises:
        ModelError: the text is not a JSON object.
    """
    try:
        value = json.loads(text, parse_constant=_finite, parse_float=_finite)
    except (ValueError, RecursionError) as error:
        raise ModelError(f"the model's card is not JSON ({error}); export the model again") from None
    if not isinstance(value, dict):
        raise ModelError(f"the model's card is not a JSON object but {_kind(value)}; export the model again")
    return CardFields(value)


def _finite(text: str) -> float:
    """A number that can be written again: Python reads NaN and 1e999, and JSON has neither NaN nor infinity."""
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text} is no finite number")
    return number


@dataclass(frozen=True, slots=True)
class CardFields:
    """One JSON object of a card. Every method raises `ModelError` if the key is missing or ill-typed."""

    values: Mapping[str, Any]
    path: str = ""

    def string(self, key: str) -> str:
        """A text."""
        return str(self._typed(key, (str,), "a text"))

    def boolean(self, key: str) -> bool:
        """True or false."""
        return bool(self._typed(key, (bool,), "true or false"))

    def integer(self, key: str) -> int:
        """A whole number."""
        return int(self._typed(key, (int,), "a whole number"))

    def number(self, key: str) -> float:
        """A number."""
        try:
            return float(self._typed(key, (int, float), "a number"))
        except OverflowError:  # a whole number of hundreds of digits
            raise ModelError(f'card key "{self.path}{key}" is too large a number') from None

    def optional_integer(self, key: str) -> int | None:
        """A whole number, or None where the key is null or absent."""
        return None if self.values.get(key) is None else self.integer(key)

    def integer_or(self, default: int, key: str) -> int:
        """A whole number, or `default` where the key is null or absent."""
        return default if self.values.get(key) is None else self.integer(key)

    def optional_string(self, key: str) -> str:
        """A text, empty where the key is null or absent."""
        return "" if self.values.get(key) is None else self.string(key)

    def optional_number(self, key: str) -> float | None:
        """A number, or None where the key is null or absent."""
        return None if self.values.get(key) is None else self.number(key)

    def mapping(self, key: str) -> dict[str, Any]:
        """A JSON object, as it is."""
        return dict(self._typed(key, (dict,), "an object"))

    def strings(self, key: str) -> tuple[str, ...]:
        """A list of texts."""
        items = self._typed(key, (list,), "a list of texts")
        return tuple(self._item(key, index).string("") for index in range(len(items)))

    def objects(self, key: str) -> tuple[CardFields, ...]:
        """A list of objects, each with its own path."""
        items = self._typed(key, (list,), "a list of objects")
        found = (self._item(key, index).mapping("") for index in range(len(items)))
        return tuple(CardFields(item, f"{self.path}{key}[{index}].") for index, item in enumerate(found))

    def _item(self, key: str, index: int) -> CardFields:
        """A list element seen as the nameless field of an object, so that the same checks serve."""
        return CardFields({"": self.values[key][index]}, f"{self.path}{key}[{index}]")

    def _typed(self, key: str, types: tuple[type, ...], expected: str) -> Any:
        if key not in self.values:
            raise ModelError(f'card key "{self.path}{key}" is missing; export the model again')
        value = self.values[key]
        # A bool is an int to Python, never to a card.
        if not isinstance(value, types) or (isinstance(value, bool) and bool not in types):
            raise ModelError(f'card key "{self.path}{key}" must be {expected}, got {_kind(value)}')
        return value


def _kind(value: Any) -> str:
    return f"{json.dumps(value)[:40]}"
