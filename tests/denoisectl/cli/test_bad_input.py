"""Every bad input gets a sentence that names the file or flag and the way out, and nothing is lost."""

from __future__ import annotations

import errno
import os
import tempfile
from pathlib import Path

import pytest

from denoisectl.batch import walk
from tests import toy_models
from tests.denoisectl.cli.conftest import Invoke
from tests.denoisectl.conftest import write_picture


@pytest.fixture
def run(invoke: Invoke, model: Path) -> Invoke:
    return lambda *args: invoke("run", *args, "-m", model)


def test_a_missing_folder(run: Invoke, tmp_path: Path, out: Path) -> None:
    ended = run(tmp_path / "nowhere", "-o", out)
    assert (
        ended.code == 2 and f"{tmp_path / 'nowhere'}: no such file or folder; check the name" in ended.stderr
    )


def test_a_missing_photo_is_missed_by_name_wherever_its_result_was_to_go(run: Invoke, tmp_path: Path) -> None:
    for out in (tmp_path / "clean", tmp_path / "clean.png"):
        ended = run(tmp_path / "typo.png", "-o", out)
        assert ended.code == 2 and "typo.png: no such file or folder; check the name" in ended.stderr


def test_an_empty_folder(run: Invoke, tmp_path: Path, out: Path) -> None:
    (tmp_path / "in").mkdir()
    ended = run(tmp_path / "in", "-o", out)
    assert (
        ended.code == 2 and "nothing to do: no files were found; --recursive also looks into" in ended.stderr
    )
    (tmp_path / "in" / "notes.txt").touch()
    ended = run(tmp_path / "in", "-o", out)
    assert (
        ended.code == 2
        and "nothing to do: no photos found, only other files (1); --recursive also" in ended.stderr
    )
    assert not out.exists()


def test_no_input_at_all(run: Invoke, out: Path) -> None:
    ended = run("-o", out)
    assert ended.code == 2 and "--files-from" in ended.stderr


def test_a_text_file_called_jpg(run: Invoke, photos: Path, out: Path) -> None:
    (photos / "b.jpg").write_text("Dear diary")
    ended = run(photos, "-o", out)
    assert "1 file to process; 1 cannot be processed" in ended.stderr
    assert ended.code == 1 and "b.jpg: not an image: the content is not JPEG" in ended.stderr
    assert (out / "a.png").exists() and not (out / "b.jpg").exists()


def test_a_truncated_jpeg(run: Invoke, photos: Path, out: Path) -> None:
    whole = (photos / "b.jpg").read_bytes()
    (photos / "b.jpg").write_bytes(whole[: len(whole) // 2])
    ended = run(photos, "-o", out)
    assert ended.code == 1 and "b.jpg: " in ended.stderr and "cut short" in ended.stderr
    assert (out / "a.png").exists() and not (out / "b.jpg").exists()


def test_an_output_folder_that_cannot_be_written(run: Invoke, photos: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    for name, problem in (("file", "is a file"), ("file/out", f"{tmp_path / 'file'} is a file")):
        ended = run(photos, "-o", tmp_path / name)
        assert "to process" not in ended.stderr
        assert ended.code == 2 and f"--out {tmp_path / name}: {problem}" in ended.stderr
        assert "choose another folder" in ended.stderr
    ended = run(photos / "a.png", "-o", tmp_path / "file" / "x.png")
    assert ended.code == 2 and f"--out {tmp_path / 'file' / 'x.png'}: its folder is a file" in ended.stderr
    assert (tmp_path / "file").read_text() == "in the way"


def test_a_file_in_the_way_of_a_subfolder_costs_its_files_only(run: Invoke, photos: Path, out: Path) -> None:
    out.mkdir()
    (out / "sub").write_text("in the way")
    ended = run("-r", photos, "-o", out)
    assert ended.code == 1 and f"{out / 'sub' / 'c.png'}: cannot be written" in ended.stderr
    assert (out / "a.png").exists() and (out / "sub").read_text() == "in the way"


def test_a_model_without_a_card(invoke: Invoke, photos: Path, out: Path, tmp_path: Path) -> None:
    model = toy_models.identity(tmp_path / "a bare.onnx", card=None)
    ended = invoke("run", photos, "-o", out, "-m", model)
    assert ended.code == 4 and "a bare.onnx has no denoisectl card" in ended.stderr
    assert f"`denoisectl export '{model}' --out adopted.onnx`" in ended.stderr


def test_a_missing_model(invoke: Invoke, photos: Path, out: Path) -> None:
    ended = invoke("run", photos, "-o", out, "-m", "./nowhere.onnx")
    assert ended.code == 4 and "nowhere.onnx" in ended.stderr and not out.exists()


def test_cuda_where_there_is_none(run: Invoke, photos: Path, out: Path) -> None:
    if Path("/dev/nvidiactl").exists():
        pytest.skip("there is a GPU here")
    ended = run(photos, "-o", out, "--device", "cuda")
    assert ended.code == 3 and "cuda:0 cannot be used" in ended.stderr and "install" in ended.stderr
    assert not out.exists(), "nothing is made before the device has proved to work"


@pytest.mark.parametrize("memory", ["1", "2K"])
def test_memory_that_holds_no_tile(run: Invoke, photos: Path, out: Path, memory: str) -> None:
    ended = run(photos, "-o", out, "--memory", memory)
    assert ended.code == 2 and "raise --memory, for example to 4G (a number alone is bytes)" in ended.stderr
    assert not out.exists()


def test_a_decompression_bomb(run: Invoke, photos: Path, out: Path) -> None:
    ended = run(photos, "-o", out, "--max-pixels", "500")
    assert ended.code == 1 and "32 x 24" in ended.stderr and "--max-pixels" in ended.stderr


def test_a_model_that_enlarges_writes_no_corner_of_the_photo(
    invoke: Invoke, photos: Path, tmp_path: Path
) -> None:
    model, out = toy_models.resized(tmp_path / "up2.onnx", 2), tmp_path / "o.png"
    ended = invoke("run", photos / "a.png", "-o", out, "-m", model, "--device", "cpu")
    assert ended.code == 4 and "resized gives" in ended.stderr and "export the model again" in ended.stderr
    assert not out.exists()


def test_a_network_that_breaks_down_writes_no_black(invoke: Invoke, tmp_path: Path, out: Path) -> None:
    model = toy_models.failing(tmp_path / "failing.onnx")
    write_picture(tmp_path / "in" / "a.png")
    ended = invoke("run", tmp_path / "in", "-o", out, "-m", model)
    assert ended.code == 1 and "a.png: the network gave NaN or infinity" in ended.stderr
    assert not (out / "a.png").exists()


def test_an_image_where_a_folder_is_needed(run: Invoke, photos: Path, tmp_path: Path) -> None:
    ended = run(photos, "-o", tmp_path / "x.png")
    assert ended.code == 2 and "x.png is one file" in ended.stderr and "give a folder" in ended.stderr


def test_a_model_that_is_not_there_in_the_precision_asked_for(run: Invoke, photos: Path, out: Path) -> None:
    ended = run(photos, "-o", out, "--precision", "int8")
    assert ended.code == 2 and "precision int8: " in ended.stderr and "is in float32" in ended.stderr
    assert not out.exists()


@pytest.mark.parametrize("args", [("", "-o", "out"), ("photos", "-o", "")], ids=["input", "out"])
def test_an_empty_argument_is_not_the_current_folder(
    run: Invoke, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, args: tuple[str, ...]
) -> None:
    write_picture(tmp_path / "photos" / "a.png")
    monkeypatch.chdir(tmp_path)
    ended = run(*args)
    assert ended.code == 2 and "is empty: is a variable unset?" in ended.stderr
    assert [entry.name for entry in tmp_path.iterdir()] == ["photos"]


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("-dash.jpg", "-o", "x.jpg"), "-dash.jpg: is taken for the option -d; write ./-dash.jpg"),
        (("--", "-dash.jpg", "-o", "x.jpg"), "-o: no such file, and after -- everything is a file"),
    ],
)
def test_files_and_options_that_are_taken_for_each_other(
    invoke: Invoke, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, args: tuple[str, ...], message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    write_picture(tmp_path / "-dash.jpg")
    ended = invoke("run", *args)
    assert ended.code == 2 and message in ended.stderr and not (tmp_path / "x.jpg").exists()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes here")
def test_a_pipe_among_the_photos_is_passed_over_and_a_named_one_is_refused(
    run: Invoke, photos: Path, out: Path
) -> None:
    os.mkfifo(photos / "pipe.png")
    assert run(photos, "-o", out).code == 0 and not (out / "pipe.png").exists()
    ended = run(photos / "pipe.png", "-o", out / "x.png")
    assert ended.code == 1 and "is a pipe or a device; send it in by stdin" in ended.stderr


def test_a_folder_that_cannot_be_looked_into_stops_nothing_else(
    run: Invoke, photos: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed, entries = photos / "closed", walk._entries
    closed.mkdir()

    def forbidden(folder: Path, left_out: frozenset[str]) -> list[os.DirEntry[str]]:
        if folder == closed:  # as the system says it to all but root
            raise PermissionError(errno.EACCES, "Permission denied")
        return entries(folder, left_out)

    monkeypatch.setattr(walk, "_entries", forbidden)
    ended = run("-r", photos, "-o", out)
    assert ended.code == 1 and f"{closed}: cannot be looked into: Permission denied" in ended.stderr
    assert list(out.glob("*.png"))


def test_a_place_that_cannot_be_written_to_is_told_before_the_work(
    run: Invoke, invoke: Invoke, photos: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def closed(**_: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(tempfile, "TemporaryFile", closed)
    ended = run(photos, "-o", out / "deep", "--device", "cuda:9")
    assert ended.code == 2 and f"{out.parent} cannot be written to: Permission denied" in ended.stderr
    assert "to process" not in ended.stderr and not out.exists()
    model = out.parent / "x.onnx"
    ended = invoke("export", "gone", "-o", model)
    assert ended.code == 2 and f"--out {model}: its folder cannot be written to: Permission" in ended.stderr


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("--suffix", "/x"), "--suffix /x is added to names"),
        (("--base", "nowhere"), "--base nowhere: is not a folder"),
        (("--failed-to", "."), "--failed-to .: the list goes to a file, not to a folder"),
        (("--failed-to", "-"), "--failed-to -: the list goes to a file"),
        (("-0",), "-0 is for lists: it goes with --files-from or --failed-to"),
        (("--device", "gpu", "--dry-run"), 'unknown device "gpu"'),
        (("--format", "png", "--quality", "50"), "--quality 50 is for JPEG and WebP, not PNG"),
        (("--exclude", "*"), "--include and --exclude leave files out"),
        (("--overlap", "99999"), "lower --overlap"),
    ],
)
def test_settings_that_no_run_could_follow(
    run: Invoke, photos: Path, out: Path, args: tuple[str, ...], message: str
) -> None:
    ended = run(photos, "-o", out, *args)
    assert ended.code == 2 and message in ended.stderr and not out.exists()


def test_a_list_with_nul_where_lines_were_expected(run: Invoke, tmp_path: Path, out: Path) -> None:
    (tmp_path / "list").write_bytes(b"a.png\0b.png\0")
    ended = run("--files-from", tmp_path / "list", "-o", out)
    assert ended.code == 2 and "the list holds NUL; add -0" in ended.stderr


def test_a_current_folder_that_is_gone_stops_nothing_that_is_named_in_full(
    run: Invoke, photos: Path, out: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    assert run(photos, "-o", out).code == 0
