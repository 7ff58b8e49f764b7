"""Photos found in folders, each once, and what is left out of them told."""

from __future__ import annotations

import hashlib
import logging
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from denoisectl.batch.earlier_results import results_below
from denoisectl.errors import TrainingError, UsageError
from denoisectl.images import Format, is_raw_photo, sniff
from denoisectl.images.formats import FOREIGN_SUFFIXES, HEAD, KINDS, SUFFIXES

_log = logging.getLogger("denoisectl")


def find_photos(folders: Iterable[Path]) -> list[Path]:
    """All photos in the folders and below, by folder as given, then by path; a file stands for itself.

    Each counts once, and results of `denoisectl` that output folders in there tell of are left out.

    Raises:
        UsageError: a folder does not exist, or holds no photos.
        TrainingError: a journal of earlier runs cannot be read.
    """
    # By the file that it is: a photo named twice could be trained on and set aside for validation too.
    found: dict[Path, Path] = {}
    for folder in folders:
        results = _results(folder)
        photos = [photo for photo in photos_in(folder) if photo not in results]
        if not photos:
            raise UsageError(
                f"{folder}: holds no photos but results of denoisectl; name the folder that they are in"
            )
        for photo in photos:
            found.setdefault(photo.resolve(), photo)
    return list(found.values())


def _results(folder: Path) -> frozenset[Path]:
    """A scene is not to be trained on, or measured, as a photo and as its result."""
    try:
        return results_below(folder) if folder.is_dir() else frozenset()
    except OSError as error:
        raise TrainingError(
            f"{error.filename}: this journal of earlier runs cannot be read: {error.strerror}; mend its permissions"
        ) from error


def photos_in(folder: Path) -> list[Path]:
    """All photos in a folder and below, sorted by path, or the one file; links to one photo are photos of their own.

    Raises:
        UsageError: the folder does not exist, or holds no photos.
    """
    if not folder.exists():
        raise UsageError(f"{folder}: no such folder; check the name")
    here = [folder] if folder.is_file() else files_below(folder, "*")
    photos = [path for path in here if _is_photo(path)]
    if not photos:
        raise UsageError(f"{folder}: holds no photos ({KINDS})")
    return photos


def tell_left_out(folders: Iterable[Path]) -> None:
    """Warn of what lies in the folders and is no photo to train on, though its owner may think so."""
    for folder in filter(Path.is_dir, folders):
        if results := _results(folder):
            _log.warning("%s: results of denoisectl are left out (%d)", folder, len(results))
        foreign = [path for path in files_below(folder, "*") if _is_foreign(path)]
        if foreign:
            message = (
                "%s: photos of kinds that are not read are left out (%d), the first is %s; convert them first"
            )
            _log.warning(message, folder, len(foreign), foreign[0])


def _is_foreign(path: Path) -> bool:
    return path.suffix.lower() in FOREIGN_SUFFIXES and not _is_photo(path)


def _is_photo(path: Path) -> bool:
    """By its name, since a damaged one is to be told, or by its content, whatever it is called."""
    if path.suffix.lower() in SUFFIXES:
        return True
    try:
        with path.open("rb") as file:
            kind = sniff(file.read(HEAD))
            return kind is not None and not (kind is Format.TIFF and is_raw_photo(file))
    except OSError:
        return False


def copies_among(photos: Sequence[Path]) -> list[tuple[Path, Path]]:
    """Files that are another one's byte for byte, each with the first of its kind; unreadable ones are none."""
    copies: list[tuple[Path, Path]] = []
    first: dict[bytes, Path] = {}
    sizes = Counter(photo.stat().st_size for photo in photos)
    for photo in photos:
        if sizes[photo.stat().st_size] == 1:
            continue
        try:
            digest = hashlib.sha256(photo.read_bytes()).digest()
        except OSError:  # told by who needs it
            continue
        if first.setdefault(digest, photo) != photo:
            copies.append((photo, first[digest]))
    return copies


def files_below(folder: Path, pattern: str) -> list[Path]:
    """Files below a folder whose names match, sorted; not the hidden ones: previews, and what macOS keeps apart."""
    return [path for path in sorted(folder.rglob(pattern)) if not _hidden(path, folder) and path.is_file()]


def _hidden(path: Path, root: Path) -> bool:
    return any(part.startswith(".") for part in path.relative_to(root).parts)


def tell_copies(copies: Sequence[tuple[Path, Path]]) -> None:
    """Warn of copies that were left out, each with the photo that it shows again."""
    if copies:
        message = "copies of other photos are left out (%d), the first is %s, which is %s again"
        _log.warning(message, len(copies), *copies[0])
