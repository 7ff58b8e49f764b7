"""`denoisectl train` and `curves`: what they pass on, what they say, and what they refuse."""

import json
from contextlib import nullcontext
from pathlib import Path

import cv2
import pytest
import skimage.data

from denoisectl.cli import export, training_display
from denoisectl_training.recipes import shipped_recipes
from tests.denoisectl.cli.conftest import Invoke

RECIPE = """
name = "toy"
[model]
architecture = "small"
widths = [4, 8]
colour = "rgb"
[[corruption]]
kind = "gaussian"
[data]
crop = 32
validation_photos = 1
[training]
images = 32
batch = 4
log_every = 8
validate_every = 16
precision = "float32"
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with photos, the same darkened, and a recipe."""
    for name, pixels in (("a", skimage.data.astronaut()[:64, :64]), ("b", skimage.data.coffee()[:64, :64])):
        for part, values in (("photos", pixels), ("noisy", pixels // 2)):
            (tmp_path / part).mkdir(exist_ok=True)
            cv2.imwrite(str(tmp_path / part / f"{name}.png"), values)
    (tmp_path / "toy.toml").write_text(RECIPE)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_run_is_trained_tuned_drawn_and_watched(invoke: Invoke, folder: Path) -> None:
    ended = invoke("train", "photos", "--recipe", "toy.toml", "--lr", "1e-4", "--tensorboard")
    assert ended.code == 0, ended.stderr
    assert "runs/toy: 32 of 32 images seen" in ended.stderr and ended.stdout == ""
    assert list((folder / "runs" / "toy").glob("events.out.tfevents.*"))
    ended = invoke(
        "train",
        "--from",
        "runs/toy",
        "--pairs",
        "noisy",
        "photos",
        "--freeze-encoder",
        "--set",
        "training.images=8",
    )
    assert ended.code == 0, ended.stderr
    assert "runs/toy-tuned: 8 of 8 images seen" in ended.stderr
    ended = invoke("curves", "runs/toy", "--out", "c.png", "--csv", "c.csv")
    assert ended.code == 0, ended.stderr
    assert (folder / "c.png").stat().st_size > 1000 and (folder / "c.csv").read_text().startswith(
        "run,images"
    )
    for flags in (["--out", "c.png"], ["--csv", "c.csv"]):
        ended = invoke("curves", "runs/toy", *flags)
        assert ended.code == 2 and f"{' '.join(flags)}: exists already; choose another name" in ended.stderr
        assert invoke("curves", "runs/toy", *flags, "--overwrite").code == 0


def test_a_stopped_run_says_how_to_go_on(invoke: Invoke, folder: Path) -> None:
    ended = invoke("train", "photos", "--recipe", "toy.toml", "--max-time", "0.001s")
    assert ended.code == 0 and "go on with: denoisectl train photos --resume runs/toy" in ended.stderr
    (record,) = map(json.loads, (folder / "runs/toy/log.jsonl").read_text().splitlines())
    assert f"runs/toy: 4 of 32 images seen, loss {record['loss']:.3f}\n" in ended.stderr
    assert invoke("train", "photos", "--resume", "runs/toy").code == 0
    other = invoke("train", "photos", "--resume", "runs/toy", "--recipe", "small")
    assert other.code == 2 and "leave --recipe out" in other.stderr


def test_a_second_run_of_a_name_says_where_it_goes_and_is_exported_to_a_name_of_its_own(
    invoke: Invoke, folder: Path
) -> None:
    command = ("train", "photos", "--recipe", "toy.toml", "--max-time", "0.001s")
    assert "is there already" not in invoke(*command).stderr
    told = invoke(*command).stderr
    assert "runs/toy is there already, so this run is runs/toy-2; --resume runs/toy goes" in told
    assert "next: denoisectl export runs/toy-2 --out toy-2.onnx" in told
    (folder / "toy.onnx").touch()
    told = invoke("train", "photos", "--resume", "runs/toy").stderr
    assert "next: denoisectl export runs/toy --out toy-32.onnx" in told


def test_a_resumed_run_is_shown_from_where_it_stopped(
    invoke: Invoke, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    invoke("train", "photos", "--recipe", "toy.toml", "--max-time", "0.001s")
    shown, display = [], training_display.training_display
    monkeypatch.setattr(
        training_display, "training_display", lambda *args: (shown.append(args), display(*args))[1]
    )
    invoke("train", "photos", "--resume", "runs/toy")
    assert shown == [("toy", 4, 32, None, None)]


def test_an_export_says_what_it_does_and_warns_before_the_first_validation(
    invoke: Invoke, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[str] = []
    monkeypatch.setattr(export, "under_way", lambda what: (shown.append(what), nullcontext())[1])
    invoke("train", "photos", "--recipe", "toy.toml", "--max-time", "0.001s")
    told = invoke("export", "runs/toy", "--out", "early.onnx").stderr
    assert "warning: runs/toy: has hardly been trained (4 images, not validated yet)" in told
    assert shown == ["early.onnx: comparing it with runs/toy, and measuring on photos"]
    assert "go on with: denoisectl train PHOTOS --resume runs/toy" in told
    invoke("train", "photos", "--resume", "runs/toy")
    ended = invoke("export", "runs/toy/last.pt", "--out", "late.onnx")
    assert ended.code == 0 and "hardly" not in ended.stderr


def test_the_rate_search_is_told(invoke: Invoke, folder: Path) -> None:
    ended = invoke("train", "photos", "--recipe", "toy.toml", "--lr", "auto")
    assert ended.code == 0 and "rate 0.0" in ended.stderr and "loss" in ended.stderr


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ([], "no folder of photos given"),
        (["photos", "--pairs", "noisy", "photos"], "not both"),
        (["--pairs", "photos", "photos"], "are one folder"),
        (
            ["--pairs", "noisy", "photos", "--set", "data.scale=[0.5, 1]"],
            "--set data.scale: pairs are learned as they",
        ),
        (
            ["--pairs", "noisy", "photos", "--set", "data={scale=[0.5, 1]}"],
            "--set data.scale: pairs are learned",
        ),
        (["--pairs", "noisy", "photos", "--set", "data.brightness=0.2"], "--set data.brightness: pairs are"),
        (
            ["--pairs", "noisy", "photos", "--set", "corruption=[]"],
            "--set corruption: pairs are learned as they",
        ),
        (["photos", "--resume", "runs/x", "--lr", "auto"], "--resume goes on as the run began"),
        (["photos", "--out", "x"], "--out x: train makes run folders, in --runs DIR; denoisectl export RUN"),
        (["photos", "--freeze-encoder"], "--freeze-encoder needs --from"),
        (["nosuch"], "nosuch: no such folder"),
        (["photos", "--resume", "nosuch"], "--resume nosuch: not the folder of a training run"),
        (["photos", "--resume", "toy.toml"], "--resume toy.toml: is a file"),
        (["photos", "--recipe", "toy.toml", "--lr", "fast"], "--lr fast: expected auto or a number"),
        (["photos", "--recipe", "toy.toml", "--lr", "nan"], "--lr nan: expected auto or a number"),
    ],
)
def test_requests_that_make_no_sense_are_refused(
    invoke: Invoke, folder: Path, args: list[str], message: str
) -> None:
    ended = invoke("train", *args)
    assert ended.code == 2 and message in ended.stderr


def test_curves_without_an_output_are_refused(invoke: Invoke) -> None:
    ended = invoke("curves", "runs/x")
    assert ended.code == 2 and "nothing to write" in ended.stderr


@pytest.mark.parametrize("name", ["c.gif", "c"])
def test_a_plot_of_another_format_is_refused(invoke: Invoke, folder: Path, name: str) -> None:
    ended = invoke("curves", "runs/x", "--out", name)
    assert ended.code == 2 and f"--out {name}: a plot's name ends in .png, .svg or .pdf" in ended.stderr
    assert not (folder / name).exists()


def test_a_sweep_ends_with_a_table_and_the_command_to_train_with(invoke: Invoke, folder: Path) -> None:
    for number in range(2):
        cv2.imwrite(
            str(folder / "photos" / f"more{number}.png"),
            skimage.data.chelsea()[:64, 64 * number : 64 * number + 64],
        )
    ended = invoke(
        "sweep", "photos", "--out", "sweep", "--recipe", "toy.toml", "--over", "loss.l1=[0, 30]", "--trials", 1,
        "--set", "data.test_photos=1",
    )  # fmt: skip
    assert ended.code == 0, ended.stderr
    assert "Validation PSNR" in ended.stdout and "dB on test photos" in ended.stderr
    assert "denoisectl train photos --recipe toy.toml --set data.test_photos=1 --set loss.l1=" in ended.stderr


def test_recipes_are_listed_with_those_of_experiments_last(invoke: Invoke) -> None:
    ended = invoke("train", "--list")
    listed = [line.split("\t")[0] for line in ended.stdout.splitlines()]
    assert ended.code == 0 and listed == shipped_recipes()
    families = list(dict.fromkeys(name.partition("-")[0] for name in listed))
    assert listed[0] == "photo" and families == ["photo", "book", "exp"]
    assert "--recipe skip is book-skip" in ended.stderr and "the comparisons in docs" in ended.stderr
