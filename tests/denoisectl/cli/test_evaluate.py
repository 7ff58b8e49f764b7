"""`denoisectl eval`: what it passes on and what it says."""

import errno
import json
import shutil
from contextlib import nullcontext
from pathlib import Path

import cv2
import pytest
import skimage.data
from matplotlib.figure import Figure

from denoisectl.cli import evaluate
from denoisectl.errors import UsageError
from tests.denoisectl.cli.conftest import Invoke


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder, clean = tmp_path / "photos", skimage.data.astronaut()[:48, 200:248, ::-1]
    folder.mkdir()
    cv2.imwrite(str(folder / "x_mean.png"), clean)
    cv2.imwrite(str(folder / "x_real.png"), cv2.GaussianBlur(clean, (3, 3), 0))
    return folder


def test_the_five_cases_are_a_table(invoke: Invoke, folder: Path, tmp_path: Path) -> None:
    ended = invoke("eval", folder, "--sheet", tmp_path / "sheet.png", "--threads", 1)
    assert ended.code == 0, ended.stderr
    assert "PSNR in dB (five cases, 2 images)" in ended.stdout and "SSIM" in ended.stdout
    for word in ("salt and pepper", "knockout", "mean", "median 3x3", "input"):
        assert word in ended.stdout
    assert (tmp_path / "sheet.png").stat().st_size > 1000


def test_how_far_it_is_is_told_by_photo(
    invoke: Invoke, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    monkeypatch.setattr(evaluate, "under_way", lambda what: nullcontext(told.append))
    assert invoke("eval", folder).code == 0
    assert "input: photo 1 of 2, clean" in told and told[-1].endswith(": photo 2 of 2, knockout")


@pytest.mark.parametrize(
    ("sheet", "message"),
    [
        ("sheet.jgp", "name ends in .png"),
        ("none/sheet.png", "make it first"),
        ("photos/x_mean.png", "lies among the photos to measure"),
    ],
)
def test_a_sheet_that_cannot_be_is_refused_before_anything_is_measured(
    invoke: Invoke, folder: Path, tmp_path: Path, sheet: str, message: str
) -> None:
    before = (folder / "x_mean.png").read_bytes()
    ended = invoke("eval", folder, "--sheet", tmp_path / sheet)
    assert ended.code == 2 and message in ended.stderr and "measured" not in ended.stderr
    assert (folder / "x_mean.png").read_bytes() == before


@pytest.mark.parametrize("flags", [[], ["--overwrite"]])
def test_a_sheet_takes_no_place_among_pairs(
    invoke: Invoke, folder: Path, tmp_path: Path, flags: list[str]
) -> None:
    shutil.copytree(folder, tmp_path / "noisy")
    before = (folder / "x_mean.png").read_bytes()
    ended = invoke("eval", "--pairs", tmp_path / "noisy", folder, "--sheet", folder / "x_mean.png", *flags)
    assert ended.code == 2 and "lies among the photos to measure" in ended.stderr
    assert (folder / "x_mean.png").read_bytes() == before


def test_a_sheet_replaces_another_file_on_request_only(invoke: Invoke, folder: Path, tmp_path: Path) -> None:
    sheet = tmp_path / "sheet.png"
    sheet.write_text("keep")
    ended = invoke("eval", folder, "--sheet", sheet)
    assert ended.code == 2 and f"--sheet {sheet}: exists already; choose another name" in ended.stderr
    assert sheet.read_text() == "keep"
    assert invoke("eval", folder, "--every", 2, "--sheet", sheet, "--overwrite").code == 0
    assert sheet.stat().st_size > 1000


@pytest.mark.parametrize(
    ("flags", "there"),
    [([], "x_mean.png"), (["--every", 2], "x_mean.png"), (["--crops", 3, "--side", 32], "x_mean.png#0")],
)
def test_an_image_that_is_not_measured_cannot_be_on_the_sheet(
    invoke: Invoke, folder: Path, tmp_path: Path, flags: list[str | int], there: str
) -> None:
    asked = ("--sheet", tmp_path / "s.png", "--sheet-image")
    ended = invoke("eval", folder, *flags, *asked, "nosuch")
    assert ended.code == 2 and "measured" not in ended.stderr
    assert f"--sheet-image nosuch: no such image in the test set, which has {there}" in ended.stderr
    assert invoke("eval", folder, *flags, *asked, there).code == 0


def test_a_sheet_that_fails_does_not_cost_the_figures(
    invoke: Invoke, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Figure, "savefig", full)
    ended = invoke("eval", folder, "--sheet", tmp_path / "s.png", "--json")
    assert ended.code == 5 and "No space left" in ended.stderr
    assert json.loads(ended.stdout)["images"] == 2


def test_photos_of_one_name_in_two_folders_are_two_and_copies_are_one(
    invoke: Invoke, folder: Path, tmp_path: Path
) -> None:
    asked = ("eval", folder, tmp_path, "--protocol", "literature", "--sigma", 25, "--json")
    shutil.copy(folder / "x_mean.png", tmp_path / "x_real.png")
    ended = invoke(*asked)
    assert json.loads(ended.stdout)["images"] == 2
    assert f"copies of other photos are left out (1), the first is {tmp_path / 'x_real.png'}" in ended.stderr
    cv2.imwrite(str(tmp_path / "x_real.png"), skimage.data.coffee()[:48, :48])
    assert json.loads(invoke(*asked).stdout)["images"] == 3


def test_the_literature_protocol_speaks_json(invoke: Invoke, folder: Path) -> None:
    ended = invoke("eval", folder, "--protocol", "literature", "--sigma", 25, "--every", 2, "--json")
    result = json.loads(ended.stdout)
    assert (result["protocol"], result["images"]) == ("literature", 1)
    assert list(result["candidates"][0]["psnr"]) == ["sigma 25", "mean"]
    assert result["candidates"][0]["psnr"]["sigma 25"]["mean"] == pytest.approx(20.5, abs=0.5)


def test_clean_photos_in_are_valid_json(invoke: Invoke, folder: Path) -> None:
    ended = invoke("eval", folder, "--protocol", "literature", "--sigma", 0, "--json")
    assert ended.code == 0, ended.stderr
    assert "NaN" not in ended.stdout and "passes its input on" not in ended.stderr
    assert json.loads(ended.stdout)["candidates"][0]["psnr_to_input"] is None


def test_without_a_model_it_says_that_only_baselines_are_measured(invoke: Invoke, folder: Path) -> None:
    assert "no --model: baselines only" in invoke("eval", folder, "--every", 2).stderr


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["--sigma", 25], "--sigma needs --protocol literature"),
        (["--pairs", "*a.png", "*b.png", "--protocol", "literature"], "leave --protocol and --sigma out"),
        (["--side", 64], "--side needs --crops"),
    ],
)
def test_flags_without_the_flag_they_belong_to_are_refused(
    invoke: Invoke, folder: Path, args: list[object], message: str
) -> None:
    ended = invoke("eval", folder, *args)
    assert ended.code == 2 and message in ended.stderr


def test_pairs_are_measured_as_they_are(invoke: Invoke, folder: Path) -> None:
    ended = invoke("eval", folder, "--pairs", "*_real.png", "*_mean.png")
    assert ended.code == 0, ended.stderr
    assert "(pairs, 1 images)" in ended.stdout and "gain" in ended.stdout


def test_a_seed_below_nothing_is_refused(invoke: Invoke, folder: Path) -> None:
    ended = invoke("eval", folder, "--crops", 2, "--seed", -1)
    assert ended.code == 2 and "--seed" in ended.stderr


def test_no_folder_is_a_usage_error(invoke: Invoke) -> None:
    ended = invoke("eval")
    assert ended.code == 2 and "no folder of photos given" in ended.stderr


def test_a_folder_that_takes_no_sheet_is_refused_before_anything_is_measured(
    invoke: Invoke, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(_: Path, told: str) -> None:
        raise UsageError(f"{told} cannot be written to")

    monkeypatch.setattr(evaluate, "check_writable", refused)
    ended = invoke("eval", folder, "--sheet", tmp_path / "sheet.png")
    assert ended.code == 2 and ended.stdout == ""
    assert f"--sheet {tmp_path / 'sheet.png'}: its folder cannot be" in ended.stderr
