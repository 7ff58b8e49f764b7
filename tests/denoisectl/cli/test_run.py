"""`run` over files and folders: flags, reports and exit codes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from denoisectl import Denoiser
from denoisectl.batch import folder
from denoisectl.batch.budget import Budget
from denoisectl.batch.inputs import JOURNAL_FOLDER
from tests.denoisectl.cli.conftest import Ended, Invoke
from tests.denoisectl.conftest import Pictures, write_picture
from tests.denoisectl.images import samples


@pytest.fixture
def run(invoke: Invoke, model: Path) -> Invoke:
    return lambda *args: invoke("run", *args, "--model", model, "--device", "cpu")


def names(folder: Path) -> list[str]:
    files = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    return sorted(path.as_posix() for path in files if path.parts[0] != JOURNAL_FOLDER)


def events(ended: Ended) -> list[dict[str, object]]:
    return [json.loads(line) for line in ended.stdout.splitlines()]


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
    assert ended.code == 0 and "0 files to process, 2 left as they are" in ended.stderr
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


def test_one_bad_file_does_not_stop_the_others(run: Invoke, photos: Path, out: Path, tmp_path: Path) -> None:
    (photos / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n and no more")
    failed = tmp_path / "failed.txt"
    ended = run(photos, "-o", out, "--failed-to", failed)
    assert ended.code == 1 and "1 ok, 1 failed" in ended.stderr
    assert ended.stderr.count(str(photos / "a.png")) == 2, "told when it happens and at the end"
    assert names(out) == ["b.jpg"]
    assert failed.read_text() == f"{photos / 'a.png'}\n"
    write_picture(photos / "a.png")
    assert run("--files-from", failed, "--base", photos, "-o", out, "--failed-to", failed).code == 0
    assert names(out) == ["a.png", "b.jpg"] and failed.read_text() == ""


def test_failure_limits(run: Invoke, tmp_path: Path, out: Path, pictures: Pictures) -> None:
    for path in pictures(tmp_path / "in", *(f"{number}.png" for number in range(10))):
        path.write_bytes(path.read_bytes()[:60])
    ended = run(tmp_path / "in", "-o", out, "--max-failures", "20%")
    assert (
        ended.code == 5 and "stopped after 3 failed files" in ended.stderr and "7 not reached" in ended.stderr
    )
    ended = run(tmp_path / "in", "-o", out, "--fail-fast", "--json")
    assert ended.code == 5 and len(events(ended)) == 2


def test_json_lines(run: Invoke, photos: Path, out: Path) -> None:
    (photos / "b.jpg").write_text("hello")
    ended = run(photos, "-o", out, "--json")
    assert ended.code == 1
    first, second, summary = events(ended)
    assert {event["v"] for event in events(ended)} == {1}
    assert first["event"] == "file" and first["status"] == "ok" and first["error"] is None
    assert first["input"] == str(photos / "a.png") and first["output"] == str(out / "a.png")
    assert (first["w"], first["h"], first["bits"], first["device"], first["tiles"]) == (32, 24, 8, "cpu", 1)
    assert set(first["ms"]) == {"decode", "infer", "encode"}  # type: ignore[call-overload]
    assert second["status"] == "failed" and second["error"]["code"] == "not-an-image"  # type: ignore[index]
    assert summary["event"] == "summary"
    assert (summary["ok"], summary["skipped"], summary["failed"], summary["remaining"]) == (1, 0, 1, 0)


def test_a_dry_run_writes_nothing(run: Invoke, photos: Path, out: Path) -> None:
    ended = run("-r", photos, "-o", out, "--dry-run")
    assert ended.code == 0 and not out.exists()
    assert f"denoise  {photos / 'a.png'} -> {out / 'a.png'}" in ended.stdout
    run(photos, "-o", out)
    plan = events(run("-r", photos, "-o", out, "-n", "--json"))
    assert [(event["event"], event["action"]) for event in plan] == [
        ("plan", "skip"),
        ("plan", "skip"),
        ("plan", "denoise"),
    ]


def test_shards_together_do_everything(run: Invoke, tmp_path: Path, out: Path, pictures: Pictures) -> None:
    pictures(tmp_path / "in", *(f"{number}.png" for number in range(8)))
    codes = [run(tmp_path / "in", "-o", out, "--shard", f"{part}/2").code for part in (1, 2)]
    assert codes == [0, 0] and len(names(out)) == 8
    assert "8 skipped" in run(tmp_path / "in", "-o", out).stderr


def test_names_and_formats(run: Invoke, photos: Path, out: Path) -> None:
    assert run(photos, "-o", out, "--format", "webp", "--suffix", "-clean", "--quality", "80").code == 0
    assert names(out) == ["a-clean.webp", "b-clean.webp"]


def test_quiet(run: Invoke, photos: Path, out: Path) -> None:
    assert run(photos, "-o", out, "-q").stderr == ""


def test_what_a_format_cannot_hold_is_said_once(run: Invoke, tmp_path: Path, out: Path) -> None:
    import numpy as np
    import tifffile

    (tmp_path / "in").mkdir()
    for name in ("a.tif", "b.tif"):
        tifffile.imwrite(tmp_path / "in" / name, np.zeros((16, 16), np.uint16))
    ended = run(tmp_path / "in", "-o", out, "--format", "jpeg")
    assert ended.code == 0 and ended.stderr.count("16 bits") == 1


def test_all_bad_input_loads_no_model(
    invoke: Invoke, photos: Path, out: Path, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: object, **__: object) -> None:
        raise AssertionError

    monkeypatch.setattr("denoisectl.denoiser.Denoiser.open", never)
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
    opened = Denoiser.open

    def opening(*args: Any, memory: int, **settings: Any) -> Denoiser:
        given.append(memory)
        return opened(*args, memory=memory, **settings)

    def budget(limit: int) -> Budget:
        given.append(limit)
        return Budget(limit)

    monkeypatch.setattr(Denoiser, "open", opening)
    monkeypatch.setattr(folder, "Budget", budget)
    assert run(photos, "-o", out, *flags).code == 0
    assert given == [for_tiles, for_photos]


@pytest.mark.parametrize("name", ["x.heic", "x.gif", "x.dng"])
def test_an_output_of_a_kind_that_is_not_written_is_no_folder(
    run: Invoke, photos: Path, tmp_path: Path, name: str
) -> None:
    ended = run(photos / "a.png", "-o", tmp_path / name)
    assert ended.code == 2 and f"{name}: {Path(name).suffix} files are not written" in ended.stderr
    assert not (tmp_path / name).exists()


@pytest.mark.parametrize(("name", "meant"), [("x.jgp", "x.jpg"), ("x.pgn", "x.png"), ("x.TIFFF", "x.tiff")])
def test_a_misspelt_ending_of_an_output_makes_no_folder(
    run: Invoke, photos: Path, tmp_path: Path, name: str, meant: str
) -> None:
    ended = run(photos / "a.png", "-o", tmp_path / name)
    assert ended.code == 2 and f"write {tmp_path / meant} for a file" in ended.stderr
    assert not (tmp_path / name).exists()


def test_a_suffix_beside_the_name_of_the_output_is_refused(run: Invoke, photos: Path, tmp_path: Path) -> None:
    ended = run(photos / "a.png", "-o", tmp_path / "x.png", "--suffix=-clean")
    assert ended.code == 2 and "x.png names one file, and --suffix -clean is for a folder" in ended.stderr
    assert not (tmp_path / "x.png").exists()


@pytest.mark.parametrize("name", ["x.v2", "x.clean", "x.jgp/"])
def test_other_names_are_folders(run: Invoke, photos: Path, tmp_path: Path, name: str) -> None:
    assert run(photos / "a.png", "-o", f"{tmp_path}/{name}").code == 0
    assert (tmp_path / name / "a.png").is_file()


def test_photos_of_other_kinds_are_not_passed_over_in_silence(run: Invoke, photos: Path, out: Path) -> None:
    (photos / "x.heic").write_bytes(b"\0\0\0\x18ftypheic\0\0\0\0")
    (photos / "notes.txt").write_text("hello")
    ended = run(photos, "-o", out, "-q")
    assert ended.code == 0 and "warning: 2 files passed over" in ended.stderr
    assert "among them a HEIC image" in ended.stderr
    assert f"{photos / 'notes.txt'}: passed over: not an image" in run(photos, "-o", out, "-v").stderr


def test_scripts_hear_of_photos_of_other_kinds_too(run: Invoke, photos: Path, out: Path) -> None:
    for name in ("x.HEIC", "y.heic"):
        (photos / name).write_bytes(b"\0\0\0\x18ftypheic\0\0\0\0")
    (photos / "x.gif").write_bytes(b"GIF89a")
    (photos / "notes.txt").write_text("hello")
    ended = run(photos, "-o", out, "--json")
    assert "warning: 4 files passed over" in ended.stderr and "2 times a HEIC image" in ended.stderr
    summary = events(ended)[-1]
    assert (summary["ignored"], summary["ignored_kinds"]) == (4, {".gif": 1, ".heic": 2})
    assert "a GIF image" in run(photos, "-o", out, "--json", "-n").stderr


def test_names_cannot_speak_to_the_terminal(run: Invoke, photos: Path, out: Path) -> None:
    (photos / "a.png").rename(photos / "a\nb\x1b[31m.png")
    (photos / "a\nb\x1b[31m.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    ended = run(photos, "-o", out)
    assert ended.code == 1 and "\x1b" not in ended.stderr
    assert ended.stderr.count(r"in/a\nb\x1b[31m.png") == 2


def test_the_list_of_failures_is_tried_before_the_work(run: Invoke, photos: Path, out: Path) -> None:
    ended = run(photos, "-o", out, "--failed-to", photos / "a.png" / "failed.txt")
    assert ended.code == 2 and "--failed-to" in ended.stderr and not list(out.glob("*.png"))


def test_a_machine_without_a_gpu_hears_nothing_of_gpus(
    invoke: Invoke, photos: Path, out: Path, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from denoisectl.engine import cuda, session

    monkeypatch.setattr(cuda, "driver_devices", lambda: 0)
    for seen, flags, told in ((False, [], 0), (False, ["-v"], 1), (True, ["-q"], 1)):
        monkeypatch.setattr(session, "gpu_in_sight", lambda seen=seen: seen)
        ended = invoke("run", photos, "-o", out, "-m", model, "--overwrite", "--device", "auto", *flags)
        assert ended.code == 0 and ended.stderr.count("running on the CPU") == told, ended.stderr
        assert ("warning: running on the CPU" in ended.stderr) is seen
    summary = events(invoke("run", photos, "-o", out, "-m", model, "--overwrite", "--json"))[-1]
    assert "no NVIDIA GPU" in str(summary["device_note"])


@pytest.mark.parametrize(
    ("flags", "kept"),
    [
        ([], {"EXIF:Make", "EXIF:GPSLatitude", "XMP:GPSLatitude", "XMP:Rating", "Comment", "ICC"}),
        (["--strip-gps"], {"EXIF:Make", "XMP:Rating", "Comment", "ICC"}),
        (["--metadata", "none"], {"ICC"}),
    ],
)
@pytest.mark.parametrize("strength", ["1", "0"])
def test_metadata_is_left_out_on_request(
    run: Invoke, tmp_path: Path, flags: list[str], kept: set[str], strength: str
) -> None:
    source, target = tmp_path / "a.jpg", tmp_path / "b.jpg"
    place = b'xmlns:exif="http://ns.adobe.com/exif/1.0/" exif:GPSLatitude="53,33.0N" xmp:Rating='
    source.write_bytes(
        samples.pil(
            samples.photo(), "JPEG", exif=samples.exif(), icc_profile=samples.icc(), comment=b"by hand",
            xmp=samples.XMP.replace(b"xmp:Rating=", place),
        )
    )  # fmt: skip
    assert run(source, "-o", target, "--strength", strength, *flags).code == 0
    with Image.open(target) as image:
        exif, xmp = image.getexif(), image.info.get("xmp", b"")
        found = {
            "EXIF:Make": 0x010F in exif,
            "EXIF:GPSLatitude": 2 in exif.get_ifd(0x8825),
            "XMP:GPSLatitude": b"GPS" in xmp,
            "XMP:Rating": b"Rating" in xmp,
            "Comment": "comment" in image.info,
            "ICC": "icc_profile" in image.info,
        }
    assert {name for name, there in found.items() if there} == kept
    if flags:
        assert b"GPS" not in target.read_bytes()


@pytest.mark.parametrize(("tile", "warned"), [("32", True), ("256", False), ("auto", False)])
def test_tiles_that_are_mostly_overlap_are_warned_of(
    run: Invoke, photos: Path, out: Path, tile: str, warned: bool
) -> None:
    ended = run(photos, "-o", out, "--tile", tile)
    assert ended.code == 0 and (f"--tile {tile}: tiles overlap so much" in ended.stderr) is warned


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


def test_a_list_of_failures_takes_no_photos_place(run: Invoke, photos: Path, out: Path) -> None:
    before = (photos / "a.png").read_bytes()
    ended = run(photos / "b.jpg", "-o", out, "--failed-to", photos / "a.png")
    assert ended.code == 2 and "--failed-to" in ended.stderr and "is a photo" in ended.stderr
    (photos / "a.png").rename(photos / "list")
    assert run(photos / "b.jpg", "-o", out, "--failed-to", photos / "list").code == 2
    assert (photos / "list").read_bytes() == before


def test_a_list_of_names_with_line_ends_asks_for_nul(run: Invoke, photos: Path, out: Path) -> None:
    (photos / "a\nb.jpg").write_text("hello")
    failed = out.parent / "failed.txt"
    ended = run(photos, "-o", out, "--failed-to", failed)
    assert ended.code == 1 and f"warning: --failed-to {failed}: holds names with line ends" in ended.stderr
    assert "add -0" in ended.stderr
    assert "add -0" not in run(photos, "-o", out, "--failed-to", failed, "-0").stderr


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


def test_an_encoder_that_refuses_names_the_photo(run: Invoke, tmp_path: Path, out: Path) -> None:
    write_picture(tmp_path / "in" / "wide.png", 1, 70_000)
    ended = run(tmp_path / "in", "-o", out, "--format", "jpeg")
    assert ended.code == 1 and "wide.png: JPEG allows 65,500 pixels a side; choose PNG" in ended.stderr


def test_the_library_and_the_command_know_each_others_work(
    run: Invoke, photos: Path, out: Path, model: Path
) -> None:
    from denoisectl import Denoiser

    results = Denoiser.open(model, "cpu", overlap=0).folder(photos, out)
    assert {result.status for result in results} == {"ok"}
    assert "2 skipped" in run(photos, "-o", out, "--overlap", "0").stderr
    assert "2 ok" in run(photos, "-o", out).stderr
