"""Around the engine: tiles that break down, memory that runs out, and what is told meanwhile."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from denoisectl import Denoiser
from denoisectl.denoiser import _exact_twin
from denoisectl.engine import Engine, OutOfMemory
from denoisectl.errors import ImageError
from denoisectl.model_file.card_in_file import read_card
from denoisectl.model_file.shipped import float32_twin, shipped_models
from denoisectl.opening import Opening
from denoisectl.tiles.tiling import TileRules
from tests import toy_models

Image = np.ndarray[Any, Any]


class _Small:
    """An engine with room for so many pixels."""

    card = toy_models.CARD
    device = "cpu"
    device_note = ""
    lanes = 1

    def __init__(self, room: int) -> None:
        self.room = room
        self.shapes: list[tuple[int, ...]] = []

    def run(self, batch: Image) -> Image:
        self.shapes.append(batch.shape)
        if batch[0, 0].size > self.room:
            raise OutOfMemory
        return batch.copy()


class _Broken(_Small):
    """An engine whose low precision breaks down where a tile holds black."""

    def run(self, batch: Image) -> Image:
        outputs = super().run(batch)
        outputs[(batch == 0).any(axis=(1, 2, 3))] = np.nan
        return outputs


@pytest.mark.parametrize("batch", [1, 3])
def test_tiles_that_break_down_are_computed_in_float32(batch: int) -> None:
    image = np.full((96, 96, 3), 9, np.uint8)
    image[70, 40] = 0
    exact = _Small(room=10**9)
    twin = Denoiser(exact, TileRules(1, 0, tile=0))
    denoiser = Denoiser(_Broken(room=10**9), TileRules(1, 0, tile=32), batch, exact=lambda: twin)
    assert np.array_equal(denoiser.image(image), image)
    assert exact.shapes == [(1, 3, 32, 32)], "the one tile that broke down, and no other"


def test_a_tile_that_is_computed_in_float32_is_changed_no_more_than_the_others() -> None:
    class Black(_Small):
        def run(self, batch: Image) -> Image:
            return np.zeros_like(batch)

    image = np.full((40, 40, 3), 8, np.uint8)
    image[5, 5] = 0
    twin = Denoiser(Black(room=10**9), TileRules(1, 0, tile=0))
    denoiser = Denoiser(_Broken(room=10**9), TileRules(1, 0, tile=0), exact=lambda: twin)
    assert np.array_equal(denoiser.image(image, strength=0.5), image // 2)


def test_the_twin_cuts_a_tile_that_is_too_large_for_it() -> None:
    exact, image = _Small(room=200), np.zeros((40, 40, 3), np.uint8)
    twin = Denoiser(exact, TileRules(1, 0, budget=200))
    denoiser = Denoiser(_Broken(room=10**9), TileRules(1, 0, tile=0), exact=lambda: twin)
    assert np.array_equal(denoiser.image(image), image)
    assert sum(height * width for _, _, height, width in exact.shapes) == 1600 and len(exact.shapes) >= 8


def test_a_tile_that_breaks_down_in_float32_too_fails_the_image() -> None:
    broken = _Broken(room=10**9)
    twin = Denoiser(broken, TileRules(1, 0, tile=0))
    denoiser = Denoiser(broken, TileRules(1, 0, tile=32), exact=lambda: twin)
    with pytest.raises(ImageError, match=r"at row 0, column 0 failed in float32, too: .* NaN or infinity"):
        denoiser.image(np.zeros((40, 40), np.uint8))
    assert len(broken.shapes) == 2


def test_a_twin_is_opened_once_however_many_threads_need_it(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    fast = Engine.open(shipped_models()["photo-int8"], "cpu", 1)
    opened: list[Opening] = []

    def open_slowly(opening: Opening) -> str:
        opened.append(opening)
        time.sleep(0.05)
        return "twin"

    monkeypatch.setattr(Denoiser, "of", open_slowly)
    exact = _exact_twin(fast, Opening("photo-int8", tile=512, threads=1))
    assert exact is not None
    with ThreadPoolExecutor(4) as threads:
        assert [*threads.map(lambda _: exact(), range(4))] == ["twin"] * 4
    # In float32 the tile would take more memory than was given for it: the twin chooses its own.
    assert opened == [Opening(shipped_models()["photo"], "cpu", threads=1)] and len(caplog.messages) == 1


def test_a_result_without_room_fails_the_image_and_leaves_the_tiles_as_they_were(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    denoiser = Denoiser(_Small(room=10**9), TileRules(1, 0))
    image, make = np.full((40, 50, 3), 9, np.uint8), np.empty

    def full(shape: tuple[int, ...], dtype: type = float) -> Image:
        if shape == image.shape:
            raise MemoryError
        return make(shape, dtype)

    before = denoiser.grid(2000, 3000)
    with monkeypatch.context() as patched:
        patched.setattr(np, "empty", full)
        with pytest.raises(ImageError, match="does not fit in memory"):
            denoiser.image(image)
    assert denoiser.grid(2000, 3000) == before
    assert np.array_equal(denoiser.image(image), image)


def test_an_image_under_way_begins_anew_with_the_smaller_tiles_that_another_one_needed() -> None:
    runner, image = _Small(room=10**9), np.zeros((40, 40, 3), np.uint8)
    denoiser = Denoiser(runner, TileRules(1, 0, budget=400))
    large = denoiser.grid(40, 40)

    def another(done: int, total: int) -> None:
        if len(runner.shapes) == 1:
            denoiser._shrink(large)

    assert np.array_equal(denoiser.image(image, progress=another), image)
    areas = [height * width for _, _, height, width in runner.shapes]
    assert areas[0] == 400 and max(areas[1:]) <= 200 and sum(areas[1:]) == 1600


def test_a_float32_model_has_nothing_to_compute_tiles_with_again(tmp_path: Path) -> None:
    assert float32_twin(toy_models.CARD) is None
    assert Denoiser.open(toy_models.unet(tmp_path / "unet.onnx"), "cpu")._exact is None


def test_the_default_in_8_bits_falls_back_to_the_default(caplog: pytest.LogCaptureFixture) -> None:
    fast, default = (shipped_models()[name] for name in ("photo-int8", "photo"))
    assert float32_twin(read_card(fast)) == default
    denoiser = Denoiser.open("photo-int8", "cpu", threads=1)
    assert denoiser._exact is not None
    twin = denoiser._exact()
    assert (twin.card.name, twin.device) == ("photo", "cpu") and denoiser._exact() is twin
    rows, columns = denoiser.grid(3000, 4000).shape
    assert len(twin.grid(rows, columns)) > 1, "a tile that fits the 8-bit file's memory is cut for float32"
    assert [record.getMessage() for record in caplog.records] == [
        "photo-int8 gave NaN or infinity; such tiles are computed in float32"
    ]


@pytest.mark.parametrize(("given", "overlap"), [({"seams": "exact"}, 67), ({"overlap": 70}, 70), ({}, 58)])
def test_the_twin_overlaps_as_it_was_asked_for(given: dict[str, object], overlap: int) -> None:
    denoiser = Denoiser.open("photo-int8", "cpu", threads=1, **given)
    assert denoiser._exact is not None
    assert denoiser._exact()._rules.overlap == overlap


def test_memory_running_out_makes_automatic_tiles_smaller_for_good(photo: Image) -> None:
    engine = _Small(room=10_000)
    denoiser = Denoiser(engine, TileRules(1, 0, budget=200_000))
    assert np.array_equal(denoiser.image(photo), photo)
    failed = sum(height * width > 10_000 for _, _, height, width in engine.shapes)
    assert np.array_equal(denoiser.image(photo), photo)
    assert failed == sum(height * width > 10_000 for _, _, height, width in engine.shapes) > 0


@pytest.mark.parametrize("rules", [TileRules(1, 0, tile=128), TileRules(64, 100, budget=300_000)])
def test_memory_running_out_never_changes_a_tile_that_was_asked_for(photo: Image, rules: TileRules) -> None:
    with pytest.raises(ImageError, match="not enough memory for tiles of"):
        Denoiser(_Small(room=1_000), rules).image(photo)


def test_all_tiles_of_an_image_have_one_shape_and_progress_is_told(photo: Image) -> None:
    engine, told = _Small(room=10**9), []
    Denoiser(engine, TileRules(8, 4, tile=64), batch=4).image(photo, progress=lambda *pair: told.append(pair))
    assert {shape[1:] for shape in engine.shapes} == {(3, 64, 64)}
    assert told == [(min(done, 48), 48) for done in range(4, 52, 4)]
