"""What a card says that no layer and no run knows: name, purpose, licences of the photos, scores, limits.

Written by hand (or by a benchmark) in a TOML file and given to `denoisectl export --card`:

    name = "photo"
    version = "1"
    summary = "Real photographs, blind"
    limits = ["..."]
    [[data]]
    source = "...", files = 12, licence = "CC0-1.0"
    [[scores]]
    set = "kodak24", condition = "gaussian 25", metric = "psnr", input = 20.2, value = 30.9, command = "..."

A file that begins with `extends = "photo.toml"`, its neighbour, takes from it what it does not say itself.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any, Literal

from pydantic import ConfigDict, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from denoisectl.errors import ConfigError
from denoisectl.model_file.card import DataSource, Score


@dataclass(frozen=True, slots=True, config=ConfigDict(extra="forbid"))
class Facts:
    """The hand-written part of a `ModelCard`; empty names are filled from the recipe."""

    name: str = ""
    version: str = "1"
    summary: str = ""
    data: tuple[DataSource, ...] = ()
    scores: tuple[Score, ...] = ()
    limits: tuple[str, ...] = ()
    float32_twin: str = ""
    self_ensemble: Literal[1, 2, 4, 8] = 1
    """Views of each tile that are averaged where nothing else is asked for."""


def read_facts(path: Path) -> Facts:
    """Read a card file.

    Raises:
        ConfigError: missing, unreadable, not TOML, or a key that is unknown or ill-typed, named by its path.
    """
    try:
        return TypeAdapter(Facts).validate_python(_read(path, ()))
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(map(str, first["loc"]))
        raise ConfigError(f"card file {path}: {key}: {first['msg']}") from error


def _read(path: Path, readers: tuple[Path, ...]) -> dict[str, Any]:
    """The values of a card file over those of the file that it extends."""
    if path in readers:
        raise ConfigError(f"card file {path} extends itself")
    try:
        values: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ConfigError(f"card file {path} does not exist") from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"card file {path}: not valid TOML: {error}") from error
    except UnicodeDecodeError as error:
        raise ConfigError(
            f"card file {path}: not UTF-8 text ({error.reason}); a card file is TOML"
        ) from error
    except OSError as error:  # a folder, or its permissions
        raise ConfigError(f"card file {path}: cannot be read ({error.strerror}); name a TOML file") from error
    base = values.pop("extends", None)
    return values if base is None else {**_read(path.with_name(str(base)), (*readers, path)), **values}
