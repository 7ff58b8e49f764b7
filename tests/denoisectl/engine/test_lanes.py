"""Several batches at once on GPUs, rehearsed on the processor: buffers that are used again, several devices."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from denoisectl import Denoiser
from denoisectl.engine import Engine, OutOfMemory, lane
from denoisectl.engine import engine as engine_module
from denoisectl.engine.sessions import create_session
from denoisectl.errors import DeviceError, ImageError, ModelError
from denoisectl.lanes import in_lanes
from denoisectl.machine.devices import CPU, Device
from tests import toy_models
from tests.denoisectl.engine.conftest import on_the_host


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[Device]:
    """Two GPUs that are the processor in truth; the list grows by the device of every session."""
    devices: list[Device] = []

    def pretend(data: bytes, device: Device, threads: int, shape: Any, *, half: bool) -> Any:
        devices.append(device)
        return create_session(data, CPU, 1, shape)

    monkeypatch.setattr(engine_module, "check_cuda", lambda index: None)
    monkeypatch.setattr(engine_module, "check_tensorrt", lambda index: None)
    monkeypatch.setattr(engine_module, "create_session", pretend)
    monkeypatch.setattr(lane, "_on_device", on_the_host)
    return devices


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return toy_models.unet(tmp_path / "unet.onnx")


def _tiles(count: int) -> Iterator[np.ndarray]:
    generator = np.random.default_rng(0)
    return (generator.random((1, 3, 32, 48), np.float32) for _ in range(count))


def test_buffers_that_are_used_again_hold_nothing_of_the_batch_before(
    model: Path, made: list[Device]
) -> None:
    exact, engine = Engine.open(model, "cpu", threads=1), Engine.open(model, "cuda")
    tiles = list(_tiles(3))
    results = [engine.run(tile) for tile in tiles]
    for tile, result in zip(tiles, results, strict=True):
        assert np.array_equal(result, exact.run(tile))
    # A transposed batch is no block of memory, and is copied as what it is.
    turned = np.ascontiguousarray(tiles[0].transpose(0, 1, 3, 2)).transpose(0, 1, 3, 2)
    assert np.array_equal(engine.run(turned), results[0])


def test_a_lane_keeps_the_two_shapes_that_were_used_last(
    model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    built: list[tuple[int, ...]] = []

    def make(device: Device, shape: Any) -> Any:
        built.append(shape)
        return create_session(model.read_bytes(), CPU, 1, shape)

    monkeypatch.setattr(lane, "_on_device", on_the_host)
    one = lane.Lane(Device("cuda", 0), make)
    for height, width in ((32, 48), (48, 32), (32, 48), (32, 32), (32, 48)):
        one.run(np.zeros((1, 3, height, width), np.float32))
    assert built == [(1, 32, 48), (1, 48, 32), (1, 32, 32)]


def test_the_processor_gives_memory_back_only_when_the_shape_changes(
    model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given_back: list[tuple[int, ...]] = []
    one = lane.CpuLane(lambda device, shape: create_session(model.read_bytes(), device, 1, shape), 4)
    monkeypatch.setattr(lane, "release_memory", lambda _, smallest: given_back.append(smallest.shape))
    for width, times in ((48, 0), (48, 0), (32, 1), (32, 1), (48, 2)):
        one.run(np.zeros((1, 3, 32, width), np.float32))
        assert given_back == [(1, 3, 4, 4)] * times


def test_every_gpu_that_is_named_is_proven_and_used(model: Path, made: list[Device]) -> None:
    engine = Engine.open(model, "cuda:0,1")
    assert (engine.device, engine.lanes, engine.sharing) == ("cuda:0,1", 4, 2)
    assert made == [Device("cuda", 0), Device("cuda", 1)]
    together = threading.Barrier(4)

    def run(tile: np.ndarray) -> np.ndarray:
        with engine._lane() as mine:
            together.wait(timeout=20)
            return mine.run(tile)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(run, _tiles(4)))
    assert sorted(device.index for device in made) == [0, 0, 0, 1, 1, 1]


def test_one_gpu_that_fails_fails_all(
    model: Path, made: list[Device], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(data: bytes, device: Device, *rest: Any, half: bool) -> Any:
        if device.index == 1:
            raise RuntimeError("no kernel image")
        return create_session(data, CPU, 1, None)

    monkeypatch.setattr(engine_module, "create_session", broken)
    with pytest.raises(DeviceError, match="cuda:1 cannot run unet: no kernel image"):
        Engine.open(model, "cuda:0,1")


def test_a_model_that_does_not_fit_is_not_blamed_on_the_gpu(
    model: Path, made: list[Device], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ModelError, match=r"cannot run resized: .*; export the model again"):
        Engine.open(toy_models.resized(tmp_path / "resized.onnx", 2), "cuda")
    engine = Engine.open(model, "cuda")
    with pytest.raises(ModelError, match="cannot run unet"):
        engine.run(np.zeros((1, 3, 30, 30), np.float32))

    def lost(self: Any, batch: np.ndarray) -> np.ndarray:
        raise RuntimeError("CUDA failure 700: an illegal memory access was encountered")

    monkeypatch.setattr(lane._Bound, "run", lost)
    with pytest.raises(DeviceError, match=r"cuda:0 cannot run unet: CUDA failure 700.*denoisectl doctor"):
        engine.run(np.zeros((1, 3, 32, 32), np.float32))


def test_one_batch_after_another_stays_on_the_lane_that_is_ready(model: Path, made: list[Device]) -> None:
    engine = Engine.open(model, "tensorrt:1")
    for tile in _tiles(5):
        engine.run(tile)
    assert made == [Device("tensorrt", 1)] * 2, "one session for the proof, one for the tile"


@pytest.mark.parametrize("device", ["cuda", "cuda:0,1"])
def test_images_are_equal_to_the_processors(device: str, model: Path, made: list[Device]) -> None:
    image = np.random.default_rng(1).integers(0, 256, (200, 300, 3), np.uint8)
    seen: list[tuple[int, int]] = []
    denoiser = Denoiser.open(model, device, tile=64)
    found = denoiser.image(image, progress=lambda *count: seen.append(count))
    assert np.array_equal(found, Denoiser.open(model, "cpu", tile=64, threads=1).image(image))
    tiles = len(denoiser.grid(200, 300))
    assert tiles > 4 and seen == [(done, tiles) for done in range(1, tiles + 1)]


def test_the_lanes_of_one_gpu_share_the_memory_for_tiles(model: Path, made: list[Device]) -> None:
    sides = {
        device: Denoiser.open(model, device, memory=2**20).grid(4096, 4096).shape[0]
        for device in ("cpu", "cuda", "cuda:0,1")
    }
    assert sides["cpu"] > sides["cuda"] == sides["cuda:0,1"]


def test_memory_that_runs_out_on_a_gpu_makes_tiles_smaller(
    model: Path, made: list[Device], monkeypatch: pytest.MonkeyPatch
) -> None:
    run = lane._Bound.run

    def small_memory(self: Any, batch: np.ndarray) -> np.ndarray:
        if batch[0, 0].size > 128 * 128:
            raise RuntimeError("CUDA failure 2: out of memory")
        return run(self, batch)

    monkeypatch.setattr(lane._Bound, "run", small_memory)
    engine = Engine.open(model, "cuda")
    with pytest.raises(OutOfMemory):
        engine.run(np.zeros((1, 3, 256, 256), np.float32))
    image = np.random.default_rng(1).integers(0, 256, (256, 256, 3), np.uint8)
    found = Denoiser.open(model, "cuda").image(image)
    assert np.array_equal(found, Denoiser.open(model, "cpu", tile=64, threads=1).image(image))
    with pytest.raises(ImageError, match="try a smaller --tile"):
        Denoiser.open(model, "cuda", tile=256).image(np.zeros((512, 512, 3), np.uint8))


def test_once_memory_has_run_out_all_lanes_are_empty_and_keep_one_shape(
    model: Path, made: list[Device], monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = Engine.open(model, "cuda")
    lanes = list(engine._free.queue)
    for one in lanes:
        one.run(np.zeros((1, 3, 32, 32), np.float32))

    def full(self: Any, batch: np.ndarray) -> None:
        raise RuntimeError("CUDA failure 2: out of memory")

    with monkeypatch.context() as patched, pytest.raises(OutOfMemory):
        patched.setattr(lane._Bound, "run", full)
        engine.run(np.zeros((1, 3, 48, 48), np.float32))
    assert [len(one._bound) for one in lanes] == [0, 0]
    for side in (32, 48):
        engine.run(np.zeros((1, 3, side, side), np.float32))
    assert sum(len(one._bound) for one in lanes) == 1


def test_work_side_by_side_keeps_its_order_and_its_errors() -> None:
    def work(item: int) -> int:
        if item == 7:
            raise ValueError("seven")
        return item * item

    assert list(in_lanes(work, range(7), 3)) == [item * item for item in range(7)]
    for lanes in (1, 3):
        with pytest.raises(ValueError, match="seven"):
            list(in_lanes(work, range(100), lanes))


def test_no_more_is_taken_than_there_are_lanes_and_one_that_waits() -> None:
    taken: list[int] = []

    def items() -> Iterator[int]:
        for item in range(100):
            taken.append(item)
            yield item

    results = in_lanes(abs, items(), 3)
    assert next(results) == 0 and taken == [0, 1, 2, 3]
    results.close()


def test_what_runs_beside_an_error_is_waited_for() -> None:
    at_work, ended = threading.Event(), list[int]()

    def work(item: int) -> None:
        if item == 0:
            assert at_work.wait(10)
            raise ValueError("zero")
        at_work.set()
        time.sleep(0.1)
        ended.append(item)

    with pytest.raises(ValueError, match="zero"):
        list(in_lanes(work, range(2), 2))
    assert ended == [1]
