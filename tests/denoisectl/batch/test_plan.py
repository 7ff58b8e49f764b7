from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path, PurePath

import numpy as np
import pytest
import tifffile

from denoisectl.batch import journal
from denoisectl.batch.backup import Backup
from denoisectl.batch.inputs import find
from denoisectl.batch.job import Job, Plan
from denoisectl.batch.journal import Journal
from denoisectl.batch.plan import Naming, make_plan
from denoisectl.batch.selection import Found, Selection
from denoisectl.batch.shard import Shard
from denoisectl.errors import UsageError
from denoisectl.images import Format
from tests.denoisectl.conftest import Pictures, write_picture


def planned(folder: Path, out: Path, **naming: object) -> Plan:
    return make_plan(find([str(folder)], Selection(recursive=True, out=out)), Naming(out, **naming))  # type: ignore[arg-type]


def targets(plan: Plan) -> list[str]:
    return [job.target.name for job in plan.jobs if job.target]


def test_outputs_mirror_inputs(tmp_path: Path, pictures: Pictures) -> None:
    pictures(tmp_path / "in", "a.jpg", "sub/b.PNG".lower(), "sub/c.tif")
    plan = planned(tmp_path / "in", tmp_path / "out")
    assert [job.target for job in plan.jobs] == [
        tmp_path / "out" / name for name in ("a.jpg", "sub/b.png", "sub/c.tif")
    ]
    assert plan.folders() == {tmp_path / "out", tmp_path / "out" / "sub"}


def test_kinds_are_told_by_content(tmp_path: Path, pictures: Pictures) -> None:
    (png,) = pictures(tmp_path / "in", "a.png")
    png.rename(png.with_name("a.jpg"))
    assert targets(planned(tmp_path / "in", tmp_path / "out")) == ["a.png"]


@pytest.mark.parametrize(
    ("name", "naming", "expected"),
    [
        ("a.jpeg", {}, "a.jpeg"),
        ("a.JPG", {}, "a.JPG"),
        ("a", {}, "a.png"),
        ("2024.01.15", {}, "2024.01.15.png"),
        ("scan.v1", {"suffix": "-clean"}, "scan.v1-clean.png"),
        ("a.heic", {}, "a.png"),
        ("a.png", {"format": Format.JPEG}, "a.jpg"),
        ("a.tiff", {"format": Format.TIFF}, "a.tiff"),
        ("a.b.png", {"suffix": "-clean"}, "a.b-clean.png"),
    ],
)
def test_names(name: str, naming: dict[str, object], expected: str) -> None:
    kind = {"jpg": Format.JPEG, "jpeg": Format.JPEG, "tiff": Format.TIFF}.get(
        name.lower().split(".")[-1], Format.PNG
    )
    assert Naming(Path("out"), **naming).target(PurePath(name), kind) == Path("out", expected)  # type: ignore[arg-type]


def test_two_inputs_for_one_output_are_refused(tmp_path: Path, pictures: Pictures) -> None:
    first, second = pictures(tmp_path, "x/a.jpg", "y/a.jpg")
    with pytest.raises(UsageError) as refused:
        make_plan(find([str(first), str(second)], Selection()), Naming(tmp_path / "out"))
    assert (
        str(first) in str(refused.value)
        and str(second) in str(refused.value)
        and "--base" in str(refused.value)
    )


def test_the_same_file_twice_is_one_job(tmp_path: Path, pictures: Pictures) -> None:
    (path,) = pictures(tmp_path, "x/a.jpg")
    assert (
        len(make_plan(find([str(path), str(path.parent)], Selection()), Naming(tmp_path / "out")).jobs) == 1
    )


@pytest.mark.parametrize("backup", [None, Backup(suffix=".orig")])
def test_a_file_that_is_named_is_not_ignored_for_its_folder(
    tmp_path: Path, pictures: Pictures, backup: Backup | None
) -> None:
    (photo,) = pictures(tmp_path, "in/a.png")
    notes = photo.with_name("notes.txt")
    notes.touch()
    for order in ((notes, photo.parent), (photo.parent, notes)):
        plan = make_plan(find(map(str, order), Selection()), Naming(tmp_path / "out", backup=backup))
        assert {job.source: job.code for job in plan.jobs} == {photo: None, notes: "not-an-image"}
        assert plan.ignored == ()


def test_two_spellings_of_one_file_are_one_job(tmp_path: Path, pictures: Pictures) -> None:
    (path,) = pictures(tmp_path, "in/a.png")
    other = tmp_path / "in" / ".." / "in" / "a.png"
    found = find([str(path), str(other)], Selection())
    assert len(make_plan(found, Naming(tmp_path / "out")).jobs) == 1


def test_a_link_to_nowhere_is_named(tmp_path: Path, pictures: Pictures) -> None:
    pictures(tmp_path, "in/a.png")
    (tmp_path / "in" / "b.png").symlink_to("gone.png")
    job = planned(tmp_path / "in", tmp_path / "out").jobs[1]
    assert job.code == "missing" and "is a link to gone.png, which is not there" in job.problem


def test_an_output_that_is_an_input_is_refused(tmp_path: Path, pictures: Pictures) -> None:
    pictures(tmp_path, "a.jpg")
    with pytest.raises(UsageError, match=r"overwrite an input.*--suffix"):
        make_plan(find([str(tmp_path)], Selection()), Naming(tmp_path))
    assert targets(make_plan(find([str(tmp_path)], Selection()), Naming(tmp_path, suffix="-x"))) == [
        "a-x.jpg"
    ]


def test_an_output_that_is_another_input_by_another_name_is_refused(
    tmp_path: Path, pictures: Pictures
) -> None:
    first, second = pictures(tmp_path, "x/a.jpg", "y/b.jpg")
    (tmp_path / "out").mkdir()
    os.link(second, tmp_path / "out" / "a.jpg")
    with pytest.raises(UsageError, match="overwrite an input"):
        make_plan(find([str(first), str(second)], Selection()), Naming(tmp_path / "out"))


def test_no_images_among_the_files_of_a_folder(tmp_path: Path, pictures: Pictures) -> None:
    pictures(tmp_path / "in", "a.jpg")
    (tmp_path / "in" / "Thumbs.db").write_bytes(b"\xd0\xcf")
    (tmp_path / "in" / "liar.jpg").write_text("hello")
    (tmp_path / "in" / "empty.png").touch()
    plan = planned(tmp_path / "in", tmp_path / "out")
    assert [file.kind for file in plan.ignored] == [""]
    assert [(job.source.name, job.code) for job in plan.jobs] == [
        ("a.jpg", None),
        ("empty.png", "not-an-image"),
        ("liar.jpg", "not-an-image"),
    ]
    assert "is empty" in plan.jobs[1].problem and "liar.jpg: not an image: " in plan.jobs[2].problem


def test_other_kinds_are_named(tmp_path: Path) -> None:
    path = tmp_path / "a.heic"
    path.write_bytes(b"\0\0\0\x18ftypheic\0\0\0\0")
    (job,) = make_plan([Found(path, PurePath("a.heic"), named=True)], Naming(tmp_path / "out")).jobs
    assert "HEIC" in job.problem and "convert" in job.problem


def write_dng(path: Path) -> None:
    version = (50706, "B", 4, (1, 4, 0, 0), True)
    tifffile.imwrite(path, np.zeros((8, 8, 3), np.uint8), extratags=[version], metadata=None)


def write_nef(path: Path) -> None:
    """A preview in front, and the raw image in a directory below."""
    with tifffile.TiffWriter(path) as file:
        file.write(np.zeros((8, 8, 3), np.uint8), subifds=1, subfiletype=1, metadata=None)
        file.write(np.zeros((64, 64), np.uint16), metadata=None)


@pytest.mark.parametrize("write_raw", [write_dng, write_nef])
def test_raw_photos_beside_others_are_passed_over(
    write_raw: Callable[[Path], None], tmp_path: Path, pictures: Pictures
) -> None:
    (photo,) = pictures(tmp_path / "in", "a.jpg")
    raw = tmp_path / "in" / "a.nef"
    write_raw(raw)
    plan = planned(tmp_path / "in", tmp_path / "out")
    assert [job.source for job in plan.jobs] == [photo]
    assert [(file.path, file.kind) for file in plan.ignored] == [(raw, "a raw photo")]
    (named,) = make_plan(find([str(raw)], Selection()), Naming(tmp_path / "out")).jobs
    assert named.target, "one that is named is tried, and refused by name"


def test_missing_files_fail_beside_others_and_refuse_alone(tmp_path: Path, pictures: Pictures) -> None:
    (path,) = pictures(tmp_path, "a.jpg")
    missing = str(tmp_path / "gone.jpg")
    plan = make_plan(find([missing, str(path)], Selection()), Naming(tmp_path / "out"))
    assert [job.code for job in plan.jobs] == ["missing", None]
    with pytest.raises(UsageError, match=r"gone\.jpg: no such file"):
        make_plan(find([missing], Selection()), Naming(tmp_path / "out"))


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="nothing to do"):
        planned(tmp_path, tmp_path / "out")


@pytest.mark.parametrize("count", [1, 2, 7])
def test_shards_part_the_plan(count: int) -> None:
    places = [PurePath(f"sub/{number}.jpg") for number in range(200)]
    takers = [
        [shard for shard in range(1, count + 1) if Shard(shard, count).takes(place)] for place in places
    ]
    assert all(len(each) == 1 for each in takers)
    assert len({each[0] for each in takers}) == count


def test_a_shard_never_changes() -> None:
    assert [Shard(1, 3).takes(PurePath(f"{n}.jpg")) for n in range(8)] == [
        True, False, True, False, False, True, False, True,
    ]  # fmt: skip


def test_a_shard_goes_by_the_place_and_not_by_the_name_alone() -> None:
    takers = {Shard(1, 2).takes(PurePath(f"{folder}/a.jpg")) for folder in range(20)}
    assert takers == {True, False}, "or one shard would have all of a camera's first photos"


def test_a_shard_is_the_same_wherever_the_folder_is_mounted(tmp_path: Path, pictures: Pictures) -> None:
    names = [f"{number}.png" for number in range(12)]
    parts = []
    for mount in ("here", "there"):
        pictures(tmp_path / mount / "in", *names)
        plan = make_plan(
            find([str(tmp_path / mount / "in")], Selection()), Naming(tmp_path / mount / "out"), Shard(1, 2)
        )
        parts.append([job.source.name for job in plan.jobs])
    assert parts[0] == parts[1] and 0 < len(parts[0]) < len(names)


def test_a_name_that_is_no_text_has_its_shard() -> None:
    place = PurePath(os.fsdecode(b"caf\xe9.jpg"))
    assert Shard(1, 2).takes(place) != Shard(2, 2).takes(place)


def test_shards_are_read() -> None:
    assert Shard.parse("2/8") == Shard(2, 8)
    slurm = {
        "SLURM_ARRAY_TASK_ID": "5",
        "SLURM_ARRAY_TASK_MIN": "1",
        "SLURM_ARRAY_TASK_COUNT": "4",
        "SLURM_ARRAY_TASK_STEP": "2",
    }
    assert Shard.parse("slurm", slurm) == Shard(3, 4)
    del slurm["SLURM_ARRAY_TASK_STEP"]
    assert Shard.parse("slurm", slurm | {"SLURM_ARRAY_TASK_ID": "3"}) == Shard(3, 4)
    for wrong in ("0/3", "4/3", "1", "a/b", "slurm"):
        with pytest.raises(UsageError, match=f"--shard {wrong}"):
            Shard.parse(wrong, {})


def test_a_watched_folder_fails_what_collides_alone(tmp_path: Path, pictures: Pictures) -> None:
    pictures(tmp_path / "in", "a.jpg", "a.png", "b.png")
    found = find([str(tmp_path / "in")], Selection())
    plan = make_plan(found, Naming(tmp_path / "out", format=Format.PNG), watching=True)
    assert [job.code for job in plan.jobs] == ["collision", "collision", None]
    assert "as would" in plan.jobs[0].problem and "--on-collision rename" in plan.jobs[0].problem


def test_a_watched_folder_fails_what_would_overwrite_an_input(tmp_path: Path, pictures: Pictures) -> None:
    pictures(tmp_path, "a.jpg", "a-x.jpg")
    plan = make_plan(find([str(tmp_path)], Selection()), Naming(tmp_path, suffix="-x"), watching=True)
    assert {job.source.name: job.code for job in plan.jobs} == {"a.jpg": "collision", "a-x.jpg": None}


def test_results_of_this_folder_are_no_inputs(tmp_path: Path, pictures: Pictures) -> None:
    pictures(tmp_path, "a.jpg", "a-x.jpg")
    found = find([str(tmp_path)], Selection())
    plan = make_plan(found, Naming(tmp_path, suffix="-x"), made_here=lambda path: path.stem.endswith("-x"))
    assert {job.source.name: bool(job.skip) for job in plan.jobs} == {"a.jpg": False, "a-x.jpg": True}


def test_results_of_other_shards_at_work_are_no_inputs(tmp_path: Path) -> None:
    """Two machines may watch one folder and put results there too."""
    one, other = (Journal(tmp_path, "settings", Shard(index, 2)) for index in (1, 2))
    result = tmp_path / "a-clean.png"
    assert not one.made(result)
    result.write_bytes(b"x")
    job = Job(tmp_path / "a.png", result, PurePath("a.png"))
    other.record(job, result.stat(), b"x")
    assert one.made(result) and other.made(result) and not one.made(tmp_path / "a.png")


def test_of_another_shards_journal_only_what_is_new_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = (Journal(tmp_path / "out", "settings", Shard(index, 2)) for index in (1, 2))
    read, content = list[int](), journal._content
    monkeypatch.setattr(journal, "_content", lambda *asked: read.append(asked[1]) or content(*asked))
    for name in ("a", "b"):
        result = write_picture(tmp_path / "out" / f"{name}.png")
        other.record(Job(tmp_path / f"{name}.png", result, PurePath(result.name)), result.stat(), b"x")
        assert not one.made(tmp_path / "photo.png"), "it lies outside, so nobody needs to read"
        assert one.made(result)
    assert read[0] == 0 < read[1] and len(read) == 2


def test_a_whole_disk_can_be_the_output_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(journal, "_journals", lambda stem: [tmp_path / "journal.jsonl"])
    stat = write_picture(tmp_path / "a.png").stat()
    line = {
        "v": 1,
        "output": (tmp_path / "a.png").as_posix()[1:],
        "bytes": stat.st_size,
        "mtime_ns": stat.st_mtime_ns,
    }
    line |= {"input": "a.png", "input_bytes": 1, "input_mtime_ns": 1, "settings": ""}
    (tmp_path / "journal.jsonl").write_text(json.dumps(line))
    assert Journal(Path("/"), "").made(tmp_path / "a.png")
