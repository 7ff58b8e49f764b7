import re
from pathlib import Path

import pytest

from denoisectl.errors import TrainingError, UsageError
from denoisectl_training.photos.pairs import match_folders, match_patterns
from denoisectl_training.train import Photos


def files(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    return folder


def test_folders_are_matched_by_name_whatever_the_suffix(tmp_path: Path) -> None:
    noisy = files(tmp_path / "noisy", "b.jpg", "sub/a.jpg")
    clean = files(tmp_path / "clean", "sub/a.png", "b.png")
    assert match_folders(noisy, clean) == [
        (noisy / "b.jpg", clean / "b.png"),
        (noisy / "sub/a.jpg", clean / "sub/a.png"),
    ]


def test_one_folder_is_no_pair(tmp_path: Path) -> None:
    folder = files(tmp_path / "n", "a.png")
    (tmp_path / "link").symlink_to(folder)
    with pytest.raises(UsageError, match="are one folder; name that of the clean photos, too"):
        Photos((), (folder, tmp_path / "link")).count()


def test_photos_without_a_partner_are_named_on_both_sides(tmp_path: Path) -> None:
    noisy, clean = files(tmp_path / "n", "a.png", "x.png"), files(tmp_path / "c", "a.png", "y.png")
    with pytest.raises(TrainingError, match=r"no partner for .*n/x.png, .*c/y.png"):
        match_folders(noisy, clean)


def test_a_long_list_of_odd_ones_is_cut(tmp_path: Path) -> None:
    noisy = files(tmp_path / "n", *(f"{i}.png" for i in range(9)))
    with pytest.raises(TrainingError, match="and 3 more"):
        match_folders(noisy, files(tmp_path / "c", "0.png", "1.png", "z.png"))


def test_two_photos_of_one_name_are_refused(tmp_path: Path) -> None:
    noisy, clean = files(tmp_path / "n", "a.png", "a.jpg"), files(tmp_path / "c", "a.png")
    with pytest.raises(TrainingError, match="have the same name"):
        match_folders(noisy, clean)


def test_patterns_are_matched_by_what_the_star_stands_for(tmp_path: Path) -> None:
    folder = files(tmp_path, "x_real.JPG", "x_mean.JPG", "sub/x_real.JPG", "sub/x_mean.JPG", "notes.txt")
    assert match_patterns([folder], "*_real.JPG", "*_mean.JPG") == [
        (folder / "sub/x_real.JPG", folder / "sub/x_mean.JPG"),
        (folder / "x_real.JPG", folder / "x_mean.JPG"),
    ]


def test_one_clean_photo_may_be_linked_to_by_many_names(tmp_path: Path) -> None:
    noisy, clean = files(tmp_path / "noisy", "a.png", "b.png"), files(tmp_path / "clean", "a.png")
    (clean / "b.png").symlink_to(clean / "a.png")
    assert match_folders(noisy, clean)[1] == (noisy / "b.png", clean / "b.png")


def test_hidden_files_match_no_pattern(tmp_path: Path) -> None:
    folder = files(tmp_path, "x_real.png", "x_mean.png", "._x_real.png", ".thumbnails/x_real.png")
    assert match_patterns([folder], "*_real.png", "*_mean.png") == [
        (folder / "x_real.png", folder / "x_mean.png")
    ]


def test_a_pattern_that_matches_nothing_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no photo matches \*_real.JPG"):
        match_patterns([tmp_path], "*_real.JPG", "*_mean.JPG")


@pytest.mark.parametrize(
    "pattern", ["/data/few/*.jpg", "noisy/*.jpg", "noisy", "a[12]_*_real.png", "img?_*_real.png"]
)
def test_a_pattern_that_cannot_work_is_refused(pattern: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=rf"--pairs {re.escape(pattern)}: a pattern"):
        match_patterns([tmp_path], pattern, "*_mean.JPG")


def test_folders_that_are_none_are_named(tmp_path: Path) -> None:
    folder = files(tmp_path, "a.jpg", "b.jpg")
    with pytest.raises(UsageError, match=r"a\.jpg: is no folder"):
        match_folders(folder / "a.jpg", folder / "b.jpg")
    with pytest.raises(UsageError, match=r"a\.jpg: is no folder"):
        match_patterns([folder / "a.jpg"], "*_a.jpg", "*_b.jpg")
    with pytest.raises(UsageError, match=r"gone: no such folder"):
        match_patterns([folder / "gone"], "*_a.jpg", "*_b.jpg")
