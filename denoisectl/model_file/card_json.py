"""A card's JSON to dataclasses, with messages that name the key path (`scores[0].value`)."""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Mapping
from dataclasses import fields, is_dataclass
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

from denoisectl.errors import ModelError

Read = TypeVar("Read")

_WORDS = {str: "a text", bool: "true or false", int: "a whole number", float: "a number"}


def parsed(text: str) -> dict[str, Any]:
    """Parse the JSON text of a card.

    Raises:
        ModelError: the text is not a JSON object.
    """
    try:
        value = json.loads(text, parse_constant=_finite, parse_float=_finite)
    except (ValueError, RecursionError) as error:
        raise ModelError(f"the model's card is not JSON ({error}); export the model again") from None
    if not isinstance(value, dict):
        raise ModelError(f"the model's card is not a JSON object but {_shown(value)}; export the model again")
    return value


def read(kind: type[Read], values: Mapping[str, Any], at: str = "", later: Collection[str] = ()) -> Read:
    """An object as a dataclass, field by field; keys that are no fields are passed over.

    Args:
        kind: of text, numbers, tuples, mappings and other dataclasses, some of them or None.
        values: the object.
        at: the path of its keys.
        later: fields that cards of earlier versions lack; they, and those that may be None, need not be there.

    Raises:
        ModelError: a key is missing or ill-typed.
    """
    types = get_type_hints(kind)
    names = [field.name for field in fields(kind)]  # type: ignore[arg-type]
    given = [name for name in names if not (name in later and values.get(name) is None)]
    return kind(**{name: value_of(types[name], values, name, at) for name in given})


def value_of(kind: Any, values: Mapping[str, Any], key: str, at: str = "") -> Any:
    """The value of one key as a field of this type; raises as `read` does."""
    path = f"{at}{key}"
    if type(None) in get_args(kind):
        return None if values.get(key) is None else value_of(get_args(kind)[0], values, key, at)
    if key not in values:
        raise ModelError(f'card key "{path}" is missing; export the model again')
    return _converted(kind, values[key], path)


def _converted(kind: Any, value: Any, path: str) -> Any:
    if get_origin(kind) is tuple:
        item = get_args(kind)[0]
        _expect(list, value, path, "a list of objects" if is_dataclass(item) else "a list of texts")
        return tuple(_converted(item, each, f"{path}[{index}]") for index, each in enumerate(value))
    if is_dataclass(kind) or get_origin(kind) is Mapping:
        _expect(dict, value, path, "an object")
        return read(kind, value, f"{path}.") if isinstance(kind, type) and is_dataclass(kind) else value
    _expect((int, float) if kind is float else kind, value, path, _WORDS[kind])
    try:
        return kind(value)
    except OverflowError:  # a whole number of hundreds of digits
        raise ModelError(f'card key "{path}" is too large a number') from None


def _expect(types: Any, value: Any, path: str, words: str) -> None:
    # A bool is an int to Python, never to a card.
    if not isinstance(value, types) or (isinstance(value, bool) and types is not bool):
        raise ModelError(f'card key "{path}" must be {words}, got {_shown(value)}')


def _finite(text: str) -> float:
    """A number that can be written again: Python reads NaN and 1e999, and JSON has neither NaN nor infinity."""
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text} is no finite number")
    return number


def _shown(value: Any) -> str:
    return f"{json.dumps(value)[:40]}"
