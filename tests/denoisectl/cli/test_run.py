"""`run` over files and folders: what is done, what is done already, and what is refused."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import pytest

from denoisectl import Denoiser
from denoisectl.batch import run_plan
from denoisectl.batch.budget import Budget
from denoisectl.batch.journal_lines import JOURNAL_FOLDER
from denoisectl.opening import Opening
from tests.denoisectl.cli.conftest import Invoke, events, names
from tests.denoisectl.conftest import Pictures, write_picture


def test_a_folder(run: Invoke, photos: Path, out: Path) -> None:
    ended = run(photos, "--out", out)
    assert (ended.code, ended.stdout) == (0, "")
    assert "2 files to process" in ended.stderr and "2 ok in" in ended.stderr
    assert names(out) == ["a.png", "b.jpg"]


def test_a_tree_and_globs(run: Invoke, photos: Path, out: Path) -> None:
    assert run("-r", photos, "-o", out, "--include", "*.png", "--exclude", "a.*").code == 0
    assert names(out) == ["sub/c.png"]


def test_the_output_may_lie_inside_the_input(run: Invoke, photos: Path) -> None:
    for _ in range(2):
        assert run("-r", photos, "-o", photos / "clean").code == 0
    assert names(photos / "clean") == ["a.png", "b.jpg", "sub/c.png"]


def test_a_second_run_skips_and_says_so(run: Invoke, photos: Path, out: Path) -> None:
    run(photos, "-o", out)
    ended = run(photos, "-o", out)
    assert ended.code == 0 and "0 files to process; 2 to skip" in ended.stderr
    assert "2 skipped" in ended.stderr
    assert "already done" in run(photos, "-o", out, "-v").stderr
    assert "2 ok" in run(photos, "-o", out, "--overwrite").stderr
    assert "2 ok" in run(photos, "-o", out, "--strength", "0.5").stderr


def test_an_overlap_that_is_asked_for_counts_as_a_setting(run: Invoke, photos: Path, out: Path) -> None:
    run(photos, "-o", out)
    assert "2 ok" in run(photos, "-o", out, "--overlap", "0").stderr
    assert "2 skipped" in run(photos, "-o", out, "--overlap", "0").stderr
    assert "2 ok" in run(photos, "-o", out, "--overlap", "auto").stderr
    ended = run(photos, "-o", out, "--overlap", "0", "--seams", "exact")
    assert ended.code == 2 and "--overlap contradicts --seams exact" in ended.stderr
    ended = run(photos, "-o", out, "--overlap", "300", "--tile", "64", "--overwrite")
    assert ended.code == 2 and "too small for an overlap of 300" in ended.stderr
    assert run(photos, "-o", out, "--overlap", "-1").code == 2


def test_one_file_to_a_file(run: Invoke, photos: Path, tmp_path: Path) -> None:
    target = tmp_path / "x.jpg"
    assert run(photos / "a.png", "-o", target).code == 0
    assert target.read_bytes()[:2] == b"\xff\xd8"
    ended = run(photos / "a.png", "-o", target)
    assert ended.code == 2 and "--if-exists overwrite" in ended.stderr
    assert run(photos / "a.png", "-o", target, "--overwrite").code == 0


def test_one_file_into_a_folder_again(run: Invoke, photos: Path, out: Path) -> None:
    assert run(photos / "a.png", "-o", out).code == 0
    ended = run(photos / "a.png", "-o", out)
    assert ended.code == 0 and "a.png: skipped: already done" in ended.stderr
    assert run(photos / "a.png", "-o", out, "--if-exists", "error").code == 2


def test_one_bad_file_does_not_stop_the_others(run: Invoke, photos: Path, out: Path, tmp_path: Path) -> None:
    (photos / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n and no more")
    failed = tmp_path / "failed.txt"
    ended = run(photos, "-o", out, "--failed-to", failed)
    assert ended.code == 1 and "1 ok, 1 failed" in ended.stderr
    assert names(out) == ["b.jpg"]
    assert failed.read_text() == f"{photos / 'a.png'}\n"
    write_picture(photos / "a.png")
    assert run("--files-from", failed, "--base", photos, "-o", out, "--failed-to", failed).code == 0
    assert names(out) == ["a.png", "b.jpg"] and failed.read_text() == ""
    again = run("--files-from", failed, "--base", photos, "-o", out)
    assert again.code == 0 and "0 files to process" in again.stderr, "an empty list is one that is done"


def test_failure_limits(run: Invoke, tmp_path: Path, out: Path, pictures: Pictures) -> None:
    for path in pictures(tmp_path / "in", *(f"{number}.png" for number in range(10))):
        path.write_bytes(path.read_bytes()[:60])
    ended = run(tmp_path / "in", "-o", out, "--max-failures", "20%")
    assert (
        ended.code == 5 and "stopped after 3 failed files" in ended.stderr and "7 not reached" in ended.stderr
    )
    ended = run(tmp_path / "in", "-o", out, "--fail-fast", "--json")
    assert ended.code == 5 and len(events(ended)) == 2


def test_what_was_written_when_a_limit_stopped_a_run_is_told(
    run: Invoke, tmp_path: Path, out: Path, pictures: Pictures
) -> None:
    for number, path in enumerate(pictures(tmp_path / "in", *(f"{number}.png" for number in range(12)))):
        if number == 1:
            path.write_bytes(path.read_bytes()[:60])
    ended = run(tmp_path / "in", "-o", out, "--fail-fast", "--json")
    *files, summary = events(ended)
    told = [Path(str(event["output"])).name for event in files if event["status"] == "ok"]
    assert ended.code == 5 and sorted(told) == names(out)
    assert summary["remaining"] == 12 - len(files)


def test_a_folder_that_failed_is_no_file_to_list(
    run: Invoke, photos: Path, out: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.scandir

    def closed(path: object) -> object:
        if str(path).endswith("sub"):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        return real(path)  # type: ignore[call-overload]

    monkeypatch.setattr(os, "scandir", closed)
    ended = run("-r", photos, "-o", out, "--failed-to", tmp_path / "failed.txt")
    assert ended.code == 1 and (tmp_path / "failed.txt").read_text() == ""
    assert f"folders failed, too (1); name those once they are mended: {photos / 'sub'}" in ended.stderr


def test_a_journal_that_cannot_be_written_to_is_named_before_the_work(
    run: Invoke, photos: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(photos / "a.png", "-o", f"{out}/")
    real = Path.open

    def closed(path: Path, mode: str = "r", *args: Any, **kwargs: Any) -> Any:
        if path.suffix == ".jsonl" and "a" in mode:  # root may write to whatever its permissions say
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        return real(path, mode, *args, **kwargs)

    monkeypatch.setattr(Path, "open", closed)
    ended = run(photos, "-o", out)
    assert ended.code == 2 and names(out) == ["a.png"]
    assert (
        "journal.jsonl: this journal of earlier runs cannot be written to: Permission denied" in ended.stderr
    )


def test_shards_together_do_everything(run: Invoke, tmp_path: Path, out: Path, pictures: Pictures) -> None:
    pictures(tmp_path / "in", *(f"{number}.png" for number in range(8)))
    codes = [run(tmp_path / "in", "-o", out, "--shard", f"{part}/2").code for part in (1, 2)]
    assert codes == [0, 0] and len(names(out)) == 8
    assert "8 skipped" in run(tmp_path / "in", "-o", out).stderr


def test_all_bad_input_loads_no_model(
    invoke: Invoke, photos: Path, out: Path, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: object, **__: object) -> None:
        raise AssertionError

    monkeypatch.setattr("denoisectl.denoiser.Denoiser.of", never)
    (photos / "a.png").write_text("hello")
    assert invoke("run", photos, "-o", out, "-m", model, "--include", "*.png").code == 1


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (["--overwrite", "--if-exists", "skip"], "--overwrite contradicts"),
        (["--fail-fast", "--max-failures", "3"], "--fail-fast contradicts"),
        (["--jobs", "3"], "--jobs 3"),
        (["--shard", "3/2"], "--shard 3/2"),
        (["--max-failures", "many"], "--max-failures many"),
        (["--memory", "lots"], "800M"),
        (["--tile", "big"], "such as 512"),
        (["--max-pixels", "x"], "500M"),
        (["--files-from", "nowhere.txt"], "--files-from nowhere.txt"),
    ],
)
def test_flags_are_refused_with_the_way_out(
    run: Invoke, photos: Path, out: Path, flags: list[str], said: str
) -> None:
    ended = run(photos, "-o", out, *flags)
    assert ended.code == 2 and said in ended.stderr and not out.exists()


@pytest.mark.parametrize(
    ("flags", "for_tiles", "for_photos"),
    [([], 560 * 2**20, 464 * 2**20), (["--memory", "64M"], 35 * 2**20, 29 * 2**20)],
)
def test_tiles_and_photos_share_the_memory(
    run: Invoke,
    photos: Path,
    out: Path,
    monkeypatch: pytest.MonkeyPatch,
    flags: list[str],
    for_tiles: int,
    for_photos: int,
) -> None:
    given: list[int] = []
    opened = Denoiser.of

    def opening(asked: Opening) -> Denoiser:
        given.append(asked.memory)
        return opened(asked)

    def budget(limit: int) -> Budget:
        given.append(limit)
        return Budget(limit)

    monkeypatch.setattr(Denoiser, "of", opening)
    monkeypatch.setattr(run_plan, "Budget", budget)
    assert run(photos, "-o", out, *flags).code == 0
    assert given == [for_tiles, for_photos]


def test_beside_its_inputs_again(run: Invoke, photos: Path) -> None:
    assert run(photos, "-o", photos, "--suffix", "-clean").code == 0
    (photos / "a-clean.png").unlink()
    ended = run(photos, "-o", photos, "--suffix", "-clean", "--json")
    assert ended.code == 0
    ends = {
        Path(str(event["input"])).name: event["status"] for event in events(ended) if event["event"] == "file"
    }
    assert ends == {"a.png": "ok", "b.jpg": "skipped", "b-clean.jpg": "skipped"}
    assert "a-clean-clean.png" not in names(photos)


def test_a_larger_limit_does_not_make_again_what_is_done(run: Invoke, photos: Path, out: Path) -> None:
    assert run(photos, "-o", out, "--max-pixels", "700").code == 1
    write_picture(photos / "small.png", 8, 8)
    assert run(photos, "-o", out, "--max-pixels", "700").code == 1
    ended = run(photos, "-o", out, "--max-pixels", "800")
    assert ended.code == 0 and "2 ok, 1 skipped" in ended.stderr


def test_a_journal_that_cannot_be_read_is_named(run: Invoke, photos: Path, out: Path) -> None:
    (out / JOURNAL_FOLDER / "journal.jsonl").mkdir(parents=True)
    ended = run(photos, "-o", out)
    assert ended.code == 2 and "journal.jsonl: this journal of earlier runs cannot be read" in ended.stderr


def test_a_file_in_the_place_of_the_journal_is_named(run: Invoke, photos: Path, out: Path) -> None:
    out.mkdir()
    (out / JOURNAL_FOLDER).touch()
    ended = run(photos, "-o", out)
    assert ended.code == 2 and f"{out / JOURNAL_FOLDER}: is a file, and the folder" in ended.stderr


def test_the_library_and_the_command_know_each_others_work(
    run: Invoke, photos: Path, out: Path, model: Path
) -> None:
    from denoisectl import Denoiser

    results = Denoiser.open(model, "cpu", overlap=0).folder(photos, out)
    assert {result.status for result in results} == {"ok"}
    assert "2 skipped" in run(photos, "-o", out, "--overlap", "0").stderr
    assert "2 ok" in run(photos, "-o", out).stderr


@pytest.mark.parametrize(
    ("name", "value", "code", "message"),
    [
        ("DENOISECTL_DEVICE", "cuda:9", 3, "cuda:9 cannot be used"),
        ("DENOISECTL_MODEL", "nosuch", 4, 'no shipped model is called "nosuch"'),
    ],
)
def test_variables_stand_for_options(
    invoke: Invoke,
    photos: Path,
    out: Path,
    model: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    value: str,
    code: int,
    message: str,
) -> None:
    options = {"DENOISECTL_DEVICE": ("--device", "cpu"), "DENOISECTL_MODEL": ("--model", model)}
    others = [part for key, given in options.items() if key != name for part in given]
    monkeypatch.setenv(name, value)
    ended = invoke("run", photos, "-o", out, *others)
    assert ended.code == code and message in ended.stderr
    assert invoke("run", photos, "-o", out, *others, *options[name]).code == 0, "options come first"
