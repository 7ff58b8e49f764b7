"""Outputs that collide are told apart by their inputs' names alone."""

from __future__ import annotations

from pathlib import Path, PurePath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from denoisectl import Denoiser
from denoisectl.batch.collisions import refuse_collisions, told_apart
from denoisectl.batch.inputs import find
from denoisectl.batch.job import Job
from denoisectl.batch.plan import Naming, make_plan
from denoisectl.batch.selection import Selection
from denoisectl.batch.shard import Shard
from denoisectl.errors import UsageError
from denoisectl.images import Format
from tests.denoisectl.batch.conftest import FAILED, OK, SKIPPED, statuses
from tests.denoisectl.conftest import Pictures

OUT = Path("out")


def job(source: str, *, ending: str = "") -> Job:
    """A job whose output has its input's name, or another ending."""
    path = Path(source)
    return Job(path, OUT / path.with_suffix(ending or path.suffix).name, PurePath(path.name))


def names(jobs: tuple[Job, ...]) -> list[str]:
    return [each.target.name for each in jobs if each.target]


def test_other_endings_take_the_whole_name() -> None:
    jobs = (job("a.jpg", ending=".png"), job("a.png"), job("b.jpg", ending=".png"))
    assert names(told_apart(jobs)) == ["a.jpg.png", "a.png", "b.png"]


def test_equal_names_take_a_digest_of_their_paths() -> None:
    assert names(told_apart((job("x/a.jpg"), job("y/a.jpg"), job("x/b.jpg")))) == [
        "a-9734e212.jpg", "a-66aafdc2.jpg", "b.jpg",
    ]  # fmt: skip


def test_a_whole_name_that_is_taken_takes_a_digest_too() -> None:
    jobs = told_apart((job("a.jpg", ending=".png"), job("a.png"), job("a.jpg.png")))
    assert len(set(names(jobs))) == 3 and "a.png" in names(jobs)


places = st.lists(
    st.builds(
        "{}/{}{}".format, st.sampled_from("xy"), st.sampled_from("ab"), st.sampled_from([".jpg", ".png"])
    ),
    unique=True,
)


@given(places)
def test_nothing_collides_and_order_does_not_matter(sources: list[str]) -> None:
    jobs = tuple(job(source, ending=".png") for source in sources)
    apart = told_apart(jobs)
    refuse_collisions(apart)
    backwards = told_apart(jobs[::-1])
    assert {each.source: each.target for each in apart} == {each.source: each.target for each in backwards}


def test_a_plan_is_refused_or_told_apart(tmp_path: Path, pictures: Pictures) -> None:
    pictures(tmp_path / "in", "a.jpg", "a.png", "b.jpg")
    found = list(find([str(tmp_path / "in")], Selection()))
    with pytest.raises(UsageError, match="--on-collision rename"):
        make_plan(found, Naming(tmp_path / "out", Format.PNG))
    naming = Naming(tmp_path / "out", Format.PNG, rename=True)
    whole = {each.source: each.target for each in make_plan(found, naming).jobs}
    assert sorted(target.name for target in whole.values() if target) == ["a.jpg.png", "a.png", "b.png"]
    parts = [make_plan(found, naming, Shard(part, 3)).jobs for part in (1, 2, 3)]
    assert {each.source: each.target for part in parts for each in part} == whole


@pytest.fixture
def folding(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An output folder on a disk that takes capital and small letters for the same."""
    out, replace, stat = tmp_path / "out", Path.replace, Path.stat

    def place(path: Path) -> Path:
        return out / path.name.lower() if path.parent == out else path

    monkeypatch.setattr(Path, "replace", lambda path, target: replace(path, place(target)))
    monkeypatch.setattr(Path, "stat", lambda path, **how: stat(place(path), **how))
    return out


def test_a_disk_that_folds_case_loses_no_result(
    denoiser: Denoiser, tmp_path: Path, pictures: Pictures, folding: Path
) -> None:
    pictures(tmp_path / "in", "IMG_1.PNG", "b.png", "img_1.png")
    results = {result.source: result for result in denoiser.folder(tmp_path / "in", folding)}
    assert sorted(result.status for result in results.values()) == [FAILED, OK, OK]
    (lost,) = (source for source, result in results.items() if result.status is FAILED)
    assert results[lost].code == "collision" and "rename one of the photos" in results[lost].reason
    kept = (folding / "img_1.png").read_bytes()
    for if_exists in ("skip", "newer"):
        again = denoiser.folder(tmp_path / "in", folding, if_exists=if_exists)
        assert {result.source for result in again if result.status is FAILED} == {lost}
    assert (folding / "img_1.png").read_bytes() == kept
    over = statuses(denoiser.folder(tmp_path / "in", folding, if_exists="overwrite"))
    assert sorted(over.values()) == [FAILED, OK, OK]


def test_results_that_were_linked_to_each_other_are_there(
    denoiser: Denoiser, tmp_path: Path, pictures: Pictures
) -> None:
    """As programs do that look for files of equal content."""
    out = tmp_path / "out"
    pictures(tmp_path / "in", "a.png", "b.png", "c.png")
    list(denoiser.folder(tmp_path / "in", out))
    (out / "b.png").unlink()
    (out / "b.png").hardlink_to(out / "a.png")
    assert set(statuses(denoiser.folder(tmp_path / "in", out)).values()) == {SKIPPED}
    (out / "b.png").unlink()
    (out / "a.png").unlink()
    (out / "a.png").symlink_to("c.png")
    (out / "b.png").symlink_to("c.png")
    assert set(statuses(denoiser.folder(tmp_path / "in", out)).values()) == {SKIPPED}
    again = denoiser.folder(tmp_path / "in", out, if_exists="overwrite")
    assert set(statuses(again).values()) == {OK}
