"""The library's front door: shapes, types, the law of the tiles, and what is refused."""

from __future__ import annotations

import pickle
import tracemalloc
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from denoisectl import Denoiser
from denoisectl.errors import ImageError, ModelError, UsageError
from denoisectl.opening import Opening
from denoisectl.tiles.tiled import tile_rules
from denoisectl.tiles.tiling import TileRules
from tests import toy_models

Image = np.ndarray[Any, Any]
DTYPES = (np.uint8, np.uint16, np.float32)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("models")


@pytest.fixture(scope="module", params=toy_models.ARCHITECTURES, ids=lambda build: build.__name__)
def network(request: pytest.FixtureRequest, folder: Path) -> Path:
    build: Callable[[Path], Path] = request.param
    return build(folder / f"{build.__name__}.onnx")


@pytest.fixture(scope="module")
def same(folder: Path) -> Denoiser:
    return Denoiser.open(toy_models.identity(folder / "identity.onnx"), "cpu")


@pytest.fixture(scope="module")
def changing(folder: Path) -> Denoiser:
    return Denoiser.open(toy_models.unet(folder / "changing.onnx"), "cpu", tile=64)


@pytest.fixture(scope="module")
def failing(folder: Path) -> Denoiser:
    return Denoiser.open(toy_models.failing(folder / "failing.onnx"), "cpu", tile=32)


def _as(dtype: type, photo: Image) -> Image:
    """The same photo at another depth, with all of its 16 bits in use."""
    if dtype is np.uint8:
        return photo
    sixteen = photo.astype(np.uint16) * 257 - (photo > 0) * np.uint16(3)
    return sixteen if dtype is np.uint16 else (sixteen / np.float32(65535)).astype(np.float32)


def _levels(one: Image, other: Image) -> int:
    return int(np.abs(one.astype(int) - other.astype(int)).max())


def _agree(one: Image, other: Image) -> bool:
    """The law: equal, but for one value in a million that float rounding may move by one level."""
    return _levels(one, other) <= 1 and np.count_nonzero(one != other) <= max(1, one.size // 10**6)


# The law of the tiles


@pytest.mark.parametrize(("height", "width"), [(300, 451), (299, 301), (131, 257), (33, 64), (7, 200)])
@pytest.mark.parametrize(("tile", "batch"), [(32, 8), (64, 3), (128, 1)])
def test_tiled_is_untiled(
    network: Path, photo: Image, height: int, width: int, tile: int, batch: int
) -> None:
    image = photo[:height, :width]
    whole = Denoiser.open(network, "cpu", tile=0).image(image)
    tiled = Denoiser.open(network, "cpu", tile=tile, batch=batch).image(image)
    assert _agree(tiled, whole)
    assert _levels(whole, image) > 10, "the toy network does something"


@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_automatic_tiles_are_untiled(network: Path, photo: Image, data: st.DataObject) -> None:
    image = photo[: data.draw(st.integers(1, 200)), : data.draw(st.integers(1, 200))]
    pixels = data.draw(st.integers(48 * 48, 150 * 150))
    whole = Denoiser.open(network, "cpu", tile=0).image(image)
    tiled = Denoiser.open(network, "cpu", memory=pixels * 320).image(image)
    assert _agree(tiled, whole)


def test_a_missing_pixel_of_overlap_shows(folder: Path, photo: Image) -> None:
    """The test above can fail: one pixel less than the halo is seen, at 16 bits at least."""
    stack = toy_models.conv_stack(folder / "stack.onnx")
    image = _as(np.uint16, photo)
    whole = Denoiser.open(stack, "cpu", tile=0).image(image)
    assert _levels(Denoiser.open(stack, "cpu", tile=32).image(image), whole) <= 1
    assert _levels(Denoiser.open(stack, "cpu", tile=32, overlap=3).image(image), whole) > 5


def test_an_untiled_image_is_mirrored_to_the_grid(changing: Denoiser, photo: Image) -> None:
    mirrored = np.pad(photo[:61, :62], ((0, 3), (0, 2), (0, 0)), mode="reflect")
    assert _agree(changing.image(mirrored)[:61, :62], changing.image(photo[:61, :62]))


# Shapes and types


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(40, 50, 3), (40, 50), (1, 1, 3), (1, 70), (3, 1)])
def test_shape_and_type_come_back(changing: Denoiser, photo: Image, dtype: type, shape: tuple[int]) -> None:
    image = _as(dtype, photo)[: shape[0], : shape[1]]
    image = image if len(shape) == 3 else image[..., 0]
    clean = changing.image(image)
    assert (clean.shape, clean.dtype) == (shape, dtype)
    assert not np.shares_memory(clean, image)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("grey", [False, True])
def test_a_network_that_changes_nothing_changes_nothing(
    same: Denoiser, photo: Image, dtype: type, grey: bool
) -> None:
    image = _as(dtype, photo)
    image = image[..., 1] if grey else image
    assert np.allclose(same.image(image), image, rtol=0, atol=1e-7 if dtype is np.float32 else 0)


def test_every_level_survives(same: Denoiser) -> None:
    for dtype, count in ((np.uint8, 2**8), (np.uint16, 2**16)):
        levels = np.arange(count).astype(dtype).reshape(16, -1)
        assert np.array_equal(same.image(levels), levels)


def test_views_of_any_layout_are_taken(changing: Denoiser, photo: Image) -> None:
    view = photo[::-2, 5:200:3, ::-1]
    assert np.array_equal(changing.image(view), changing.image(np.ascontiguousarray(view)))
    photo_read_only = photo[:40, :40].copy()
    photo_read_only.flags.writeable = False
    assert changing.image(photo_read_only).shape == (40, 40, 3)


def test_float_values_beyond_white_go_in_and_come_out(same: Denoiser) -> None:
    image = np.array([[-0.25, 0.0, 1.0, 7.5]], np.float32)
    assert np.array_equal(same.image(image), image)


def test_noise_beyond_white_is_taken_out_like_any_other() -> None:
    noisy = np.random.default_rng(0).normal(1.0, 0.1, (96, 96, 3)).astype(np.float32)
    assert np.abs(noisy.clip(1, None) - 1).mean() > 0.035
    assert np.abs(Denoiser.open("photo-fast", "cpu").image(noisy) - 1).mean() < 0.01


def test_whole_numbers_are_rounded_and_clipped_not_wrapped(changing: Denoiser, photo: Image) -> None:
    image = np.vstack([np.zeros_like(photo[:64]), np.full_like(photo[:64], 255)])
    exact = changing.image(image.astype(np.float32) / np.float32(255)) * 255
    assert exact.min() < -1 and exact.max() > 256, "the toy network leaves the range"
    assert np.array_equal(changing.image(image), np.clip(np.rint(exact), 0, 255).astype(np.uint8))


def test_grey_is_three_equal_channels_averaged(changing: Denoiser, photo: Image) -> None:
    grey = (photo[..., 0] / np.float32(255)).astype(np.float32)
    colour = changing.image(np.repeat(grey[..., None], 3, axis=2))
    assert np.allclose(changing.image(grey), colour.mean(axis=2), rtol=0, atol=1e-6)


# Strength


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("amounts", [{"strength": 0}, {"luma": 0, "chroma": 0}])
def test_no_strength_is_the_input_bit_for_bit(
    changing: Denoiser, photo: Image, dtype: type, amounts: dict[str, float]
) -> None:
    image = _as(dtype, photo)
    clean = changing.image(image, **amounts)
    assert clean.tobytes() == image.tobytes()
    assert not np.shares_memory(clean, image)


def test_no_strength_keeps_even_what_no_network_takes(failing: Denoiser) -> None:
    image = np.array([[np.nan, -0.0, np.inf]], np.float32)
    assert failing.image(image, strength=0).tobytes() == image.tobytes()


def test_half_strength_is_half_way(changing: Denoiser, photo: Image) -> None:
    image = _as(np.float32, photo)
    middle = (image + changing.image(image)) / 2
    assert np.allclose(changing.image(image, strength=0.5), middle, rtol=0, atol=1e-6)
    assert np.allclose(changing.image(image, luma=0.5, chroma=0.5), middle, rtol=0, atol=1e-6)


def test_grey_has_no_colour_to_scale(changing: Denoiser, photo: Image) -> None:
    grey = photo[..., 0]
    assert np.array_equal(changing.image(grey, chroma=0), changing.image(grey))
    assert np.array_equal(changing.image(grey, luma=0), grey)


@pytest.mark.parametrize("name", ["strength", "luma", "chroma"])
@pytest.mark.parametrize("value", [-0.1, 1.01, float("nan")])
def test_a_share_outside_its_range_is_refused(same: Denoiser, photo: Image, name: str, value: float) -> None:
    with pytest.raises(UsageError, match=f"{name} must be between 0 and 1"):
        same.image(photo, **{name: value})


# What is refused


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.zeros((4, 4, 3), np.float64), "must be uint8, uint16 or float32"),
        (np.zeros((4, 4, 3), np.int32), "must be uint8, uint16 or float32"),
        (np.zeros((4, 4, 3), ">u2"), "must be uint8, uint16 or float32"),
        (np.zeros((4, 4, 4), np.uint8), r"H x W x 3 RGB or H x W grey, got the shape \(4, 4, 4\)"),
        (np.zeros((4,), np.uint8), "H x W"),
        (np.zeros((2, 4, 4, 3), np.uint8), "H x W"),
        (np.zeros((0, 4, 3), np.uint8), "no pixels"),
        (None, "an image must be an array, got None; `Denoiser.file` takes file names"),
        ("a.jpg", r"an image must be an array, got 'a\.jpg';"),
    ],
)
def test_what_is_no_image_is_refused(same: Denoiser, array: Any, message: str) -> None:
    with pytest.raises(ImageError, match=message):
        same.image(array)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_float_image_with_holes_is_refused(same: Denoiser, value: float) -> None:
    image = np.full((9, 9, 3), 0.5, np.float32)
    image[7, 8, 1] = value
    with pytest.raises(ImageError, match="the image holds NaN or infinite values"):
        same.image(image)


def test_a_network_that_fails_in_one_tile_fails_the_image(failing: Denoiser) -> None:
    image = np.full((100, 100, 3), 9, np.uint8)
    assert failing.image(image).shape == image.shape
    image[70, 40] = 0  # the logarithm's hole
    with pytest.raises(ImageError, match="NaN or infinity in the tile at row 64, column 32"):
        failing.image(image)


# Opening


def test_the_card_and_the_device_are_there(changing: Denoiser) -> None:
    assert (changing.card.name, changing.device, changing.device_note) == ("unet", "cpu", "")


def test_the_overlap_goes_by_the_card() -> None:
    card = replace(toy_models.CARD, multiple_of=4, halo=90, effective_halo=30)
    budget = 10 * 320
    assert tile_rules(card, Opening(memory=budget)) == TileRules(4, 30, None, 10)
    assert tile_rules(card, Opening(seams="exact", memory=budget)) == TileRules(4, 90, None, 10)
    assert tile_rules(card, Opening(seams="exact", overlap=7, memory=budget)) == TileRules(4, 7, None, 10)
    unmeasured = replace(card, effective_halo=None)
    assert tile_rules(unmeasured, Opening(memory=budget)) == TileRules(4, 90, None, 10)
    measured = replace(card, bytes_per_pixel=1000)
    assert tile_rules(measured, Opening(memory=9000)).budget == 9
    assert tile_rules(measured, Opening(memory=9000), sharing=2).budget == 4


def test_a_network_of_the_whole_image_is_never_cut() -> None:
    card = replace(toy_models.CARD, name="global", tileable=False)
    assert tile_rules(card, Opening()).tile == 0
    with pytest.raises(UsageError, match="global cannot be run in tiles"):
        tile_rules(card, Opening(tile=256))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"tile": 33}, "tile 33 must be a multiple of 4"),
        ({"tile": 16}, "tile 16 is too small for an overlap of 13: use 32 or more"),
        ({"tile": -4}, "tile must be a whole number of at least 0, got -4"),
        ({"tile": "64"}, "tile must be a whole number of at least 0, got '64'"),
        ({"overlap": -1}, "overlap must be a whole number of at least 0, got -1"),
        ({"overlap": 3.5}, r"overlap must be a whole number of at least 0, got 3\.5"),
        ({"batch": 0}, "batch must be a whole number of at least 1, got 0"),
        ({"batch": 1.5}, r"batch must be a whole number of at least 1, got 1\.5"),
        ({"threads": 0}, "threads must be a whole number of at least 1, got 0"),
        ({"threads": 1.5}, r"threads must be a whole number of at least 1, got 1\.5"),
        ({"memory": "2G"}, r"memory must be a number of bytes, such as 2\*\*32, got '2G'"),
        ({"memory": None}, "memory must be a number of bytes"),
        ({"seams": "bogus"}, "no such seams: bogus; there are auto, exact"),
        ({"memory": 0}, "memory must be a number of bytes"),
        ({"device": "gpu"}, 'unknown device "gpu"'),
        ({"device": 0}, "device must be a string, such as 'cpu' or 'cuda:0', got 0"),
    ],
)
def test_settings_that_cannot_work_are_refused(folder: Path, settings: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        Denoiser.open(toy_models.unet(folder / "unet.onnx"), **({"device": "cpu"} | settings))


def test_too_little_memory_is_said_before_any_work(folder: Path) -> None:
    with pytest.raises(UsageError, match="tiles of 32 x 32 at least, for an overlap of 13: raise --memory"):
        Denoiser.open(toy_models.unet(folder / "unet.onnx"), "cpu", memory=1000)


def test_an_unknown_model_is_refused() -> None:
    with pytest.raises(ModelError, match='no shipped model is called "fotos"'):
        Denoiser.open("fotos")


def test_a_large_image_is_never_in_float_whole(folder: Path) -> None:
    path = toy_models.identity(folder / "identity.onnx")
    denoiser = Denoiser.open(path, "cpu", memory=64 * 2**20)
    image = np.zeros((3000, 4000, 3), np.uint8)
    tracemalloc.start()
    clean = denoiser.image(image)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < clean.nbytes + 16 * 2**20, "the result and the buffers of a tile; as float it takes 137 MiB"


def test_threads_may_share_one_denoiser(changing: Denoiser, photo: Image) -> None:
    images = [photo[: 40 + 9 * n, : 120 - 7 * n] for n in range(8)]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(changing.image, images))
    assert all(
        np.array_equal(clean, changing.image(image)) for clean, image in zip(together, images, strict=True)
    )


def test_a_denoiser_is_opened_anew_where_it_is_unpickled(network: Path) -> None:
    denoiser = Denoiser.open(network, "cpu", tile=64, overlap=16, threads=1)
    image = np.random.default_rng(0).integers(0, 256, (70, 90, 3), np.uint8)
    other = pickle.loads(pickle.dumps(denoiser))
    assert other.digest == denoiser.digest and other.facts(70, 90) == denoiser.facts(70, 90)
    assert np.array_equal(other.image(image), denoiser.image(image))


def test_a_denoiser_shows_its_model_and_device(network: Path) -> None:
    denoiser = Denoiser.open(network, "cpu")
    assert repr(denoiser) == f"<Denoiser: {denoiser.card.name} on cpu>"


def test_a_denoiser_around_an_engine_cannot_be_pickled(same: Denoiser) -> None:
    with pytest.raises(TypeError, match=r"not made by Denoiser\.open cannot be pickled"):
        pickle.dumps(Denoiser(same._runner, TileRules(1, 0)))


def test_memory_that_makes_tiles_of_overlaps_is_told_of(caplog: pytest.LogCaptureFixture) -> None:
    Denoiser.open("photo", "cpu", memory=64 * 2**20, precision="float32")
    assert caplog.messages == []
    Denoiser.open("photo", "cpu", memory=10 * 2**20, precision="float32")
    (message,) = caplog.messages
    assert "pixels only, so that overlaps make" in message and message.endswith("times the work; give more")
    Denoiser.open("photo", "cpu", tile=160, memory=10 * 2**20, precision="float32")
    assert len(caplog.messages) == 1, "a tile that was asked for is what was asked for"
