"""The geometry of tiles, with literals and as laws."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from denoisectl.choices import Seams
from denoisectl.errors import UsageError
from denoisectl.model_file.card_in_file import read_card
from denoisectl.model_file.shipped import find_model
from denoisectl.opening import Opening
from denoisectl.tiles.tiled import tile_rules
from denoisectl.tiles.tiling import Span, TileRules, cut, split_axis


def _spans(*numbers: tuple[int, int, int, int]) -> tuple[Span, ...]:
    return tuple(Span(*four) for four in numbers)


def test_an_axis_that_fits_is_one_tile_on_the_grid() -> None:
    axis = split_axis(100, tile=256, overlap=8, multiple_of=16)
    assert (axis.tile, axis.spans) == (112, _spans((0, 112, 0, 100)))


def test_cores_stop_where_the_cut_is_felt_and_the_last_tile_is_moved_inward() -> None:
    axis = split_axis(100, tile=48, overlap=8, multiple_of=4)
    assert axis.spans == _spans((0, 48, 0, 40), (32, 80, 40, 72), (52, 100, 72, 100))


def test_origins_keep_to_the_grid_when_the_overlap_does_not() -> None:
    axis = split_axis(64, tile=32, overlap=5, multiple_of=8)
    assert axis.spans == _spans((0, 32, 0, 27), (16, 48, 27, 43), (32, 64, 43, 64))


def test_a_tile_that_would_hold_mirrored_pixels_only_is_left_out() -> None:
    axis = split_axis(41, tile=32, overlap=2, multiple_of=16)
    assert axis.spans == _spans((0, 32, 0, 30), (16, 48, 30, 41))
    assert split_axis(30, tile=16, overlap=0, multiple_of=16).spans == _spans(
        (0, 16, 0, 16), (16, 32, 16, 30)
    )


def test_mirroring_does_not_repeat_the_edge() -> None:
    axis = split_axis(5, tile=8, overlap=0, multiple_of=8)
    assert np.arange(5)[axis.pixels(axis.spans[0])].tolist() == [0, 1, 2, 3, 4, 3, 2, 1]


@pytest.mark.parametrize(("length", "seen"), [(1, [0] * 8), (2, [0, 1] * 4), (3, [0, 1, 2, 1, 0, 1, 2, 1])])
def test_mirroring_goes_on_for_images_smaller_than_the_grid(length: int, seen: list[int]) -> None:
    axis = split_axis(length, tile=8, overlap=4, multiple_of=8)
    assert np.arange(length)[axis.pixels(axis.spans[0])].tolist() == seen


@given(
    length=st.integers(1, 400),
    overlap=st.integers(0, 40),
    multiple_of=st.sampled_from([1, 2, 4, 8, 16, 24]),
    extra=st.integers(0, 8),
)
def test_every_axis_keeps_the_law(length: int, overlap: int, multiple_of: int, extra: int) -> None:
    rules = TileRules(multiple_of, overlap)
    tile = rules.smallest_tile + extra * multiple_of
    axis = split_axis(length, tile, overlap, multiple_of)
    padded = -(-length // multiple_of) * multiple_of
    assert axis.tile == min(tile, padded)
    done = 0
    for span in axis.spans:
        assert span.stop - span.start == axis.tile
        assert span.start % multiple_of == 0
        assert 0 <= span.start <= span.core_start == done < span.core_stop <= min(span.stop, length)
        assert span.stop <= padded
        assert span.start == 0 or span.core_start - span.start >= overlap
        assert span.stop == padded or span.stop - span.core_stop >= overlap
        done = span.core_stop
    assert done == length


@given(
    height=st.integers(1, 700),
    width=st.integers(1, 700),
    overlap=st.integers(0, 24),
    multiple_of=st.sampled_from([1, 4, 8]),
    budget=st.integers(60 * 60, 300 * 300),
)
def test_automatic_tiles_keep_the_budget(
    height: int, width: int, overlap: int, multiple_of: int, budget: int
) -> None:
    grid = cut(height, width, TileRules(multiple_of, overlap, budget=budget))
    assert grid.shape[0] * grid.shape[1] <= budget
    assert len(list(grid)) == len(grid)


@given(
    height=st.integers(1, 700),
    width=st.integers(1, 700),
    overlap=st.integers(0, 48),
    multiple_of=st.sampled_from([1, 4, 8, 16]),
)
def test_memory_for_the_smallest_tile_is_enough_for_any_image(
    height: int, width: int, overlap: int, multiple_of: int
) -> None:
    smallest = TileRules(multiple_of, overlap).smallest_tile
    grid = cut(height, width, TileRules(multiple_of, overlap, budget=smallest**2))
    assert grid.shape[0] * grid.shape[1] <= smallest**2


@pytest.mark.parametrize("overlap", [0, 16, 32, 48])
def test_no_square_tile_of_the_same_budget_recomputes_less(overlap: int) -> None:
    budget = 1024 * 1024
    automatic = cut(3000, 4000, TileRules(8, overlap, budget=budget))
    square = cut(3000, 4000, TileRules(8, overlap, tile=1024))
    assert automatic.recomputed <= square.recomputed


def test_an_image_within_the_budget_is_not_cut() -> None:
    grid = cut(1000, 1001, TileRules(16, 90, budget=1024 * 1024))
    assert (len(grid), grid.shape) == (1, (1008, 1008))


def test_a_wide_strip_is_cut_along_its_length_only() -> None:
    grid = cut(200, 9000, TileRules(8, 16, budget=200 * 3100))
    assert (len(grid), grid.shape) == (3, (200, 3024))


def test_tile_0_is_the_whole_image() -> None:
    grid = cut(5000, 7001, TileRules(8, 64, tile=0, budget=1))
    assert (len(grid), grid.shape) == (1, (5000, 7008))


def test_a_tile_off_the_grid_is_refused() -> None:
    with pytest.raises(UsageError, match=r"tile 100 must be a multiple of 16"):
        TileRules(16, 8, tile=100)


def test_a_tile_without_a_core_is_refused_with_one_that_works() -> None:
    with pytest.raises(UsageError, match=r"tile 64 is too small for an overlap of 30: use 80 or more"):
        TileRules(16, 30, tile=64)
    assert TileRules(16, 30, tile=80).tile == 80


def test_a_budget_below_the_smallest_tile_says_so() -> None:
    with pytest.raises(UsageError, match="raise --memory"):
        cut(3000, 4000, TileRules(16, 200, budget=100 * 100))


@pytest.mark.parametrize("seams", ["auto", "exact"])
@pytest.mark.parametrize("model", ["photo", "photo-int8", "photo-fast"])
def test_a_photo_of_12_megapixels_costs_less_than_12_percent_more_at_default_settings(
    model: str, seams: Seams
) -> None:
    rules = tile_rules(read_card(find_model(model)), Opening(seams=seams))
    for height, width in ((3000, 4000), (4000, 3000)):
        grid = cut(height, width, rules)
        assert len(grid) <= 6 and grid.recomputed < 0.12
