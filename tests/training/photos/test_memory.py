"""Photos beyond what memory is for them are kept in files, and are the same photos."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
import torch
from torch import Tensor

from denoisectl.errors import TrainingError
from denoisectl_training.photos import memory
from denoisectl_training.photos.finding import find_photos
from denoisectl_training.photos.memory import PhotoMemory, _mapped
from denoisectl_training.photos.photo_set import load_photos
from denoisectl_training.recipes import DataSettings

Files = list[Tensor]


@pytest.fixture
def files(monkeypatch: pytest.MonkeyPatch) -> Files:
    """Little memory, and the files that photos come to be in."""
    made: Files = []

    def mapped(size: int) -> Tensor:
        made.append(_mapped(size))
        return made[-1]

    monkeypatch.setattr(memory, "_IN_MEMORY", 100)
    monkeypatch.setattr(memory, "_BLOCK", 150)
    monkeypatch.setattr(memory, "_mapped", mapped)
    return made


def file_of(photo: Tensor, files: Files) -> int | None:
    """Which file a photo is in, or None if it is in memory."""
    storages = [file.untyped_storage().data_ptr() for file in files]
    own = photo.untyped_storage().data_ptr()
    return storages.index(own) if own in storages else None


def test_the_first_photos_stay_in_memory_and_later_ones_share_files(files: Files) -> None:
    memory = PhotoMemory()
    photos = [torch.full((3, 5, 5), value, dtype=torch.uint8) for value in range(6)]
    kept = [memory.keep(photo) for photo in photos]
    assert [file_of(photo, files) for photo in kept] == [None, 0, 0, 1, 1, 2]
    assert all(torch.equal(photo, place) for photo, place in zip(photos, kept, strict=True))


def test_a_photo_larger_than_a_block_gets_a_file_of_its_size(files: Files) -> None:
    large = torch.arange(300).remainder(256).to(torch.uint8).view(3, 10, 10)
    assert torch.equal(PhotoMemory().keep(large), large)
    assert [len(file) for file in files] == [300]


def test_photos_in_files_are_the_same_photos(photo_folder: Path, request: pytest.FixtureRequest) -> None:
    paths, settings = find_photos([photo_folder]), DataSettings(crop=64, validation_photos=1, graphics=0.1)
    before = load_photos(paths, settings, seed=0)
    files: Files = request.getfixturevalue("files")
    after = load_photos(paths, settings, seed=0)
    assert all(file_of(photo, files) is not None for photo in (*after.training, *after.validation))
    assert after.digest == before.digest
    assert len(after.training) > len(paths) - 1, "drawn images are among them"
    assert all(torch.equal(*pair) for pair in zip(before.training, after.training, strict=True))


@pytest.mark.usefixtures("files")
def test_a_full_disk_is_said_with_the_way_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path / "gone"))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "gone"))  # read once for a process
    with pytest.raises(TrainingError, match=r"no room for the photos .* TMPDIR"):
        PhotoMemory().keep(torch.zeros((3, 10, 10), dtype=torch.uint8))
