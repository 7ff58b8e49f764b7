"""Checkpoints: plain data in one file, written beside and renamed, so that the last good one survives."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from denoisectl.errors import TrainingError
from denoisectl.whole_file import remove_stale, whole_file

FORMAT = 1
"""Grows when a checkpoint's keys change in a way that older code cannot read."""


def save_checkpoint(path: Path, state: dict[str, Any]) -> None:
    """Write `state` (tensors, numbers, strings, lists and dicts of them) at once or not at all.

    Raises:
        TrainingError: the disk is full or the folder cannot be written; the previous file is untouched.
    """
    remove_stale([path.parent])  # a killed run may have left one of tens of megabytes
    try:
        with whole_file(path) as file:
            torch.save({"format": FORMAT, **state}, file)
    except (OSError, RuntimeError) as error:  # torch reports a failed write as RuntimeError
        raise TrainingError(
            f"{path}: checkpoint not written ({error}); the previous one is untouched"
        ) from error


def load_checkpoint(path: Path) -> dict[str, Any]:
    """Read a checkpoint without running any code that it may hold.

    Raises:
        TrainingError: the file is missing, damaged, or written by a newer version.
    """
    if not path.is_file():
        raise TrainingError(
            f"{path}: no checkpoint there; `denoisectl train` writes one into each run folder"
        )
    try:
        state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    except OSError as error:
        raise TrainingError(f"{path}: cannot be read ({error.strerror or error})") from error
    except Exception as error:  # other bytes make torch's unpickler fail in any way there is
        # torch's own words are a paragraph about switching its safety off; they stay in the cause.
        raise TrainingError(
            f"{path}: not a denoisectl checkpoint, or damaged; give a .pt file that `denoisectl train` wrote; "
            "of a run whose last.pt is damaged, best.pt may be whole: go on with --from"
        ) from error
    if not isinstance(state, dict) or state.get("format") != FORMAT:
        raise TrainingError(f"{path}: not a checkpoint that this version of denoisectl reads")
    return state
