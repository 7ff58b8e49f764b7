"""What `run` tells: to people, to scripts as JSON, and in the list of failures."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from tests import toy_models
from tests.denoisectl.cli.conftest import Invoke, events
from tests.denoisectl.conftest import write_picture


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


def test_a_self_ensemble_is_told_and_counts_as_another_setting(
    invoke: Invoke, photos: Path, out: Path, tmp_path: Path
) -> None:
    model = toy_models.identity(tmp_path / "four.onnx", replace(toy_models.CARD, self_ensemble=4))
    command = ["run", photos / "a.png", "-o", out, "--if-exists", "skip", "--json", "-m", model, "-d", "cpu"]
    ended = invoke(*command)
    assert "4 views of each tile; --self-ensemble 1 is 4 times as fast" in ended.stderr
    assert events(ended)[0]["self_ensemble"] == 4
    assert events(invoke(*command))[0]["status"] == "skipped"
    ended = invoke(*command, "--self-ensemble", "1")
    assert "views" not in ended.stderr
    assert (events(ended)[0]["status"], events(ended)[0]["self_ensemble"]) == ("ok", 1)
    assert invoke(*command, "--self-ensemble", "3").code == 2


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


def test_a_dry_run_with_failures_ends_as_the_run_would(run: Invoke, photos: Path, out: Path) -> None:
    assert "2 to denoise\n" in run(photos, "-o", out, "-n").stderr
    (photos / "b.jpg").write_text("hello")
    for options in (["-n"], ["-n", "--json"]):
        ended = run(photos, "-o", out, *options)
        assert ended.code == 1 and ended.stderr.endswith("1 to denoise, 1 fails\n")
    run(photos, "-o", out)
    (photos / "d.jpg").write_text("hello")
    assert run(photos, "-o", out, "-n").stderr.endswith("0 to denoise, 1 to skip, 2 fail\n")


def test_results_that_are_made_again_for_other_settings_are_counted(
    run: Invoke, photos: Path, out: Path
) -> None:
    for place in (["-o", out], ["--in-place", "--backup", ".orig"]):
        run(photos / "b.jpg", *place)
        command, why = [photos, *place, "--strength", "0.5"], "since the model or a setting changed"
        assert run(*command, "-n").stdout.count(f" (again, {why})\n") == 1
        assert [event["reason"] for event in events(run(*command, "-n", "--json"))] == [
            None,
            why.removeprefix("since "),
        ]
        assert f"2 files to process, 1 of them again, {why}\n" in run(*command).stderr
        assert "again" not in run(*command).stderr


def test_a_dry_run_refuses_the_tiles_that_a_run_does(run: Invoke, photos: Path, out: Path) -> None:
    for options in (("--memory", "4K"), ("--overlap", "100000")):
        refused, planned = run(photos, "-o", out, *options), run(photos, "-o", out, *options, "-n")
        assert refused.code == planned.code == 2 and planned.stderr in refused.stderr
    refused = run(photos, "-o", out, "--tile", "3")
    assert refused.code == 2 and "3" in refused.stderr
    dry = run(photos, "-o", out, "--tile", "3", "--dry-run")
    assert (dry.code, dry.stderr, dry.stdout) == (2, refused.stderr.splitlines(keepends=True)[-1], "")


def test_originals_that_are_restored_are_counted(run: Invoke, photos: Path) -> None:
    command = [photos, "--in-place", "--backup", ".orig"]
    assert "restored" not in run(*command).stderr
    (photos / "new.jpg").write_text("hello")
    ended = run(*command, "--strength", "0", "-v")
    assert "2 ok (2 restored), 1 failed in" in ended.stderr
    assert ended.stderr.count("the originals stay where they are kept, too") == 1
    assert (photos / "a.png.orig").exists()
    assert f"{photos / 'a.png'}: restored from {photos / 'a.png'}.orig" in ended.stderr


def test_a_dry_run_tells_what_is_restored(run: Invoke, photos: Path) -> None:
    command = ["-r", photos, "--in-place", "--backup", ".orig"]
    run(photos / "a.png", "--in-place", "--backup", ".orig")
    dry = run(*command, "--strength", "0", "-n")
    first, *others = dry.stdout.splitlines()
    assert first == f"restore  {photos / 'a.png'} from {photos / 'a.png'}.orig"
    assert others and all(line.startswith("skip ") and "its own original" in line for line in others)
    assert dry.stderr.endswith(f"1 to restore, {len(others)} to skip\n")
    actions = [event["action"] for event in events(run(*command, "--strength", "0", "-n", "--json"))]
    assert actions == ["restore"] + ["skip"] * len(others)
    assert "1 file to restore; " in run(*command, "--strength", "0").stderr


def test_quiet(run: Invoke, photos: Path, out: Path) -> None:
    assert run("-r", photos, "-o", out, "-q").stderr == ""


def test_what_a_format_cannot_hold_is_said_once(run: Invoke, tmp_path: Path, out: Path) -> None:
    import numpy as np
    import tifffile

    (tmp_path / "in").mkdir()
    for name in ("a.tif", "b.tif"):
        tifffile.imwrite(tmp_path / "in" / name, np.zeros((16, 16), np.uint16))
    ended = run(tmp_path / "in", "-o", out, "--format", "jpeg")
    assert ended.code == 0 and ended.stderr.count("16 bits") == 1


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
    assert "warning: 4 files passed over" in ended.stderr and "2 HEIC images, a GIF image (-v" in ended.stderr
    summary = events(ended)[-1]
    assert (summary["ignored"], summary["ignored_kinds"]) == (4, {".gif": 1, ".heic": 2})
    assert "a GIF image" in run(photos, "-o", out, "--json", "-n").stderr


def test_failures_are_listed_at_the_end_where_they_may_have_scrolled_away(
    run: Invoke, photos: Path, out: Path
) -> None:
    (photos / "b.jpg").write_text("hello")
    listed = f"error: 1 file failed:\n  {photos / 'b.jpg'}\n"
    assert run(photos, "-o", out).stderr.count("b.jpg") == 1
    assert run(photos, "-o", out, "-q").stderr.endswith(listed)
    for number in range(9):
        write_picture(photos / f"{number}.png")
    assert run(photos, "-o", out).stderr.endswith(listed)


def test_names_cannot_speak_to_the_terminal(run: Invoke, photos: Path, out: Path) -> None:
    (photos / "a.png").rename(photos / "a\nb\x1b[31m.png")
    (photos / "a\nb\x1b[31m.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    ended = run(photos, "-o", out, "-q")
    assert ended.code == 1 and "\x1b" not in ended.stderr
    assert ended.stderr.count(r"in/a\nb\x1b[31m.png") == 2


def test_a_machine_without_a_gpu_hears_nothing_of_gpus(
    invoke: Invoke, photos: Path, out: Path, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from denoisectl.engine import cuda, engine

    monkeypatch.setattr(cuda, "driver_devices", lambda: 0)
    for seen, flags, told in ((False, [], 0), (False, ["-v"], 1), (True, ["-q"], 1)):
        monkeypatch.setattr(engine, "gpu_in_sight", lambda seen=seen: seen)
        ended = invoke("run", photos, "-o", out, "-m", model, "--overwrite", "--device", "auto", *flags)
        assert ended.code == 0 and ended.stderr.count("running on the CPU") == told, ended.stderr
        assert ("warning: running on the CPU" in ended.stderr) is seen
    summary = events(invoke("run", photos, "-o", out, "-m", model, "--overwrite", "--json"))[-1]
    assert "no NVIDIA GPU" in str(summary["device_note"])


@pytest.mark.parametrize(("tile", "warned"), [("32", True), ("256", False), ("auto", False)])
def test_tiles_that_are_mostly_overlap_are_warned_of(
    run: Invoke, photos: Path, out: Path, tile: str, warned: bool
) -> None:
    ended = run(photos, "-o", out, "--tile", tile)
    assert ended.code == 0 and (f"--tile {tile}: tiles overlap so much" in ended.stderr) is warned


def test_the_list_of_failures_is_tried_before_the_work(run: Invoke, photos: Path, out: Path) -> None:
    failed = photos / "a.png" / "failed.txt"
    ended = run(photos, "-o", out, "--failed-to", failed)
    assert ended.code == 2 and f"--failed-to {failed}: its folder is a file" in ended.stderr
    assert not list(out.glob("*.png"))
    ended = run(photos, "-o", out, "--failed-to", out.parent / ("x" * 300))
    assert ended.code == 2 and "no file has a name that long" in ended.stderr and not list(out.glob("*.png"))


def test_a_list_of_failures_takes_no_photos_place(run: Invoke, photos: Path, out: Path) -> None:
    before = (photos / "a.png").read_bytes()
    ended = run(photos / "b.jpg", "-o", out, "--failed-to", photos / "a.png")
    assert ended.code == 2 and "--failed-to" in ended.stderr and "is a photo" in ended.stderr
    (photos / "a.png").rename(photos / "list")
    assert run(photos / "b.jpg", "-o", out, "--failed-to", photos / "list").code == 2
    assert (photos / "list").read_bytes() == before


def test_a_list_of_failures_takes_the_place_of_files_only(run: Invoke, photos: Path, out: Path) -> None:
    pipe = out.parent / "pipe"
    os.mkfifo(pipe)  # nobody reads it: opening it would take for ever
    (out.parent / "link").symlink_to("pipe")
    for name in ("pipe", "link"):
        ended = run(photos, "-o", out, "--failed-to", out.parent / name)
        assert ended.code == 2 and "goes to a file, not to" in ended.stderr and not out.exists()
    assert pipe.is_fifo()


@pytest.mark.parametrize("name", ["/dev/stdout", "/dev/stderr", "/dev/fd/1"])
def test_a_list_of_failures_does_not_replace_the_file_that_a_stream_goes_to(
    run: Invoke, photos: Path, out: Path, name: str
) -> None:
    ended = run(photos, "-o", out, "--failed-to", name)
    assert ended.code == 2 and "goes to a file, not to" in ended.stderr and not out.exists()


def test_a_link_to_a_list_of_failures_stays_one(run: Invoke, photos: Path, out: Path) -> None:
    (photos / "a.png").write_text("hello")
    link = out.parent / "link"
    link.symlink_to("failed.txt")
    assert run(photos, "-o", out, "--failed-to", link).code == 1
    assert link.is_symlink() and (out.parent / "failed.txt").read_text() == f"{photos / 'a.png'}\n"


def test_names_that_are_no_text_come_back(run: Invoke, photos: Path, out: Path) -> None:
    name = os.fsencode(photos / "a.png").replace(b"a.png", b"\xff.png")
    Path(os.fsdecode(name)).write_text("hello")
    failed = out.parent / "failed"
    ended = run(photos, "-o", out, "--json", "--failed-to", failed, "-0", "--include", "*\udcff.png")
    assert ended.stdout.isascii() and os.fsencode(str(events(ended)[0]["input"])) == name
    assert failed.read_bytes() == name + b"\0"


def test_a_list_of_names_with_line_ends_asks_for_nul(run: Invoke, photos: Path, out: Path) -> None:
    (photos / "a\nb.jpg").write_text("hello")
    failed = out.parent / "failed.txt"
    ended = run(photos, "-o", out, "--failed-to", failed)
    assert ended.code == 1 and f"warning: --failed-to {failed}: holds names with line ends" in ended.stderr
    assert "add -0" in ended.stderr
    assert "add -0" not in run(photos, "-o", out, "--failed-to", failed, "-0").stderr
