"""Recipes by name or file, with what they extend and what the command line overrides."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Container, Iterable
from importlib import resources
from pathlib import Path
from typing import Any

from denoisectl.errors import ConfigError
from denoisectl_training.recipes.checking import nearest, parse_recipe
from denoisectl_training.recipes.rates import with_first_rate
from denoisectl_training.recipes.settings import Recipe

_FAMILIES = ("photo", "book", "exp")


def shipped_recipes() -> list[str]:
    """Names of the recipes in the package: those of the models that ship, then those of the experiments."""
    folder = resources.files(__package__)
    names = [item.name.removesuffix(".toml") for item in folder.iterdir() if item.name.endswith(".toml")]
    return sorted(names, key=lambda name: (_FAMILIES.index(name.partition("-")[0]), name))


def load_recipe(name: str, overrides: list[str] | None = None) -> Recipe:
    """Read a shipped recipe by name or a TOML file by path, with `key.path=value` overrides applied.

    A book recipe answers to its short name too: `skip` is `book-skip`. A file may begin with
    `extends = "NAME|FILE"` and then holds only what differs; a `[[corruption]]` mixture is replaced whole.

    Raises:
        ConfigError: no such recipe, not TOML, or a key that is unknown, ill-typed or out of range.
    """
    values, in_proportion = _read(name, ())
    return _overridden(values, overrides or [], f"recipe {name}", in_proportion=in_proportion)


def changed(recipe: Recipe, overrides: list[str]) -> Recipe:
    """The recipe with `key.path=value` overrides applied.

    Raises:
        ConfigError: a key is unknown, ill-typed or out of range.
    """
    return _overridden(recipe.model_dump(mode="json"), overrides, f"recipe {recipe.name}")


def given_keys(overrides: Iterable[str]) -> set[str]:
    """Key paths that `key.path=value` overrides set, those inside tables too.

    Raises:
        ConfigError: an override is none.
    """
    return set[str]().union(*(_apply({}, override) for override in overrides))


def _overridden(
    values: dict[str, Any], overrides: list[str], origin: str, *, in_proportion: bool = False
) -> Recipe:
    """The recipe of these values with overrides; `in_proportion`, as `_in_proportion` has it for the values alone."""
    given = set[str]()
    for override in overrides:
        given |= _apply(values, override)
    recipe = parse_recipe(values, origin=origin)
    _refuse_endless_warmup(recipe, origin)
    return with_first_rate(recipe, recipe.optimizer.lr) if _in_proportion(given, in_proportion) else recipe


def _refuse_endless_warmup(recipe: Recipe, origin: str) -> None:
    """Not a rule of `Recipe`: runs that began without it can still be read, exported and gone on with."""
    schedule, images = recipe.schedule, recipe.training.images
    if schedule.name == "cosine" and schedule.warmup >= images:
        raise ConfigError(
            f"{origin}: schedule.warmup is {schedule.warmup} and training.images {images}, so that the rate would only "
            f"rise; schedule.warmup={images // 10} fits"
        )


def _in_proportion(given: Container[str], before: bool) -> bool:
    """Whether the rates of a schedule keep their proportion to `optimizer.lr`, and are not taken as they stand.

    They do where `optimizer.lr` was given and they were not, with it or after it. `given` are the keys that were given
    last, `before` is the answer for those before.
    """
    return "schedule.rates" not in given and ("optimizer.lr" in given or before)


def _read(name: str, readers: tuple[str, ...]) -> tuple[dict[str, Any], bool]:
    """The values of a recipe over those of the recipe that it extends, and what `_in_proportion` says of them."""
    if name in readers:
        raise ConfigError(f"recipe {name} extends itself, by way of {' and '.join(readers)}")
    try:
        values = tomllib.loads(_text(name))
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"recipe {name}: not valid TOML: {error}") from error
    given = _keys(values)
    base = values.pop("extends", None)
    if base is None:
        return values, _in_proportion(given, False)
    below, before = _read(_beside(str(base), name), (*readers, name))
    return _merged(below, values), _in_proportion(given, before)


def _beside(base: str, name: str) -> str:
    """A file is named from the one that extends it; a shipped recipe by its name."""
    return os.path.normpath(Path(name).parent / base) if base.endswith(".toml") else base


def _keys(values: dict[str, Any]) -> set[str]:
    """Key paths of two levels, which is all that recipes have."""
    return {f"{section}.{key}" for section, keys in values.items() if isinstance(keys, dict) for key in keys}


def _text(name: str) -> str:
    path, shipped = Path(name), shipped_recipes()
    if path.suffix == ".toml":
        if not path.is_file():
            raise ConfigError(f"recipe file {name} does not exist{_instead(path.stem, shipped)}")
        try:
            return path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(f"recipe file {name} cannot be read as text: {error}") from None
    if name in shipped or f"book-{name}" in shipped:
        file = f"{name if name in shipped else f'book-{name}'}.toml"
        return (resources.files(__package__) / file).read_text(encoding="utf-8")
    raise ConfigError(f"no recipe named {name!r}{_instead(name, shipped)}")


def _instead(name: str, shipped: list[str]) -> str:
    """The end of a message about a recipe that is not there: the nearest, or those of the models that ship."""
    short = [each.removeprefix("book-") for each in shipped if each.startswith("book-")]
    models = [each for each in shipped if not each.startswith("exp-")]
    return f"{nearest(name, [*short, *shipped], told=models)} (all: denoisectl train --list)"


def _merged(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    """Sections are merged key by key; anything else in `above` takes the place of what is below."""
    merged = dict(below)
    for key, value in above.items():
        both = isinstance(value, dict) and isinstance(below.get(key), dict)
        merged[key] = _merged(below[key], value) if both else value
    return merged


def _apply(values: dict[str, Any], override: str) -> set[str]:
    """Set one `key.path=value` in a nested mapping, and tell the key paths set; the value is TOML, or else a word."""
    key, equals, text = override.partition("=")
    if not equals:
        raise ConfigError(f"--set {override}: expected KEY=VALUE, for example --set optimizer.lr=1e-3")
    try:
        value = tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        value = text
    *sections, last = key.strip().split(".")
    for section in sections:
        values = values.setdefault(section, {})
        if not isinstance(values, dict):
            raise ConfigError(f"--set {override}: {section} is not a section of the recipe")
    values[last] = value
    return _keys({last: value}) | {key.strip()}
