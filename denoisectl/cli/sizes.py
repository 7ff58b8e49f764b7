"""Numbers as people write them: 512M, 1.5G, 24MP, auto, 0.7, 1h30m."""

from __future__ import annotations

import re

import typer

from denoisectl.model_file.card import VIEWS

_UNITS = {"": 0, "K": 10, "M": 20, "G": 30}
_SECONDS = {"s": 1, "m": 60, "h": 3600}


def size_in_bytes(text: str) -> int:
    """Read `800M` or `1.5G` as bytes; K, M and G are powers of 1024."""
    match = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?)([KMG]?)(?:i?B)?", text, re.IGNORECASE)
    size = int(float(match[1]) * 2 ** _UNITS[match[2].upper()]) if match else 0
    if not size:
        raise typer.BadParameter(f"{text}: give bytes, or a number with K, M or G such as 800M")
    return size


def pixels(text: str) -> int:
    """Read `500M` or `500MP` as pixels, here in powers of 1000; 0 means any number."""
    match = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?)([KMG]?)P?", text, re.IGNORECASE)
    if not match:
        raise typer.BadParameter(f"{text}: give a number of pixels such as 500M, or 0 for any")
    return int(float(match[1]) * {"": 1, "K": 10**3, "M": 10**6, "G": 10**9}[match[2].upper()])


def tile_edge(text: str) -> int | None:
    """Read `auto` as None, or the edge of a tile in pixels; 0 means the whole image."""
    return _auto_or_number(text, "auto, 0 for whole images, or a number of pixels such as 512")


def overlap(text: str) -> int | None:
    """Read `auto` as None, or the pixels that are thrown away at each cut edge of a tile."""
    return _auto_or_number(text, "auto, or a number of pixels such as 64")


def _auto_or_number(text: str, wanted: str) -> int | None:
    if text == "auto":
        return None
    if not text.isascii() or not text.isdigit():
        raise typer.BadParameter(f"{text}: give {wanted}")
    return int(text)


def views(text: str) -> int:
    """Read how many views of each tile a self-ensemble averages."""
    if text not in map(str, VIEWS):
        raise typer.BadParameter(f"{text}: give one of {', '.join(map(str, VIEWS))}")
    return int(text)


def share(text: str | float) -> float:
    """Read a part of the whole, 0 to 1; Typer passes the default, which is a number, too."""
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0.0 <= number <= 1.0:  # as nan is not
        raise typer.BadParameter(f"{text}: give a number from 0 to 1, such as 0.7")
    return number


def duration(text: str) -> float:
    """Read `90s`, `10m`, `1.5h` or `1h30m` as seconds; a bare number is minutes."""
    plain = re.fullmatch(r"\d+(\.\d+)?", text)
    parts = [(text, "m")] if plain else re.findall(r"(\d+(?:\.\d+)?)([smh])", text)
    whole = plain or "".join(number + unit for number, unit in parts) == text
    if not (whole and any(float(number) for number, _ in parts)):
        raise typer.BadParameter(f"{text}: expected a duration such as 90s, 10m or 1h30m")
    return sum(float(number) * _SECONDS[unit] for number, unit in parts)
