"""Noisy and clean photos of the same scenes, matched by name: two folders, or two patterns in one folder."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from denoisectl.errors import TrainingError, UsageError
from denoisectl_training.photos.finding import files_below, photos_in

Pair = tuple[Path, Path]
"""The noisy photo and the clean one."""

_NAMED = 5


def match_folders(noisy: Path, clean: Path) -> list[Pair]:
    """Pair the photos of two folders by their path inside the folder, whatever its suffix; sorted.

    Raises:
        UsageError: a folder is missing, empty, or a file.
        TrainingError: two photos of one folder have the same name, or a photo has no partner; the message names them.
    """
    for folder in (noisy, clean):
        _check_folder(folder)
    return _join(*(_by_name(folder, photos_in(folder)) for folder in (noisy, clean)))


def _check_folder(folder: Path) -> None:
    if not folder.exists():
        raise UsageError(f"{folder}: no such folder; check the name")
    if not folder.is_dir():
        raise UsageError(f"{folder}: is no folder; pairs need the folders that hold the photos")


def _by_name(folder: Path, photos: Iterable[Path]) -> dict[str, Path]:
    found: dict[str, Path] = {}
    for photo in photos:
        name = photo.relative_to(folder).with_suffix("").as_posix()
        if name in found:
            raise TrainingError(f"{found[name]} and {photo} have the same name; a pair needs one of each")
        found[name] = photo
    return found


def match_patterns(folders: Iterable[Path], noisy: str, clean: str) -> list[Pair]:
    """Pair the photos in `folders` by what stands for the `*` of two patterns, as in `*_real.JPG` `*_mean.JPG`.

    Raises:
        UsageError: a pattern has not exactly one `*`, has other wildcards or a folder in it, or matches no photo; a
            folder is missing or is a file.
        TrainingError: a photo has no partner; the message names them.
    """
    for pattern in (noisy, clean):
        _check_pattern(pattern)
    found = list(folders)
    for folder in found:
        _check_folder(folder)
    return _join(*(_by_stem(found, pattern) for pattern in (noisy, clean)))


def _check_pattern(pattern: str) -> None:
    if "/" in pattern:
        raise UsageError(
            f"--pairs {pattern}: a pattern is of names, as in '*_real.JPG' '*_mean.JPG'; "
            "to pair two folders, give them to --pairs and no other"
        )
    if any(character in pattern for character in "?[]"):
        raise UsageError(
            f"--pairs {pattern}: a pattern holds one * and neither ?, [ nor ]; rename the photos"
        )
    if pattern.count("*") != 1:
        raise UsageError(f"--pairs {pattern}: a pattern needs one *, as in '*_real.JPG' '*_mean.JPG'")


def _by_stem(folders: list[Path], pattern: str) -> dict[str, Path]:
    before, after = pattern.split("*")
    photos = [photo for folder in folders for photo in files_below(folder, pattern)]
    if not photos:
        raise UsageError(f"{', '.join(map(str, folders))}: no photo matches {pattern}")
    return {
        f"{photo.parent}/{photo.name[len(before) : len(photo.name) - len(after)]}": photo for photo in photos
    }


def _join(noisy: dict[str, Path], clean: dict[str, Path]) -> list[Pair]:
    odd = [noisy.get(name) or clean[name] for name in sorted(noisy.keys() ^ clean.keys())]
    if odd:
        named = ", ".join(map(str, odd[:_NAMED])) + (
            f" and {len(odd) - _NAMED} more" if len(odd) > _NAMED else ""
        )
        raise TrainingError(f"no partner for {named}; each noisy photo needs a clean one of the same name")
    return [(noisy[name], clean[name]) for name in sorted(noisy)]
