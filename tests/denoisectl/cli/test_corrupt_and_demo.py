"""The two commands that make noise, in a process of their own."""

from pathlib import Path
from typing import get_args, get_type_hints

import cv2
import numpy as np
import pytest
import skimage.data

from denoisectl.cli.corrupt import Kind
from denoisectl.report.demo import psnr
from denoisectl_training.corruption.images import KINDS
from denoisectl_training.recipes import CorruptionSettings
from tests.conftest import Cli
from tests.denoisectl.cli.conftest import Invoke
from tests.toy_models import identity


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    folder.mkdir()
    cv2.imwrite(str(folder / "cat.jpg"), skimage.data.chelsea()[:120, :160, ::-1])
    (folder / "text.jpg").write_text("no photo")
    return folder


def test_corrupt_writes_noisy_photos_and_names_what_it_cannot_read(
    cli: Cli, photos: Path, tmp_path: Path
) -> None:
    ended = cli("corrupt", photos, "--out", tmp_path / "noisy", "--amount", 20)
    assert ended.returncode == 1
    assert b"text.jpg" in ended.stderr
    clean, noisy = cv2.imread(str(photos / "cat.jpg")), cv2.imread(str(tmp_path / "noisy" / "cat.png"))
    assert (noisy.astype(float) - clean).std() == pytest.approx(20, rel=0.1)


@pytest.mark.parametrize(
    ("flags", "made"),
    [
        (["--on-collision", "rename"], ["cat.jpg.png", "cat.png"]),
        (["--include", "*.jpg", "--suffix", "-noisy"], ["cat-noisy.png"]),
        (["--exclude", "*.jpg"], ["cat.png"]),
    ],
)
def test_the_ways_out_of_a_collision_are_there(
    invoke: Invoke, photos: Path, tmp_path: Path, flags: list[str], made: list[str]
) -> None:
    cv2.imwrite(str(photos / "cat.png"), skimage.data.chelsea()[:60, :80, ::-1])
    (photos / "text.jpg").unlink()
    ended = invoke("corrupt", photos, "-o", tmp_path / "x")
    assert ended.code == 2 and "--on-collision rename" in ended.stderr
    assert invoke("corrupt", photos, "-o", tmp_path / "x", *flags).code == 0
    assert sorted(path.name for path in (tmp_path / "x").glob("*.png")) == made


def test_the_ending_of_the_output_file_says_its_format(invoke: Invoke, photos: Path, tmp_path: Path) -> None:
    noisy = tmp_path / "noisy.jpg"
    assert invoke("corrupt", photos / "cat.jpg", "-o", noisy).code == 0
    assert noisy.read_bytes()[:2] == b"\xff\xd8"
    ended = invoke("corrupt", photos / "cat.jpg", "-o", tmp_path / "x.jpg", "--format", "png")
    assert ended.code == 2 and "--format png contradicts --out" in ended.stderr


def _amount(kind: str, amount: str) -> list[str]:
    return ["corrupt", "photos", "--out", "x", "--kind", kind, "--amount", amount]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["corrupt", "--out", "x"], b"nothing to corrupt"),
        (["corrupt", "gone", "--out", "x"], b"gone"),
        (["corrupt", "photos", "--out", "x", "--format", "jpeg"], b"--format jpeg: give png or keep"),
        (["corrupt", "photos", "--out", "x", "--kind", "fog"], b"--kind"),
        (["corrupt", "-", "--out", "x"], b"does not read stdin"),
        (["corrupt", "photos", "--out", "x", "--suffix", "a/b"], b"--suffix a/b is added to names"),
        (_amount("knockout", "0"), b"--amount 0: --kind knockout takes 1 to 100"),
        (_amount("knockout", "1e9"), b"--amount 1e+09: --kind knockout takes 1 to 100"),
        (_amount("salt_and_pepper", "7"), b"--amount 7: --kind salt_and_pepper takes 0 to 1"),
        (_amount("gaussian", "inf"), b"--amount inf: --kind gaussian takes 0 to 255"),
        (_amount("blur", "nan"), b"--amount nan: --kind blur takes 0 to 100"),
        (_amount("poisson", "-1"), b"--amount -1: --kind poisson takes 0.001 to 1"),
        (_amount("camera", "3"), b"--amount 3: --kind camera takes none"),
    ],
)
def test_bad_requests_are_named(
    cli: Cli, photos: Path, tmp_path: Path, arguments: list[str], message: bytes
) -> None:
    ended = cli(*arguments, cwd=tmp_path)
    assert ended.returncode == 2
    assert message in ended.stderr
    assert not (tmp_path / "x").exists()


def test_demo_shows_a_table_and_a_picture(cli: Cli, tmp_path: Path) -> None:
    model = identity(tmp_path / "model.onnx")
    ended = cli("demo", "--model", model, "--out", tmp_path / "look")
    assert ended.returncode == 0, ended.stderr
    for name in (b"astronaut", b"cat", b"coffee", b"rocket"):
        assert name in ended.stdout
    picture = cv2.imread(str(tmp_path / "look" / "before-after.png"))
    assert picture.shape[0] > picture.shape[1] > 900
    assert sorted(path.name for path in (tmp_path / "look" / "clean").glob("*.png")) == [
        "astronaut.png",
        "cat.png",
        "coffee.png",
        "rocket.png",
    ]


def test_the_demos_noise_is_the_same_every_time(cli: Cli, tmp_path: Path) -> None:
    model = identity(tmp_path / "model.onnx")
    for name in ("one", "two"):
        assert cli("demo", "--model", model, "--out", tmp_path / name, "-q").returncode == 0
    first, second = (cv2.imread(str(tmp_path / name / "noisy" / "cat.png")) for name in ("one", "two"))
    assert np.array_equal(first, second)
    noisy = first[..., ::-1]
    assert psnr(noisy, skimage.data.chelsea()) == pytest.approx(20.2, abs=0.2)


@pytest.mark.parametrize(
    "own", ["noisy/holiday.png", "noisy/cat.png", "clean/holiday.png", "clean/cat.png", "before-after.png"]
)
def test_the_demo_leaves_the_users_own_files_alone(cli: Cli, tmp_path: Path, own: str) -> None:
    model, path = identity(tmp_path / "model.onnx"), tmp_path / "w" / own
    path.parent.mkdir(parents=True)
    cv2.imwrite(str(path), np.full((300, 451, 3), 90, np.uint8))
    before = path.read_bytes()
    ended = cli("demo", "--model", model, "--out", tmp_path / "w")
    assert ended.returncode == 2
    assert str(path).encode() in ended.stderr and b"give --out a new or empty folder" in ended.stderr
    assert path.read_bytes() == before
    assert [each for each in (tmp_path / "w").rglob("*") if each.is_file()] == [path]


def test_the_demo_runs_again_in_its_own_folder(cli: Cli, tmp_path: Path) -> None:
    model = identity(tmp_path / "model.onnx")
    for _ in range(2):
        ended = cli("demo", "--model", model, "--out", tmp_path / "look")
        assert ended.returncode == 0, ended.stderr


def test_a_demo_that_cannot_be_written_is_named(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    model = identity(tmp_path / "model.onnx")
    ended = cli("demo", "--model", model, "--out", tmp_path / "file")
    assert ended.returncode == 2
    assert f"{tmp_path / 'file' / 'noisy'}".encode() in ended.stderr
    assert b"cannot be written" in ended.stderr and b"give --out another folder" in ended.stderr


def test_the_command_has_every_kind_that_recipes_have_but_clean() -> None:
    in_recipes = set(get_args(get_type_hints(CorruptionSettings)["kind"])) - {"clean"}
    assert {kind.value for kind in Kind} == set(KINDS) == in_recipes


def test_a_demo_of_ones_own_photos_is_one_picture(invoke: Invoke, photos: Path, tmp_path: Path) -> None:
    ended = invoke(
        "demo", photos / "cat.jpg", "--out", tmp_path / "look", "--model", identity(tmp_path / "i.onnx")
    )
    picture = tmp_path / "look" / "strengths.png"
    assert ended.code == 0 and f"look at {picture}; next, with the strength that looks best: " in ended.stderr
    assert cv2.imread(str(picture)).shape[1] > 4 * 160
    again = invoke("demo", photos / "cat.jpg", "--out", tmp_path / "look")
    assert again.code == 2 and "exists already; give --out another folder" in again.stderr
    assert "photo" not in again.stderr.partition("error")[0], "no model is opened for it"
    assert invoke("demo", "gone.jpg", "--out", tmp_path / "other").code == 1
