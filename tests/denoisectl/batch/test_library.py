"""`Denoiser.file`, `folder` and `in_place` as programs call them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from denoisectl import Denoiser
from denoisectl.errors import UsageError
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


def test_a_result_without_a_format_is_refused(denoiser: Denoiser, tmp_path: Path) -> None:
    write_picture(tmp_path / "a.jpg")
    for target in ("b.xyz", "b"):
        with pytest.raises(
            UsageError, match=rf"{target}: its ending is to say its format; give one of \.jpg"
        ):
            denoiser.file(tmp_path / "a.jpg", tmp_path / target)


def test_a_result_with_a_misspelt_ending_is_refused(denoiser: Denoiser, tmp_path: Path) -> None:
    write_picture(tmp_path / "a.jpg")
    with pytest.raises(UsageError, match=r"no format has this ending; write .*a\.jpg"):
        denoiser.file(tmp_path / "a.jpg", tmp_path / "a.jgp")
    assert not (tmp_path / "a.jgp").exists()


def test_a_program_ends_with_a_run_half_taken(cli_env: dict[str, str], model: Path, tmp_path: Path) -> None:
    for name in "abcdef":
        write_picture(tmp_path / "in" / f"{name}.png")
    program = f"""
from denoisectl import Denoiser
from denoisectl.batch.folder import Resources
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
