"""Pipelines as people write them, in a real shell."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.denoisectl.conftest import Pictures, write_picture

Shell = Callable[[str], subprocess.CompletedProcess[str]]


@pytest.fixture
def shell(cli_env: dict[str, str], model: Path, tmp_path: Path) -> Shell:
    """Bash in `tmp_path`, where `denoisectl` is the command and the model is chosen."""
    define = f'set -o pipefail; denoisectl() {{ "{sys.executable}" -m denoisectl "$@"; }}; '
    env = {**cli_env, "DENOISECTL_MODEL": str(model), "DENOISECTL_DEVICE": "cpu"}

    def run(script: str) -> subprocess.CompletedProcess[str]:
        command = ["bash", "-c", define + script]
        return subprocess.run(
            command, cwd=tmp_path, env=env, capture_output=True, text=True, timeout=120, check=False
        )

    return run


def test_an_image_through_two_pipes(shell: Shell, tmp_path: Path) -> None:
    write_picture(tmp_path / "a.png")
    ended = shell(
        "cat a.png | denoisectl run - --out - | denoisectl run - -o - --format jpeg | head -c 2 | od -An -tx1"
    )
    assert ended.stdout.split() == ["ff", "d8"], ended.stderr


def test_find_print0(shell: Shell, tmp_path: Path, pictures: Pictures) -> None:
    names = ["x/a b.png", "y/a b.png", "x/new\nline.jpg", "z/ü.png"]
    pictures(tmp_path, *names)
    ended = shell(
        r"find . -name '*.png' -print0 -o -name '*.jpg' -print0 | denoisectl run --files-from - -0 -o clean"
    )
    assert ended.returncode == 0, ended.stderr
    assert all((tmp_path / "clean" / name).is_file() for name in names)


def test_names_that_are_no_text(shell: Shell, tmp_path: Path) -> None:
    write_picture(tmp_path / "in" / "a.png").rename(tmp_path / "in" / os.fsdecode(b"\xff.png"))
    planned = shell(
        "export LC_ALL=C.UTF-8; denoisectl run in -o clean -n | od -An -tx1 | tr -d ' \\n' | grep -c 2fff2e"
    )
    assert planned.stdout == "1\n", planned.stderr
    ended = shell("export LC_ALL=C.UTF-8; denoisectl run in -o clean -v")
    assert ended.returncode == 0 and r"\udcff.png" in ended.stderr
    assert (tmp_path / "clean" / os.fsdecode(b"\xff.png")).is_file()


def test_head_on_json_lines(shell: Shell, tmp_path: Path, pictures: Pictures) -> None:
    pictures(tmp_path / "in", *(f"{number}.png" for number in range(40)))
    ended = shell("{ denoisectl run in -o clean --json; echo $? >&2; } | head -1")
    assert json.loads(ended.stdout)["status"] == "ok"
    assert ended.stderr.splitlines()[-1] == "141"
    assert "Traceback" not in ended.stderr and "Broken" not in ended.stderr
    assert shell("denoisectl run in -o clean").returncode == 0
    assert len(list((tmp_path / "clean").glob("*.png"))) == 40


def test_sixteen_bits_through_a_pipe(shell: Shell, tmp_path: Path) -> None:
    write_picture(tmp_path / "a.png")
    ended = shell("denoisectl run - -o - --bit-depth 16 < a.png | head -c 25 | tail -c 1 | od -An -td1")
    assert ended.stdout.split() == ["16"], ended.stderr
    ended = shell("denoisectl run a.png -o b.jpg --bit-depth 16")
    assert ended.returncode == 2 and "JPEG does not hold 16 bits" in ended.stderr
    ended = shell("denoisectl run - -o - --format jpeg --bit-depth 16 < a.png")
    assert (ended.returncode, ended.stdout) == (2, "")


def test_in_place_and_back(shell: Shell, tmp_path: Path, pictures: Pictures) -> None:
    pictures(tmp_path / "p", "a.png", "sub/b.jpg")
    before = {path: path.read_bytes() for path in (tmp_path / "p").rglob("*.*")}
    ended = shell(
        "denoisectl run -r p --in-place --backup .orig && denoisectl run -r p --in-place --backup .orig"
    )
    assert ended.returncode == 0 and "2 ok" in ended.stderr and "2 skipped" in ended.stderr
    ended = shell("denoisectl run p/* --in-place --backup kept -v")  # the shell names what is kept, too
    assert ended.returncode == 0 and "3 skipped" in ended.stderr
    assert all(path.read_bytes() != data for path, data in before.items())
    ended = shell("for each in p/*.orig p/sub/*.orig; do mv $each ${each%.orig}; done")
    assert {path: path.read_bytes() for path in before} == before


def test_photos_in_place_that_are_reached_by_several_ways_are_one_job(
    shell: Shell, tmp_path: Path, pictures: Pictures
) -> None:
    paths = pictures(tmp_path / "p", "a.png", "sub/b.jpg")
    before = [path.read_bytes() for path in paths]
    (tmp_path / "link").symlink_to("p")
    ended = shell(
        "find p -type f | denoisectl run -r p p/sub link --files-from - --in-place --backup kept --strength 0.5"
    )
    assert ended.returncode == 0 and "\n2 ok in" in ended.stderr, ended.stderr
    ended = shell("denoisectl run -r link --in-place --backup kept --strength 0")
    assert ended.returncode == 0 and "2 ok (2 restored)" in ended.stderr, ended.stderr
    assert [path.read_bytes() for path in paths] == before


def test_places_that_cannot_be_written_to_are_told_before_the_work(shell: Shell, tmp_path: Path) -> None:
    write_picture(tmp_path / "a.png")
    (tmp_path / "file").write_text("in the way")
    for command, message in (
        ("run a.png -o file/deep/x.png", "--out file/deep/x.png: its folder file is a file"),
        ("run - -o file/x.png < a.png", "--out file/x.png: its folder is a file"),
        ("run a.png -o clean --failed-to file/list", "--failed-to file/list: its folder is a file"),
        ("run a.png -o clean --failed-to a.png", "--failed-to a.png: is a photo"),
        ("demo a.png -o file/look", "--out file/look: file is a file"),
    ):
        ended = shell(f"denoisectl {command}")
        assert ended.returncode == 2 and message in ended.stderr.replace(f"{tmp_path}/", ""), ended.stderr
        assert "to process" not in ended.stderr and " on cpu" not in ended.stderr
    assert not (tmp_path / "clean").exists()


def test_one_file_in_place_says_why_it_stays(shell: Shell, tmp_path: Path) -> None:
    write_picture(tmp_path / "a.png")
    assert shell("denoisectl run a.png --in-place --backup .orig").returncode == 0
    assert "a.png: skipped: already done" in shell("denoisectl run a.png --in-place --backup .orig").stderr
    write_picture(tmp_path / "a.png", seed=3)
    ended = shell("denoisectl run a.png --in-place --backup .orig")
    assert ended.returncode == 0 and "changed since it was denoised; a.png.orig keeps" in ended.stderr


def test_in_place_goes_with_what_it_says(shell: Shell, tmp_path: Path) -> None:
    write_picture(tmp_path / "a.png")
    before = (tmp_path / "a.png").read_bytes()
    for args, reason in (
        ("a.png", "say where results go"),
        ("-", "INPUT -: say where the image goes: --out - for stdout, or --out FILE"),
        ("a.png --in-place", "--in-place needs --backup"),
        ("a.png --in-place --strength 0", "restores originals: give the same --backup as before"),
        ("a.png --in-place --backup .orig -o b.png", "neither --out nor -"),
        ("- --in-place --backup .orig", "neither --out nor -"),
        ("a.png -o b.png --backup .orig", "--backup is for --in-place"),
        ("a.png --in-place --backup .orig --format tiff", "keeps names and formats"),
        ("a.png --in-place --backup .orig --overwrite", "does what is not done yet"),
        ("a.png --in-place --backup .", "give a suffix such as .orig"),
        ("a.png --in-place --backup ./", "is a folder of inputs"),
    ):
        ended = shell(f"denoisectl run {args} < a.png")
        assert ended.returncode == 2 and reason in ended.stderr, (args, ended.stderr)
    assert (tmp_path / "a.png").read_bytes() == before
    assert [path.name for path in tmp_path.glob("*.png*")] == ["a.png"]


def test_collisions_are_refused_or_told_apart(shell: Shell, tmp_path: Path, pictures: Pictures) -> None:
    pictures(tmp_path, "x/a.jpg", "x/a.png", "x/b.jpg", "y/b.jpg")
    ended = shell("denoisectl run x -o clean --format png")
    assert ended.returncode == 2 and "--on-collision rename" in ended.stderr
    assert not (tmp_path / "clean").exists()
    rename = "denoisectl run x y -o clean --format png --on-collision rename"
    for shard in ("1/2", "2/2"):
        assert shell(f"{rename} --shard {shard}").returncode == 0
    made = sorted(path.name for path in (tmp_path / "clean").glob("*.png"))
    assert made[:2] == ["a.jpg.png", "a.png"] and len(made) == 4
    ended = shell(rename)
    assert ended.returncode == 0 and "4 skipped" in ended.stderr
    assert sorted(path.name for path in (tmp_path / "clean").glob("*.png")) == made


def test_failures_go_round(shell: Shell, tmp_path: Path, pictures: Pictures) -> None:
    """What failed is mended and done again from its own list, NUL and all."""
    pictures(tmp_path / "in", "a.png", "b c.png")
    good = (tmp_path / "in" / "b c.png").read_bytes()
    (tmp_path / "in" / "b c.png").write_bytes(good[:50])
    assert shell("denoisectl run in -o clean --failed-to failed -0").returncode == 1
    (tmp_path / "in" / "b c.png").write_bytes(good)
    assert shell("denoisectl run --files-from failed -0 --base in -o clean").returncode == 0
    assert (tmp_path / "clean" / "b c.png").is_file()


def test_exit_codes_reach_the_shell(shell: Shell, tmp_path: Path) -> None:
    write_picture(tmp_path / "in" / "a.png")
    (tmp_path / "in" / "b.jpg").write_text("hello")
    script = "; ".join(
        f"denoisectl run {args} >/dev/null 2>&1; echo $?"
        for args in (
            "in -o clean --include '*.png'",
            "in -o clean",
            "gone -o clean",
            "in -o x -m ./no.onnx",
            "in -o y --fail-fast",
        )
    )
    assert shell(script).stdout.split() == ["0", "1", "2", "4", "5"]


def test_help_into_a_reader_that_leaves(shell: Shell) -> None:
    ended = shell("{ denoisectl run --help; echo $? >&2; } | head -1")
    assert ended.stderr == "141\n"


def test_damage_that_only_libjpeg_sees(shell: Shell, tmp_path: Path) -> None:
    whole = write_picture(tmp_path / "in" / "a.jpg", 160, 160).read_bytes()
    middle = len(whole) // 2
    (tmp_path / "in" / "b.jpg").write_bytes(whole[:middle] + b"\x55" * 40 + whole[middle + 40 :])
    ended = shell("denoisectl run in -o clean")
    assert ended.returncode == 1 and "b.jpg: the image data is damaged" in ended.stderr
    assert not any(line.startswith("Corrupt JPEG") for line in ended.stderr.splitlines())
    assert [path.name for path in (tmp_path / "clean").glob("*.jpg")] == ["a.jpg"]
    ended = shell("denoisectl run - -o - < in/b.jpg | wc -c")
    assert ended.returncode == 1 and ended.stdout.strip() == "0" and "stdin: the image data" in ended.stderr


def test_colour_goes_by_the_flag(shell: Shell) -> None:
    fail = "denoisectl models ./gone.onnx"
    plain = shell(fail).stderr
    assert plain.startswith("error: ") and "\x1b" not in plain, "stderr is no terminal here"
    assert shell(f"{fail} --color always").stderr.startswith("\x1b[1;31merror: ")
    assert "\x1b" in shell(f"unset NO_COLOR; FORCE_COLOR=1 {fail}").stderr
    assert shell(f"unset NO_COLOR; FORCE_COLOR=1 {fail} --color never").stderr == plain


def test_completion_scripts_come(shell: Shell) -> None:
    for kind in ("bash", "zsh", "fish"):
        ended = shell(f"_DENOISECTL_COMPLETE=source_{kind} denoisectl")
        assert ended.returncode == 0 and "complete" in ended.stdout
    words = 'COMP_WORDS="denoisectl run --str" COMP_CWORD=2 _DENOISECTL_COMPLETE=complete_bash'
    assert shell(f"{words} denoisectl").stdout.split() == ["--strip-gps", "--strength"]


def test_a_reader_of_messages_that_leaves(shell: Shell, tmp_path: Path, pictures: Pictures) -> None:
    pictures(tmp_path / "in", *(f"{n}.png" for n in range(4)))
    ended = shell("denoisectl run in -o out -v 2>&1 | true; echo ${PIPESTATUS[0]}")
    assert ended.stdout == "141\n"


def test_a_full_disk_under_stdout(shell: Shell, tmp_path: Path) -> None:
    write_picture(tmp_path / "a.png")
    for command in ("run a.png -o -", "run a.png -o out --json", "run a.png -o out/b.png -n"):
        ended = shell(f"denoisectl {command} > /dev/full")
        assert ended.returncode == 5 and "stdout: cannot be written: No space left" in ended.stderr, command


def test_streams_that_are_closed(shell: Shell, tmp_path: Path) -> None:
    write_picture(tmp_path / "a.png")
    for command, said in (
        ("run a.png -o out --json >&-", "stdout is closed"),
        ("run a.png -o - >&-", "stdout is closed"),
        ("run a.png -o out --dry-run >&-", "stdout is closed"),
        ("run - -o b.png <&-", "INPUT -: stdin is closed"),
        ("run --files-from - -o out <&-", "--files-from -: stdin is closed"),
    ):
        ended = shell(f"denoisectl {command}")
        assert ended.returncode == 2 and said in ended.stderr, (command, ended.stderr)


def test_a_name_that_is_too_long(shell: Shell, tmp_path: Path) -> None:
    ended = shell("denoisectl run $(printf 'a%.0s' {1..300}).jpg -o out")
    assert ended.returncode == 1 and "File name too long" in ended.stderr


def test_a_list_that_begins_with_a_mark(shell: Shell, tmp_path: Path) -> None:
    write_picture(tmp_path / "a.png")
    ended = shell(r"printf '\xef\xbb\xbfa.png\r\n' | denoisectl run --files-from - -o out")
    assert ended.returncode == 0 and (tmp_path / "out" / "a.png").is_file(), ended.stderr
