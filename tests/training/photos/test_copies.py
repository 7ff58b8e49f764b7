"""Photos that lie in the folders twice."""

import shutil
from pathlib import Path

import pytest

from denoisectl_training.photos.photo_set import load_pairs
from denoisectl_training.recipes import DataSettings
from tests.training.photos.test_photo_set import load, many


def test_copies_under_other_names_are_left_out_and_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    photos = many(12, tmp_path)
    (tmp_path / "again").mkdir()
    copies = [shutil.copy(path, tmp_path / "again" / f"copy of {path.name}") for path in photos]
    alone, both = load(photos, validation_photos=3), load([*photos, *copies], validation_photos=3)
    assert [photo[0, 0, 0] for photo in both.training] == [photo[0, 0, 0] for photo in alone.training]
    assert [photo[0, 0, 0] for photo in both.validation] == [photo[0, 0, 0] for photo in alone.validation]
    told = f"copies of other photos are left out (12), the first is {copies[0]}, which is {photos[0]} again"
    assert told in caplog.messages
    assert both.digest != alone.digest, "a run that began when copies were kept goes on with the same folders"


def test_pairs_of_one_scene_are_no_copies_if_their_noise_differs(tmp_path: Path) -> None:
    one, other, clean = many(3, tmp_path)
    pairs = [(one, clean), (other, clean), (one, clean)]
    assert len(load_pairs(pairs, DataSettings(crop=64, validation_photos=0), seed=0).training) == 2
