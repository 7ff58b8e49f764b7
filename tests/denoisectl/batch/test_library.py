"""`Denoiser.file`, `folder` and `in_place` as programs call them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from denoisectl import Denoiser
from denoisectl.errors import ImageError, UsageError
from tests.denoisectl.conftest import Pictures, write_picture


@pytest.fixture(scope="module")
def denoiser(model: Path) -> Denoiser:
    return Denoiser.open(model, "cpu", threads=1)


def test_one_glob_is_one_glob(denoiser: Denoiser, tmp_path: Path, pictures: Pictures) -> None:
    pictures(tmp_path / "in", "a.png", "b.jpg", "c.jpg")
    done = denoiser.folder(tmp_path / "in", tmp_path / "out", include="*.jpg", exclude="c*")
    assert [Path(result.source).name for result in done] == ["b.jpg"]
    done = denoiser.in_place(tmp_path / "in", ".orig", include="a.*")
    assert [Path(result.source).name for result in done] == ["a.png"]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"format": "gif"}, "format 'gif': give one of jpeg, png, tiff, webp, bmp"),
        ({"if_exists": "replace"}, "if_exists 'replace': give one of skip, overwrite, error, newer"),
        ({"bit_depth": 12}, "--bit-depth 12: give 8 or 16"),
        ({"strength": "0.5"}, "--strength '0.5': give a number from 0 "),
        ({"quality": "90"}, "--quality '90': give a number from 1 to 100"),
        ({"max_pixels": -1}, "--max-pixels -1: give a number of pixels, or 0 for any"),
        ({"on_collision": "renam"}, "on_collision 'renam': give one of error, rename"),
    ],
)
def test_what_is_misspelt_is_told(
    denoiser: Denoiser, tmp_path: Path, pictures: Pictures, settings: dict[str, Any], message: str
) -> None:
    pictures(tmp_path / "in", "a.png")
    with pytest.raises(UsageError, match=message):
        denoiser.folder(tmp_path / "in", tmp_path / "out", **settings)


def test_a_file_is_no_folder_and_no_pattern(denoiser: Denoiser, tmp_path: Path) -> None:
    write_picture(tmp_path / "in" / "a.png")
    with pytest.raises(UsageError, match="is a folder; name a file"):
        denoiser.file(tmp_path / "in", tmp_path / "b.png")
    with pytest.raises(UsageError, match="is a folder; name a file"):
        denoiser.file(tmp_path / "in" / "a.png", tmp_path, if_exists="overwrite")
    write_picture(tmp_path / "in" / "[a]*.png")
    assert denoiser.file(tmp_path / "in" / "[a]*.png", tmp_path / "b.png").source.endswith("[a]*.png")


def test_a_file_is_not_run_as_a_folder(denoiser: Denoiser, tmp_path: Path) -> None:
    photo = write_picture(tmp_path / "a.jpg")
    with pytest.raises(UsageError, match=r"a\.jpg: is a file; name a folder, or use `Denoiser\.file`"):
        denoiser.folder(photo, tmp_path / "out")


@pytest.mark.parametrize("name", ["x" * 300, "a\0b", "loop", "loop/below"])
def test_names_that_no_file_can_have_are_told(denoiser: Denoiser, tmp_path: Path, name: str) -> None:
    write_picture(tmp_path / "in" / "a.png")
    (tmp_path / "loop").symlink_to("loop")
    told = r"(xxx|loop).*(cannot be|is a file)|no file has NUL in its name"
    for call in (denoiser.folder, denoiser.in_place):
        with pytest.raises(UsageError, match=told):
            call(tmp_path / "in", str(tmp_path / name))
        with pytest.raises(UsageError, match=told):
            call(tmp_path / name, str(tmp_path / "out"))
    for source, target in ((name, "b.png"), ("in/a.png", f"{name}/b.png")):
        with pytest.raises((UsageError, ImageError), match=told):
            denoiser.file(tmp_path / source, tmp_path / target)


def test_a_backup_suffix_that_is_too_long_costs_its_photos(denoiser: Denoiser, tmp_path: Path) -> None:
    write_picture(tmp_path / "in" / "a.png")
    (result,) = denoiser.in_place(tmp_path / "in", "." + "x" * 253)
    assert result.status == "failed" and "File name too long" in result.reason


@pytest.mark.parametrize("name", ["originals", ".orig"])
def test_a_backup_that_is_a_path_is_a_folder(
    name: str, denoiser: Denoiser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    photo = write_picture(tmp_path / "in" / "a.png")
    before = photo.read_bytes()
    (result,) = denoiser.in_place("in", Path(name))
    assert result.backup == Path(name, "a.png") and result.backup.read_bytes() == before


def test_a_whole_number_is_the_same_amount(denoiser: Denoiser, tmp_path: Path) -> None:
    write_picture(tmp_path / "in" / "a.png")
    seen = []
    for amount in (1, 1.0, np.float32(1)):
        (result,) = denoiser.folder(tmp_path / "in", tmp_path / "out", strength=amount)
        seen.append(str(result.status))
    assert seen == ["ok", "skipped", "skipped"]


def test_a_target_that_exists_is_refused_in_the_words_of_a_program(
    denoiser: Denoiser, tmp_path: Path
) -> None:
    photo, target = write_picture(tmp_path / "a.png"), write_picture(tmp_path / "b.png")
    before = target.read_bytes()
    with pytest.raises(UsageError, match=r'b\.png exists already; if_exists="overwrite" replaces it'):
        denoiser.file(photo, target)
    assert target.read_bytes() == before
    assert denoiser.file(photo, target, if_exists="overwrite").status == "ok"


def test_a_result_without_a_format_is_refused(denoiser: Denoiser, tmp_path: Path) -> None:
    write_picture(tmp_path / "a.jpg")
    for target in ("b.xyz", "b", "b.jgp", "b.gif", "b.heic"):
        with pytest.raises(
            UsageError, match=rf"/{target}: its ending is to say its format; give one of \.jpg"
        ):
            denoiser.file(tmp_path / "a.jpg", tmp_path / target)
        assert not (tmp_path / target).exists()


@pytest.mark.parametrize("if_exists", ["error", "skip", "overwrite", "newer"])
def test_a_target_that_is_the_source_is_refused(denoiser: Denoiser, tmp_path: Path, if_exists: Any) -> None:
    photo = write_picture(tmp_path / "a.jpg")
    before = photo.read_bytes()
    (tmp_path / "b.jpg").symlink_to("a.jpg")
    for target in (photo, tmp_path / "b.jpg"):
        with pytest.raises(
            UsageError, match=r"is the source; name another target, or use `Denoiser\.in_place`"
        ):
            denoiser.file(photo, target, if_exists=if_exists)
    assert photo.read_bytes() == before


def test_a_program_ends_with_a_run_half_taken(cli_env: dict[str, str], model: Path, tmp_path: Path) -> None:
    for name in "abcdef":
        write_picture(tmp_path / "in" / f"{name}.png")
    program = f"""
from denoisectl import Denoiser
from denoisectl.batch.run_plan import Resources
from denoisectl.batch.library import denoise_folder
results = denoise_folder(
    Denoiser.open({str(model)!r}, "cpu", threads=1), "in", "out", resources=Resources(memory=1)
)
next(results)
"""
    ended = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, env=cli_env, timeout=60, check=False
    )
    assert ended.returncode == 0
