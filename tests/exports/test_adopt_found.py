"""What running another project's file tells of it: layout, range, grid, reach and size."""

from pathlib import Path

import numpy as np
import pytest
import skimage.data

from denoisectl.errors import ExportError
from denoisectl_exports.adopted.counted import multiply_adds, parameters
from denoisectl_exports.adopted.foreign import Array, Foreign, Network, read_foreign
from denoisectl_exports.adopted.grid import check_batches, grid_of_shifts, grid_of_sizes
from denoisectl_exports.adopted.layout import Layout, as_network, find_layout
from denoisectl_exports.adopted.meaning import MEANINGS, Meaning, find_meaning
from denoisectl_exports.adopted.reach import measured_reach
from tests.exports import foreign_files as files

PHOTO: Array = np.ascontiguousarray(
    skimage.data.coffee()[:192, :192].transpose(2, 0, 1)[None] / np.float32(255)
)


def opened(folder: Path, build: files.Build, shape: files.Shape = files.OPEN) -> Foreign:
    return read_foreign(files.write(folder / "theirs.onnx", build, shape=shape))


def network(folder: Path, build: files.Build) -> Network:
    return as_network(opened(folder, build), Layout(3, last=False))


@pytest.mark.parametrize(
    ("build", "shape", "layout"),
    [
        (files.blurring, files.OPEN, Layout(3, last=False)),
        (files.blurring, (1, 3, 64, 64), Layout(3, last=False)),
        (files.blurring, (None, None, None, None), Layout(3, last=False)),
        (files.one_channel, ("n", 1, "h", "w"), Layout(1, last=False)),
        (files.one_channel, (None, None, None, None), Layout(1, last=False)),
        (files.channels_last, ("n", "h", "w", 3), Layout(3, last=True)),
        (files.channels_last, (None, None, None, None), Layout(3, last=True)),
    ],
)
def test_the_layout_is_what_the_file_says_or_what_runs(
    tmp_path: Path, build: files.Build, shape: files.Shape, layout: Layout
) -> None:
    assert find_layout(opened(tmp_path, build, shape)) == layout


@pytest.mark.parametrize("layout", [Layout(3, last=False), Layout(1, last=False), Layout(3, last=True)])
def test_images_come_back_from_every_layout_as_they_went_in(layout: Layout) -> None:
    images = np.random.default_rng(0).random((2, 3, 4, 5), np.float32)
    shape = {(3, False): (2, 3, 4, 5), (1, False): (6, 1, 4, 5), (3, True): (2, 4, 5, 3)}
    assert layout.into(images).shape == shape[layout.channels, layout.last]
    assert np.array_equal(layout.back(layout.into(images)), images)


@pytest.mark.parametrize(
    ("build", "found"),
    [
        (files.blurring, "[0, 1]"),  # does the same in every range: the simplest is taken
        (files.on_bytes, "[0, 255]"),
        (files.around_zero, "[-1, 1]"),
        (files.giving_noise, "[0, 1], returns the noise"),
    ],
)
def test_the_range_is_the_one_in_which_photos_come_back(
    tmp_path: Path, build: files.Build, found: str
) -> None:
    assert str(find_meaning(network(tmp_path, build), [PHOTO])) == found


def _soft(meaning: Meaning) -> Network:
    """Shrinks what is left by a blur by 0.2 of its range's white, as denoisers do: it suits one range only."""

    def run(images: Array) -> Array:
        photo = (images - meaning.shift) / meaning.scale
        smooth = sum(np.roll(photo, (y, x), (2, 3)) for y in (-1, 0, 1) for x in (-1, 0, 1)) / np.float32(9)
        detail = photo - smooth
        clean = smooth + np.sign(detail) * np.maximum(np.abs(detail) - 0.2, 0)
        result = (clean * meaning.scale + meaning.shift).astype(np.float32)
        return images - result if meaning.residual else result

    return run


@pytest.mark.parametrize("meaning", MEANINGS, ids=str)
def test_a_denoiser_is_known_by_what_becomes_of_noise(meaning: Meaning) -> None:
    assert find_meaning(_soft(meaning), [PHOTO]) == meaning


def test_what_gives_no_photos_in_any_range_is_refused_with_what_was_found() -> None:
    with pytest.raises(ExportError, match=r"20 wanted; \[0, 1\]: \d.*\[-1, 1\], returns the noise: "):
        find_meaning(lambda images: np.full_like(images, 0.1) * np.sign(images - 0.5), [PHOTO])
    with pytest.raises(ExportError, match=r"\[0, 255\]: -inf"):
        find_meaning(lambda images: images * np.float32("nan"), [PHOTO])


def test_what_gives_next_to_nothing_is_no_network_that_gives_the_noise() -> None:
    mask = np.random.default_rng(0).random(PHOTO.shape, np.float32)
    with pytest.raises(ExportError, match=r"\[0, 255\], returns the noise: [45]\d"):
        find_meaning(lambda images: mask, [PHOTO])


@pytest.mark.parametrize(
    ("build", "sizes", "reach", "shifts"),
    [
        (files.stack(1), 1, 1, 1),
        (files.stack(5), 1, 5, 1),
        (files.halving(1), 2, 1, 2),
        (files.halving(2), 4, 3, 4),
        (files.halving(5), 32, 31, 32),  # every fourth place is tried: 28, and 3 for those between
        (files.blurred_halving, 4, 6, 4),
        (files.halving_any_size, 1, 1, 2),
        (files.mirroring, 4, 2, 4),
        (files.of_the_place, 1, 0, None),
    ],
)
def test_grid_and_reach_are_those_of_the_layers(
    tmp_path: Path, build: files.Build, sizes: int, reach: int, shifts: int | None
) -> None:
    run = network(tmp_path, build)
    assert grid_of_sizes(run) == sizes
    assert grid_of_shifts(run, sizes, reach) == shifts
    assert measured_reach(run, [PHOTO], shifts or sizes) == reach


@pytest.mark.parametrize("axis", [2, 3])
def test_a_sparse_reach_is_measured_along_either_axis(tmp_path: Path, axis: int) -> None:
    def far(graph: files.Graph, x: str) -> str:
        kernel = np.array([0.1, 0.9, 0.0]).reshape(1, 1, 1, 3).repeat(3, axis=0)
        weight = graph.constant(kernel if axis == 3 else kernel.swapaxes(2, 3))
        steps, pads = ([1, 100], [0, 100, 0, 100]) if axis == 3 else ([100, 1], [100, 0, 100, 0])
        return graph.node("Conv", x, weight, dilations=steps, pads=pads, group=3)

    assert measured_reach(network(tmp_path, far), [PHOTO], 1) == 100


@pytest.mark.parametrize("axis", [2, 3])
def test_a_place_that_matters_is_seen_along_either_axis(axis: int) -> None:
    def brighter(images: Array) -> Array:
        ramp = np.linspace(1.0, 1.1, images.shape[axis], dtype=np.float32)
        return images * (ramp if axis == 3 else ramp[:, None])

    assert grid_of_shifts(brighter, 1, 0) is None


def test_a_mean_over_the_image_has_no_reach(tmp_path: Path) -> None:
    assert measured_reach(network(tmp_path, files.of_the_mean), [PHOTO], 1) is None


def test_a_grid_above_all_that_is_tried_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="no sizes up to multiples of 256"):
        grid_of_sizes(network(tmp_path, files.halving(9)))


def test_one_image_at_a_time_is_refused(tmp_path: Path) -> None:
    def single(graph: files.Graph, x: str) -> str:
        return graph.blur(graph.node("Reshape", x, graph.constant([1, 3, 0, 0], np.int64)))

    with pytest.raises(ExportError, match="one image at a time; export it again with the batch as a dynamic"):
        check_batches(network(tmp_path, single), 1)


@pytest.mark.parametrize("transposed", [0, 1])
def test_a_matrix_product_takes_as_many_as_its_sums_are_long(tmp_path: Path, transposed: int) -> None:
    def build(graph: files.Graph, x: str) -> str:
        flat = graph.node("Reshape", x, graph.constant([6, 8], np.int64))
        return graph.node(
            "Gemm", flat, graph.constant(np.zeros((6 if transposed else 8, 5))), transA=transposed
        )

    foreign = opened(tmp_path, build)
    found = multiply_adds(foreign, np.zeros((1, 3, 4, 4), np.float32))
    assert found == (8 * 5 * 6 if transposed else 6 * 5 * 8)


def test_parameters_and_multiply_adds_are_counted(tmp_path: Path) -> None:
    def build(graph: files.Graph, x: str) -> str:
        x = graph.node("Conv", x, graph.constant(np.zeros((8, 3, 2, 2))), strides=[2, 2])
        x = graph.node("ConvTranspose", x, graph.constant(np.zeros((8, 3, 2, 2))), strides=[2, 2])
        return graph.node("MatMul", graph.constant(np.zeros((16, 16))), x)

    foreign = opened(tmp_path, build)
    assert parameters(foreign.proto) == 96 + 96 + 256
    # a fourth of the pixels at 8 x 3 x 4 each, twice; and 16 for each of the 3 channels
    assert multiply_adds(foreign, np.zeros((2, 3, 16, 16), np.float32)) == 2 * 256 * (24 + 24 + 48)
