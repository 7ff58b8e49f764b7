import shutil
from pathlib import Path

import pytest

from denoisectl import Denoiser
from denoisectl.errors import UsageError
from denoisectl_training.photos.finding import find_photos, tell_left_out
from tests import toy_models


def test_results_of_runs_and_unread_kinds_are_left_out_and_told(
    photo_folder: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    here = tmp_path / "photos"
    shutil.copytree(photo_folder, here)
    before = find_photos([here])
    (here / "IMG_1.HEIC").write_bytes(b"\0\0\0\x18ftypheic" + bytes(40))
    denoiser = Denoiser.open(toy_models.identity(tmp_path / "toy.onnx"), "cpu", threads=1)
    list(denoiser.folder(here, here / "clean"))
    list(denoiser.folder(here, here, format="webp"))
    assert find_photos([here]) == before
    assert len(find_photos([here / "clean"])) == 2, "on their own they are photos"
    tell_left_out([here])
    assert "results of denoisectl are left out (4)" in caplog.text
    assert (
        f"photos of kinds that are not read are left out (1), the first is {here / 'IMG_1.HEIC'}"
        in caplog.text
    )


def test_every_ending_that_run_reads_is_a_photo(photo_folder: Path, tmp_path: Path) -> None:
    shutil.copy(photo_folder / "coffee.jpg", tmp_path / "a.JFIF")
    assert find_photos([tmp_path]) == [tmp_path / "a.JFIF"]


def test_a_photo_that_is_named_twice_counts_once(photo_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "again").symlink_to(photo_folder)
    twice = [photo_folder, tmp_path / "again", photo_folder / "more", photo_folder / "coffee.jpg"]
    assert find_photos(twice) == find_photos([photo_folder])


def test_hidden_files_and_folders_below_the_named_one_hold_no_photos(tmp_path: Path) -> None:
    root = tmp_path / ".named"
    for name in ("0.png", "._0.png", ".thumbnails/0.png", "more/.cache/deep/0.png"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    assert find_photos([root]) == [root / "0.png"]
    assert find_photos([root / "._0.png"]) == [root / "._0.png"]


def test_a_missing_and_an_empty_folder_are_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"gone: no such folder"):
        find_photos([tmp_path / "gone"])
    with pytest.raises(UsageError, match="holds no photos"):
        find_photos([tmp_path])
