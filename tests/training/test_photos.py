from pathlib import Path

import pytest
import torch

from denoisectl.errors import TrainingError
from denoisectl_training.crops import random_crops, step_generator
from denoisectl_training.photos import PhotoSet, find_photos, load_photos
from denoisectl_training.recipes import DataSettings


def load(paths: list[Path], **settings: object) -> PhotoSet:
    return load_photos(paths, DataSettings.model_validate({"crop": 64, **settings}), seed=0)


def test_photos_are_split_by_photo_and_small_ones_are_padded(photo_folder: Path) -> None:
    photos = load(find_photos([photo_folder]), max_side=1024, validation_photos=1)
    assert (len(photos.training), len(photos.validation)) == (2, 1)
    for photo in (*photos.training, *photos.validation):
        assert photo.dtype == torch.uint8 and min(photo.shape[1:]) >= 64


def test_large_photos_are_reduced(photo_folder: Path) -> None:
    photos = load(find_photos([photo_folder]), max_side=100, validation_photos=0)
    assert max(max(photo.shape[1:]) for photo in photos.training) == 100


def test_the_digest_follows_the_pixels(photo_folder: Path, tmp_path: Path) -> None:
    whole = load(find_photos([photo_folder]), max_side=1024, validation_photos=0)
    part = load(find_photos([photo_folder])[:2], max_side=1024, validation_photos=0)
    assert whole.digest != part.digest


def test_unreadable_files_are_left_out_and_said_once(
    photo_folder: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "text.jpg").write_text("not a photo")
    (tmp_path / "empty.png").touch()
    photos = load(find_photos([photo_folder, tmp_path]), max_side=1024, validation_photos=0)
    assert len(photos.training) == 3
    assert [record.getMessage() for record in caplog.records] == [
        f"left out 2 unreadable files, the first is {tmp_path / 'empty.png'}"
    ]


def test_a_missing_and_an_empty_folder_are_named(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match=r"gone: no such folder"):
        find_photos([tmp_path / "gone"])
    with pytest.raises(TrainingError, match="holds no photos"):
        find_photos([tmp_path])


def test_too_few_photos_for_a_validation_set_is_an_error(photo_folder: Path) -> None:
    with pytest.raises(TrainingError, match="none left to train on"):
        load(find_photos([photo_folder]), max_side=1024, validation_photos=3)


def test_crops_are_a_function_of_seed_and_step(photo_folder: Path) -> None:
    photos = load(find_photos([photo_folder]), max_side=1024, validation_photos=0)
    first, again, other = (
        random_crops(photos.training, 4, DataSettings(crop=64), step_generator(7, step)) for step in (5, 5, 6)
    )
    assert first.shape == (4, 3, 64, 64) and first.dtype == torch.float32
    assert first.min() >= 0.0 and first.max() <= 1.0
    assert torch.equal(first, again) and not torch.equal(first, other)
