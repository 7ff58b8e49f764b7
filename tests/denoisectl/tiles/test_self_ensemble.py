"""Averages of flipped and turned views: which they are, that they keep the law of the tiles, and who decides."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from denoisectl import Denoiser
from denoisectl.errors import UsageError
from denoisectl.pixels import Planes
from denoisectl.tiles.self_ensemble import SelfEnsemble
from tests import toy_models

Image = np.ndarray[Any, Any]


class _Marking:
    """Sets the second pixel of the first row to 80 and notes what it was given."""

    card = toy_models.CARD
    device = "cpu"
    device_note = ""
    lanes = 1

    def __init__(self) -> None:
        self.shapes: list[tuple[int, ...]] = []

    def run(self, batch: Planes) -> Planes:
        self.shapes.append(batch.shape)
        marked = batch.copy()
        marked[:, :, 0, 1] = 80
        return marked


@pytest.mark.parametrize(
    ("views", "expected"),
    [
        (1, [[0, 80, 0, 0], [0, 0, 0, 0]]),
        (2, [[0, 40, 0, 0], [0, 0, 40, 0]]),
        (4, [[0, 20, 20, 0], [0, 20, 20, 0]]),
        (8, [[10, 10, 10, 10], [10, 10, 10, 10]]),
    ],
)
def test_each_view_sees_the_tile_from_another_side(views: int, expected: list[list[float]]) -> None:
    runner = _Marking()
    batch = np.zeros((2, 3, 2, 4), np.float32)
    averaged = SelfEnsemble(runner, views).run(batch)
    assert np.array_equal(averaged, np.broadcast_to(np.array(expected, np.float32), (2, 3, 2, 4)))
    assert not batch.any(), "the input stays as it is"
    shapes = [(2, 3, 2, 4)] * min(views, 4) + [(2, 3, 4, 2)] * max(0, views - 4)
    assert runner.shapes == shapes


def test_the_eight_views_are_all_there_are() -> None:
    """A tile of which no flip or turn is like another: the network sees all eight."""
    seen = []

    class Watching(_Marking):
        def run(self, batch: Planes) -> Planes:
            seen.append(batch[0, 0].tolist())
            return batch

    tile = np.arange(9, dtype=np.float32).reshape(1, 1, 3, 3)
    assert np.array_equal(SelfEnsemble(Watching(), 8).run(tile), tile)
    turned = [np.rot90(side, turns) for side in (tile[0, 0], tile[0, 0].T) for turns in range(4)]
    assert sorted(seen) == sorted(view.tolist() for view in turned)


@pytest.fixture(scope="module", params=toy_models.ARCHITECTURES, ids=lambda build: build.__name__)
def network(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    build: Callable[[Path], Path] = request.param
    return build(tmp_path_factory.mktemp("models") / f"{build.__name__}.onnx")


@cache  # loading takes longer than running
def opened(network: Path, tile: int, views: int) -> Denoiser:
    return Denoiser.open(network, "cpu", tile=tile, self_ensemble=views)


@settings(max_examples=20, deadline=None)
@given(data=st.data())
def test_tiled_is_untiled(network: Path, photo: Image, data: st.DataObject) -> None:
    image = photo[: data.draw(st.integers(1, 200)), : data.draw(st.integers(1, 200))]
    views = data.draw(st.sampled_from((2, 4, 8)))
    tile = data.draw(st.sampled_from((32, 64, 128)))
    whole, tiled = (opened(network, each, views).image(image) for each in (0, tile))
    difference = np.abs(tiled.astype(int) - whole.astype(int))
    assert difference.max() <= 1
    assert np.count_nonzero(difference) <= max(1, image.size // 10**6)


def test_no_side_of_a_photo_is_another_with_eight_views(network: Path, photo: Image) -> None:
    image = np.ascontiguousarray(photo[:64, :96])
    turned = np.ascontiguousarray(image.transpose(1, 0, 2)[::-1])

    def moved(views: int) -> int:
        """By how many levels a turned photo's result is not the result turned."""
        denoiser = Denoiser.open(network, "cpu", self_ensemble=views)
        expected = denoiser.image(image).transpose(1, 0, 2)[::-1]
        return int(np.abs(denoiser.image(turned).astype(int) - expected).max())

    assert moved(8) <= 1
    assert moved(1) > 5


def _with_views(path: Path, views: int) -> Path:
    return toy_models.identity(path, replace(toy_models.CARD, self_ensemble=views))


def _views(denoiser: Denoiser) -> int | str:
    return denoiser.facts(32, 32)["self_ensemble"]


def test_the_card_says_how_many_and_whoever_asks_decides(tmp_path: Path) -> None:
    model = _with_views(tmp_path / "four.onnx", 4)
    assert _views(Denoiser.open(model, "cpu")) == 4
    assert _views(Denoiser.open(model, "cpu", self_ensemble=1)) == 1
    assert _views(Denoiser.open(model, "cpu", self_ensemble=8)) == 8
    assert _views(Denoiser.open(_with_views(tmp_path / "one.onnx", 1), "cpu")) == 1


def test_the_memory_for_views_is_taken_from_that_for_tiles(tmp_path: Path) -> None:
    model = _with_views(tmp_path / "one.onnx", 1)
    one, two = (Denoiser.open(model, "cpu", self_ensemble=views)._rules.budget for views in (1, 2))
    assert two < one


def test_a_pickled_denoiser_keeps_them(tmp_path: Path) -> None:
    opened = Denoiser.open(_with_views(tmp_path / "four.onnx", 4), "cpu", self_ensemble=2)
    assert _views(pickle.loads(pickle.dumps(opened))) == 2


def test_the_journal_knows_what_was_asked_for(tmp_path: Path) -> None:
    model = _with_views(tmp_path / "four.onnx", 4)
    digests = [Denoiser.open(model, "cpu", self_ensemble=views).digest for views in (None, 1, 2, 8)]
    assert len(set(digests)) == 4
    assert Denoiser.open(model, "cpu", self_ensemble=4).digest == digests[0], "what the model does anyway"


@pytest.mark.parametrize("views", [0, 3, 16, -1, 2.0, True])
def test_other_numbers_are_refused(tmp_path: Path, views: Any) -> None:
    with pytest.raises(UsageError, match=f"self_ensemble must be one of 1, 2, 4, 8, got {views}"):
        Denoiser.open(toy_models.identity(tmp_path / "toy.onnx"), "cpu", self_ensemble=views)
