from __future__ import annotations

import json
import os
from pathlib import Path, PurePath
from typing import Any

import pytest

from denoisectl.batch.inputs import find, read_list
from denoisectl.batch.journal_lines import JOURNAL_FOLDER
from denoisectl.batch.plan import Naming, make_plan
from denoisectl.batch.selection import Found, Selection
from denoisectl.errors import UsageError


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    root = tmp_path / "photos"
    for name in (
        "img10.png",
        "img2.png",
        "a.jpg",
        ".hidden.png",
        "sub/b.jpg",
        "sub/deep/c.png",
        ".git/x.png",
    ):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return root


def names(found: object) -> list[str]:
    return [each.relative.as_posix() for each in found]  # type: ignore[attr-defined]


def test_a_folder_in_natural_order_without_hidden_files_or_subfolders(tree: Path) -> None:
    assert names(find([str(tree)], Selection())) == ["a.jpg", "img2.png", "img10.png"]


def test_recursion_keeps_the_tree(tree: Path) -> None:
    expected = ["a.jpg", "img2.png", "img10.png", "sub/b.jpg", "sub/deep/c.png"]
    assert names(find([str(tree)], Selection(recursive=True))) == expected


@pytest.mark.parametrize(
    ("include", "exclude", "expected"),
    [
        (("*.jpg",), (), ["a.jpg", "sub/b.jpg"]),
        ((), ("*.png",), ["a.jpg", "sub/b.jpg"]),
        (("sub/*",), (), ["sub/b.jpg", "sub/deep/c.png"]),
        (("*.png",), ("sub/*",), ["img2.png", "img10.png"]),
        ((), ("deep",), ["a.jpg", "img2.png", "img10.png", "sub/b.jpg"]),
        ((), ("sub/",), ["a.jpg", "img2.png", "img10.png"]),
        ((), ("sub/d*p",), ["a.jpg", "img2.png", "img10.png", "sub/b.jpg"]),
    ],
)
def test_globs_choose_among_files_in_folders(
    tree: Path, include: tuple[str, ...], exclude: tuple[str, ...], expected: list[str]
) -> None:
    assert names(find([str(tree)], Selection(recursive=True, include=include, exclude=exclude))) == expected


def test_an_excluded_folder_is_not_looked_into(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.scandir

    def closed(path: Path) -> object:
        if Path(path).name == "sub":
            raise PermissionError
        return real(path)

    monkeypatch.setattr(os, "scandir", closed)
    found = list(find([str(tree)], Selection(recursive=True, exclude=("sub",))))
    assert names(found) == ["a.jpg", "img2.png", "img10.png"] and not any(each.problem for each in found)


def test_the_output_folder_is_not_eaten(tree: Path) -> None:
    out = tree / "sub"
    assert names(find([str(tree)], Selection(recursive=True, out=out))) == ["a.jpg", "img2.png", "img10.png"]
    assert "b.jpg" in names(find([str(out)], Selection(out=out)))


@pytest.mark.parametrize("recursive", [False, True])
def test_a_link_to_itself_is_an_input_that_cannot_be_read(tree: Path, recursive: bool) -> None:
    (tree / "loop").symlink_to(tree / "loop")
    found = list(find([str(tree)], Selection(recursive)))
    assert "loop" in names(found)
    jobs = make_plan(found, Naming(tree.parent / "out")).jobs
    assert any("loop: cannot be read" in job.problem for job in jobs)


def test_an_earlier_output_folder_is_left_out_and_named(tree: Path) -> None:
    (tree / "sub" / JOURNAL_FOLDER).mkdir()
    facts = {"bytes": 1, "mtime_ns": 2, "input": "b", "input_bytes": 3, "input_mtime_ns": 4, "settings": ""}
    lines = [json.dumps({"output": name, **facts}) for name in ("b.jpg", "deep/c.png")]
    (tree / "sub" / JOURNAL_FOLDER / "journal.jsonl").write_text("\n".join(lines))
    told: list[str] = []
    assert names(find([str(tree)], Selection(recursive=True), told.append)) == [
        "a.jpg",
        "img2.png",
        "img10.png",
    ]
    assert len(told) == 1 and str(tree / "sub") in told[0]


def test_link_loops_end(tree: Path) -> None:
    (tree / "sub" / "loop").symlink_to(tree, target_is_directory=True)
    assert len(names(find([str(tree)], Selection(recursive=True)))) == 5
    assert names(find([str(tree / "**" / "*.jpg")], Selection())) == ["a.jpg", "b.jpg"]


def test_a_pattern_that_the_shell_left_alone(tree: Path) -> None:
    assert names(find([str(tree / "*.png")], Selection())) == ["img2.png", "img10.png"]
    assert names(find([str(tree / "**" / "*.png")], Selection())) == ["img2.png", "img10.png", "c.png"]
    with pytest.raises(UsageError, match="no file matches"):
        list(find([str(tree / "*.tif")], Selection()))


def test_a_watched_pattern_waits_for_its_first_file(tree: Path) -> None:
    watched = Selection(more_to_come=True)
    assert list(find([str(tree / "*.tif")], watched)) == []
    (tree / "late.tif").touch()
    assert names(find([str(tree / "*.tif")], watched)) == ["late.tif"]


def test_a_name_with_brackets_is_a_name_first(tmp_path: Path) -> None:
    path = tmp_path / "a[1].png"
    path.touch()
    assert list(find([str(path)], Selection())) == [Found(path, PurePath("a[1].png"), named=True)]


def test_what_is_missing_is_still_found_as_named() -> None:
    assert list(find(["nowhere.jpg"], Selection())) == [
        Found(Path("nowhere.jpg"), PurePath("nowhere.jpg"), named=True)
    ]


def test_lists_keep_the_place_below_the_base(tmp_path: Path) -> None:
    data = f"{tmp_path}/x/a.jpg\r\n\n/elsewhere/b.jpg\n".encode()
    assert names(read_list(data, null=False, base=tmp_path)) == ["x/a.jpg", "b.jpg"]


def test_null_lists_hold_any_name() -> None:
    found = list(read_list(b"a\nb.jpg\0\xff.jpg\0", null=True, base=Path()))
    assert [os.fsencode(each.path) for each in found] == [b"a\nb.jpg", b"\xff.jpg"]


def test_a_base_that_is_not_above_its_inputs_is_refused(tree: Path) -> None:
    other = tree.parent / "other"
    other.mkdir()
    with pytest.raises(UsageError, match=r"--base .*other: .* does not lie below it; name a folder"):
        list(find([str(tree)], Selection(recursive=True, base=other)))


def test_lines_are_no_list_of_names_that_end_with_nul(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="holds no NUL; leave out -0"):
        list(read_list(b"a.jpg\nb.jpg\n", null=True, base=tmp_path))


def test_a_base_mirrors_arguments_too(tree: Path) -> None:
    selection = Selection(base=tree.parent)
    assert names(find([str(tree / "sub"), str(tree / "a.jpg")], selection)) == [
        "photos/sub/b.jpg",
        "photos/a.jpg",
    ]


def test_a_photo_is_found_in_its_own_place_before_links_to_it(tree: Path) -> None:
    (tree / "best").symlink_to(tree / "sub" / "deep")
    notices: list[str] = []
    found = names(find([str(tree)], Selection(recursive=True), notices.append))
    assert found == ["a.jpg", "img2.png", "img10.png", "sub/b.jpg", "sub/deep/c.png"]
    assert notices == [f"{tree / 'best'}: left out, it is a link to a folder that is looked into already"]


def test_links_out_of_the_tree_come_last_or_not_at_all(tree: Path, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "o.png").touch()
    (tree / "best").symlink_to(tmp_path / "other")
    assert names(find([str(tree)], Selection(recursive=True)))[-2:] == ["sub/deep/c.png", "best/o.png"]
    assert "best/o.png" not in names(find([str(tree)], Selection(recursive=True, in_place=True)))


def test_a_link_to_a_folder_above_is_left_out(tmp_path: Path) -> None:
    inner = tmp_path / "archive" / "inner"
    inner.mkdir(parents=True)
    (inner / "a.png").touch()
    (inner.parent / "b.png").touch()
    (inner / "up").symlink_to(inner.parent)
    notices: list[str] = []
    found = list(find([str(inner)], Selection(recursive=True), notices.append))
    assert [each.path.name for each in found] == ["a.png"]
    assert notices == [f"{inner / 'up'}: left out, it is a link to a folder that {inner} is in"]


def test_photos_in_subfolders_that_are_not_entered_are_told_of(tree: Path) -> None:
    def told(**choice: Any) -> list[str]:
        notices: list[str] = []
        list(find([str(tree)], Selection(**choice), notices.append))
        return notices

    (tree / "notes").mkdir()
    (tree / "notes" / "x.txt").touch()
    one = [f"{tree}: 1 subfolder with photos is not looked into; --recursive does that"]
    assert told() == told(include=("*.jpg",)) == one
    for choice in (
        {"recursive": True},
        {"exclude": ("sub",)},
        {"include": ("*.png",)},
        {"out": tree / "sub"},
    ):
        assert told(**choice) == []
    (tree / "more").mkdir()
    (tree / "more" / "d.png").touch()
    assert "2 subfolders with photos are not" in told()[0]
