"""Outputs that collide are told apart by their inputs' names alone."""

from __future__ import annotations

from pathlib import Path, PurePath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from denoisectl.batch.collisions import refuse_collisions, told_apart
from denoisectl.batch.inputs import Selection, find
from denoisectl.batch.job import Job
from denoisectl.batch.plan import Naming, make_plan
from denoisectl.batch.shard import Shard
from denoisectl.errors import UsageError
from denoisectl.images import Format
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
