"""What a sweep tries: `--over KEY=LOW..HIGH[:log]` or `--over KEY=[A, B, C]`."""

from __future__ import annotations

import json
import math
import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass

from optuna.trial import Trial

from denoisectl.errors import UsageError

_RANGE = re.compile(r"(?P<low>[^.\s]\S*?)\.\.(?P<high>\S+?)(?P<log>:log)?")
_FIXED = (
    *("corruption", "training.seed", "data.validation_photos", "data.test_photos", "data.max_side"),
    *("data.crop", "data.last_crop"),  # smaller photos are padded to them, those that are measured on, too
)


@dataclass(frozen=True, slots=True)
class Range:
    """Numbers from `low` to `high`; whole ones if both ends are whole."""

    key: str
    low: float
    high: float
    log: bool
    whole: bool

    def examples(self) -> tuple[str, ...]:
        """The ends, as a recipe writes them, and, of numbers that are not whole, one between."""
        if self.whole:
            return str(int(self.low)), str(int(self.high))
        between = self.low + (self.high - self.low) / math.e  # by no share that makes it whole by chance
        return repr(self.low), repr(between), repr(self.high)


@dataclass(frozen=True, slots=True)
class Choices:
    """A few values, each written as JSON, since a value may itself be a list."""

    key: str
    values: tuple[str, ...]

    def examples(self) -> tuple[str, ...]:
        """All of them."""
        return self.values


Dimension = Range | Choices


def parse_space(texts: Sequence[str]) -> tuple[Dimension, ...]:
    """Parse what `--over` was given.

    Raises:
        UsageError: not of either form, an empty range, or a key that decides what is measured.
    """
    if not texts:
        raise UsageError("nothing to choose; for example: --over optimizer.lr=1e-4..1e-2:log")
    dimensions = tuple(_dimension(text) for text in texts)
    for dimension in dimensions:
        if dimension.key in _FIXED or dimension.key.startswith("corruption."):
            raise UsageError(
                f"--over {dimension.key}: decides what trials are measured on, so their scores could not be compared"
            )
    keys = [dimension.key for dimension in dimensions]
    if doubled := next((key for key in keys if keys.count(key) > 1), None):
        raise UsageError(f"--over {doubled}: is given twice; give it one range")
    return dimensions


def _dimension(text: str) -> Dimension:
    key, equals, value = (part.strip() for part in text.partition("="))
    wrong = UsageError(f"--over {text}: expected KEY=LOW..HIGH, KEY=LOW..HIGH:log or KEY=[A, B]")
    if not (equals and key):
        raise wrong
    try:
        return _choices(key, value) if value.startswith("[") else _range(key, value)
    except (ValueError, AttributeError) as error:  # TOML's error is a ValueError
        raise wrong from error


def _choices(key: str, text: str) -> Choices:
    values = tomllib.loads(f"values = {text}")["values"]
    if not values:
        raise ValueError("no values")
    return Choices(key, tuple(json.dumps(value) for value in values))


def _range(key: str, text: str) -> Range:
    match = _RANGE.fullmatch(text)
    if match is None:
        raise ValueError("no range")
    ends = match["low"], match["high"]
    low, high = map(float, ends)
    log = match["log"] is not None
    if not low < high or (log and low <= 0.0):
        raise ValueError("empty range")
    return Range(key, low, high, log, all(re.fullmatch(r"-?\d+", end) for end in ends))


def suggest(trial: Trial, space: Sequence[Dimension]) -> list[str]:
    """A trial's values as recipe overrides, `key=value`."""
    return [f"{dimension.key}={_suggested(trial, dimension)}" for dimension in space]


def _suggested(trial: Trial, dimension: Dimension) -> str:
    if isinstance(dimension, Choices):
        return str(trial.suggest_categorical(dimension.key, dimension.values))
    if dimension.whole:
        return str(
            trial.suggest_int(dimension.key, int(dimension.low), int(dimension.high), log=dimension.log)
        )
    return repr(trial.suggest_float(dimension.key, dimension.low, dimension.high, log=dimension.log))
