"""The effective halo, on networks whose reach is known and on a real export."""

from pathlib import Path

import cv2
import numpy as np
import pytest
import skimage.data

from denoisectl import Denoiser
from denoisectl.model_file.card_in_file import read_card
from denoisectl.pixels import Planes
from denoisectl_exports import photos, seams
from denoisectl_exports.photos import as_the_model_meets_them, reference_photos
from denoisectl_exports.write import export_run
from denoisectl_training.recipes import parse_recipe
from denoisectl_training.records.run_folder import RunFolder


def _blur(radius: int, weight: float) -> seams.Network:
    """Adds `weight` times the mean of the pixels `radius` to the left and right, zero outside: like a network."""

    def run(images: Planes) -> Planes:
        padded = np.pad(images, ((0, 0), (0, 0), (0, 0), (radius, radius)))
        sides = padded[..., : -2 * radius] + padded[..., 2 * radius :]
        return images + np.float32(weight / 2) * sides

    return run


WHITE = np.ones((1, 3, 96, 96), np.float32)


def test_a_visible_reach_is_found_to_the_pixel() -> None:
    assert seams.effective_halo(_blur(5, 0.1), [WHITE], halo=9, multiple_of=1) == 5


def test_the_grid_of_the_network_does_not_blur_it_and_the_halo_bounds_it() -> None:
    assert seams.effective_halo(_blur(5, 0.1), [WHITE], halo=20, multiple_of=4) == 5
    assert seams.effective_halo(_blur(5, 0.1), [WHITE], halo=4, multiple_of=4) == 4


def test_a_reach_below_a_quarter_level_is_not_felt() -> None:
    assert seams.effective_halo(_blur(5, 0.4 / 255), [WHITE], halo=9, multiple_of=1) == 0
    assert seams.effective_halo(_blur(5, 0.6 / 255), [WHITE], halo=9, multiple_of=1) == 5


def test_what_is_felt_in_one_colour_is_felt() -> None:
    def red(images: Planes) -> Planes:
        return np.concatenate([_blur(5, 0.6 / 255)(images[:, :1]), images[:, 1:]], axis=1)

    assert seams.effective_halo(red, [WHITE], halo=9, multiple_of=1) == 5


def test_nan_is_felt() -> None:
    def broken(images: Planes) -> Planes:
        return images * np.float32(np.nan)

    assert seams.effective_halo(broken, [WHITE], halo=9, multiple_of=1) == 9


def test_photos_too_small_to_hold_a_cut_tile_tell_nothing() -> None:
    side = seams.smallest_photo(halo=9, multiple_of=1)
    small, enough = (np.ones((1, 3, n, n), np.float32) for n in (side - 1, side))
    assert seams.effective_halo(_blur(5, 0.1), [small], halo=9, multiple_of=1) is None
    assert seams.effective_halo(_blur(5, 0.1), [small, enough], halo=9, multiple_of=1) == 5


def test_an_export_measures_it_and_tiles_cannot_be_seen(run: RunFolder, out: Path) -> None:
    card = export_run(run.path, out)
    assert read_card(out).effective_halo == card.effective_halo
    assert card.effective_halo is not None and card.effective_halo <= card.halo
    photo = skimage.data.coffee()[:200, :320]
    whole = Denoiser.open(out, "cpu", tile=0, threads=1).image(photo)
    cut = Denoiser.open(out, "cpu", tile=64, threads=1)
    assert cut.grid(200, 320).rows.spans[0].core_stop == 64 - card.effective_halo
    assert np.abs(cut.image(photo).astype(int) - whole).max() <= 1


def test_without_photos_the_card_leaves_it_open(
    run: RunFolder, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(photos, "_skimage_photos", list)
    assert export_run(run.path, out).effective_halo is None


def test_a_users_photos_are_spread_over_the_folder(tmp_path: Path) -> None:
    for index in range(30):
        cv2.imwrite(str(tmp_path / f"{index:02}.png"), np.full((40, 70, 3), index, np.uint8))
    found = reference_photos(tmp_path)
    assert [int(photo[0, 0, 0]) for photo in found] == list(range(0, 30, 2))
    assert found[0].shape == (3, 32, 64)
    assert reference_photos(tmp_path, multiple_of=64)[0].shape == (3, 64, 64), "mirrored up to the grid"


def test_photos_are_larger_where_a_networks_reach_asks_for_it(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "large.png"), np.zeros((700, 800, 3), np.uint8))
    assert reference_photos(tmp_path, multiple_of=16)[0].shape == (3, 512, 512)
    needed = seams.smallest_photo(halo=243, multiple_of=16)
    found = reference_photos(tmp_path, multiple_of=16, side=needed)[0]
    assert min(found.shape[1:]) >= needed > 512


def test_the_model_meets_clean_photos_and_its_own_corruptions(run: RunFolder) -> None:
    clean, noisy = as_the_model_meets_them(reference_photos(None)[:1], run.recipe())
    assert np.array_equal(clean[0], clean[1])
    assert np.array_equal(noisy[1], clean[1]) and np.abs(noisy[0] - noisy[1]).mean() > 0.01


def test_all_kinds_of_a_recipe_are_met_in_turn_and_no_two_photos_have_the_same_noise() -> None:
    kinds = [{"kind": "clean"}, {"kind": "gaussian", "magnitude": 25.0}, {"kind": "salt_and_pepper"}]
    recipe = parse_recipe({"name": "x", "corruption": kinds}, origin="x")
    photo = reference_photos(None)[0][:, :96, :96]
    pairs = [pair for pair in as_the_model_meets_them([photo] * 4, recipe) if pair.corrupted]
    touched = [(noisy != target).mean() for noisy, target, _ in pairs]
    assert touched == pytest.approx([1.0, 0.05, 1.0, 0.05], abs=0.02)
    assert not np.array_equal(pairs[0].noisy, pairs[2].noisy)


def test_the_middle_of_a_large_photo_is_taken_after_it_was_reduced(tmp_path: Path) -> None:
    bands = np.zeros((1024, 4096, 3), np.uint8)
    bands[:, 1664:2432] = 200  # the middle three sixteenths
    cv2.imwrite(str(tmp_path / "wide.png"), bands)
    (found,) = reference_photos(tmp_path)
    assert found.shape == (3, 256, 512)
    assert int(found[0, 128, 256]) == 200 and 180 < int((found[0, 128] > 100).sum()) < 204
    assert int(found[0, 128, 150]) == int(found[0, 128, 361]) == 0
