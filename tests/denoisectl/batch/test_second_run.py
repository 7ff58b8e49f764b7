"""A run over outputs that are there already: what is done, what is somebody else's, what is made again."""

from __future__ import annotations

import errno
import json
import os
import re
from pathlib import Path, PurePath
from typing import BinaryIO

import pytest

from denoisectl import Denoiser
from denoisectl.batch.inputs import find
from denoisectl.batch.job import Job
from denoisectl.batch.journal import Journal
from denoisectl.batch.journal_lines import JOURNAL_FOLDER
from denoisectl.batch.library import denoise_folder
from denoisectl.batch.selection import Selection
from denoisectl.batch.settings import Settings
from denoisectl.errors import UsageError
from tests.denoisectl.batch.conftest import FAILED, OK, SKIPPED, pixels, statuses
from tests.denoisectl.conftest import write_picture


def test_a_second_run_does_nothing(denoiser: Denoiser, photos: Path, out: Path) -> None:
    list(denoise_folder(denoiser, photos, out))
    times = {path: path.stat().st_mtime_ns for path in out.glob("[!.]*")}
    results = list(denoise_folder(denoiser, photos, out))
    assert {result.status for result in results} == {SKIPPED}
    assert {path: path.stat().st_mtime_ns for path in out.glob("[!.]*")} == times


def test_a_second_run_does_what_is_missing_or_changed(denoiser: Denoiser, photos: Path, out: Path) -> None:
    list(denoise_folder(denoiser, photos, out))
    (out / "a.png").unlink()
    write_picture(photos / "c.png", seed=9)
    os.utime(photos / "c.png", ns=(1, 1))
    assert statuses(denoise_folder(denoiser, photos, out)) == {"a.png": OK, "b.jpg": SKIPPED, "c.png": OK}


def test_other_settings_make_everything_again(denoiser: Denoiser, photos: Path, out: Path) -> None:
    list(denoise_folder(denoiser, photos, out))
    again = denoise_folder(denoiser, photos, out, settings=Settings(strength=0.5))
    assert set(statuses(again).values()) == {OK}


def test_outputs_of_others_are_left_alone(denoiser: Denoiser, photos: Path, out: Path) -> None:
    list(denoise_folder(denoiser, photos, out))
    (out / "a.png").write_bytes(b"retouched by hand")
    results = list(denoise_folder(denoiser, photos, out, settings=Settings(strength=0.5)))
    assert statuses(results) == {"a.png": SKIPPED, "b.jpg": OK, "c.png": OK}
    assert "--if-exists overwrite" in results[0].reason
    assert (out / "a.png").read_bytes() == b"retouched by hand"


def test_the_result_of_another_photo_keeps_its_name(
    denoiser: Denoiser, photos: Path, tmp_path: Path, out: Path
) -> None:
    list(denoise_folder(denoiser, photos, out))
    made = (out / "a.png").read_bytes()
    other = write_picture(tmp_path / "other" / "a.png", seed=9)
    results = list(denoise_folder(denoiser, other.parent, out))
    assert statuses(results) == {"a.png": FAILED} and results[0].code == "collision"
    assert f"was made from another photo, {photos / 'a.png'}" in results[0].reason
    assert (out / "a.png").read_bytes() == made
    assert statuses(denoise_folder(denoiser, other.parent, out, if_exists="overwrite")) == {"a.png": OK}
    assert (out / "a.png").read_bytes() != made, "unless it is asked for, as the message says"
    list(denoise_folder(denoiser, photos, out, if_exists="overwrite"))
    (photos / "a.png").unlink()
    assert statuses(denoise_folder(denoiser, other.parent, out)) == {"a.png": OK}, "it may have moved"


def test_a_photo_that_is_reached_another_way_is_no_other_photo(
    denoiser: Denoiser, photos: Path, tmp_path: Path, out: Path
) -> None:
    list(denoise_folder(denoiser, photos, out))
    (tmp_path / "link").symlink_to(photos)
    again = denoise_folder(denoiser, tmp_path / "link", out, settings=Settings(strength=0.5))
    assert statuses(again) == {"a.png": OK, "b.jpg": OK, "c.png": OK}


def test_a_photo_that_cannot_be_reached_any_more_does_not_end_the_run(
    denoiser: Denoiser, photos: Path, tmp_path: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    list(denoise_folder(denoiser, photos, out))
    other, gone, is_file = write_picture(tmp_path / "other" / "a.png", seed=9), photos / "a.png", Path.is_file

    def unreachable(path: Path) -> bool:
        if path == gone:
            raise OSError(errno.ESTALE, "Stale file handle")
        return is_file(path)

    monkeypatch.setattr(Path, "is_file", unreachable)
    assert statuses(denoise_folder(denoiser, other.parent, out)) == {"a.png": OK}


def test_overwrite(denoiser: Denoiser, photos: Path, out: Path) -> None:
    list(denoise_folder(denoiser, photos, out))
    (out / "a.png").write_bytes(b"retouched by hand")
    assert set(statuses(denoise_folder(denoiser, photos, out, if_exists="overwrite")).values()) == {OK}
    assert pixels(out / "a.png").shape == (24, 32, 3)


def test_error_refuses_before_anything_is_written(denoiser: Denoiser, photos: Path, out: Path) -> None:
    write_picture(out / "c.png")
    with pytest.raises(UsageError, match=r"c\.png exists already"):
        denoise_folder(denoiser, photos, out, if_exists="error")
    assert [path.name for path in out.iterdir()] == ["c.png"]


def test_newer(denoiser: Denoiser, photos: Path, out: Path) -> None:
    list(denoise_folder(denoiser, photos, out))
    for name, later in (("a.png", 60), ("b.jpg", -60), ("c.png", 0)):
        stamp = (out / name).stat().st_mtime_ns + later * 1_000_000_000
        os.utime(photos / name, ns=(stamp, stamp))
    results = statuses(denoise_folder(denoiser, photos, out, if_exists="newer"))
    assert results == {"a.png": OK, "b.jpg": SKIPPED, "c.png": SKIPPED}


def test_a_torn_journal_is_read_as_far_as_it_goes(denoiser: Denoiser, photos: Path, out: Path) -> None:
    list(denoise_folder(denoiser, photos, out))
    journal = out / JOURNAL_FOLDER / "journal.jsonl"
    lines = journal.read_bytes().lstrip().splitlines(keepends=True)
    names = [json.loads(line)["output"] for line in lines]
    journal.write_bytes(lines[0] + lines[1][:20])
    results = statuses(denoise_folder(denoiser, photos, out, settings=Settings(strength=0.5)))
    assert results[names[0]] is OK, "known and made with other settings"
    assert results[names[1]] is SKIPPED, "unknown, so somebody else's"
    again = statuses(denoise_folder(denoiser, photos, out))
    assert again[names[0]] is OK, "the torn line has not swallowed the next one"


def rewrite(out: Path, **fields: object) -> None:
    """Give every line of a journal these fields."""
    journal = out / JOURNAL_FOLDER / "journal.jsonl"
    lines = [json.loads(line) | fields for line in journal.read_text().splitlines() if line]
    journal.write_text("".join(f"{json.dumps(line)}\n" for line in lines))


@pytest.mark.parametrize(
    "strange",
    [
        {"output": ["a.png"]},
        {"output": "a\0.png"},
        {"source": {"path": "a.png"}},
        {"backup": 5},
        {"settings": {}},
        {"bytes": "1"},
        {"v": "1"},
    ],
)
def test_lines_of_another_shape_are_passed_over(
    denoiser: Denoiser, photos: Path, out: Path, strange: dict[str, object]
) -> None:
    list(denoise_folder(denoiser, photos, out))
    rewrite(out, **strange)
    assert all("not from this tool" in result.reason for result in denoise_folder(denoiser, photos, out))
    assert len(list(find([str(out)], Selection()))) == 3
    (out / JOURNAL_FOLDER / "journal.jsonl").replace(photos / ".denoisectl-in-place.jsonl")
    assert set(statuses(denoiser.in_place(photos, ".orig")).values()) == {OK}


def test_a_journal_of_a_later_version_is_told(denoiser: Denoiser, photos: Path, out: Path) -> None:
    list(denoise_folder(denoiser, photos, out))
    rewrite(out, more="than is known")
    assert {result.reason for result in denoise_folder(denoiser, photos, out)} == {"already done"}
    rewrite(out, v=2, output=["other", "shape"])
    later = r"journal\.jsonl: a later version of denoisectl wrote it; upgrade this one, or move"
    with pytest.raises(UsageError, match=later):
        denoise_folder(denoiser, photos, out)
    (found,) = find([str(out)], Selection())
    assert re.search(later, found.problem)
    (out / JOURNAL_FOLDER / "journal.jsonl").replace(photos / ".denoisectl-in-place.jsonl")
    (result,) = denoiser.in_place(photos, ".orig")
    assert result.status is FAILED and "a later version" in result.reason


def test_the_journal_knows_of_an_output_before_it_has_its_name(
    denoiser: Denoiser, photos: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    noted: dict[str, bool] = {}
    record = Journal.record

    def note(journal: Journal, job: Job, output: os.stat_result, data: bytes) -> None:
        assert job.target is not None
        noted[job.target.name] = job.target.exists()
        record(journal, job, output, data)

    monkeypatch.setattr(Journal, "record", note)
    list(denoise_folder(denoiser, photos, out))
    # A run killed between the two would take its own output for somebody else's.
    assert noted == {"a.png": False, "b.jpg": False, "c.png": False}


def test_a_line_that_a_full_disk_cuts_short_is_an_error_and_spoils_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = [write_picture(tmp_path / name) for name in ("a.png", "b.png", "c.png")]
    jobs = [Job(tmp_path / "in" / path.name, path, PurePath(path.name)) for path in made]
    journal, opened = Journal(tmp_path, "settings"), Path.open

    class Full:
        def __init__(self, file: BinaryIO) -> None:
            self.file = file

        def __enter__(self) -> Full:
            return self

        def __exit__(self, *_: object) -> None:
            self.file.close()

        def write(self, data: bytes) -> int:
            return self.file.write(data[:20])

    journal.record(jobs[0], made[0].stat(), b"x")
    with monkeypatch.context() as patched:
        patched.setattr(Path, "open", lambda path, *mode, **how: Full(opened(path, *mode, **how)))
        with pytest.raises(OSError, match="No space left"):
            journal.record(jobs[1], made[1].stat(), b"x")
    journal.record(jobs[2], made[2].stat(), b"x")
    again = Journal(tmp_path, "settings")
    assert [again.made(path) for path in made] == [True, False, True]
