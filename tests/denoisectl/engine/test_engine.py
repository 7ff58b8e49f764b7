"""The engine: what it opens, what it refuses, and that it never changes device in silence."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import helper

from denoisectl.engine import Engine, OutOfMemory, cuda, lane
from denoisectl.engine import engine as engine_module
from denoisectl.engine.sessions import create_session
from denoisectl.errors import DeviceError, ModelError
from denoisectl.machine import nvidia
from denoisectl.machine.devices import CPU, Device
from denoisectl.model_file.card import CARD_KEY
from tests import toy_models
from tests.denoisectl.engine.conftest import on_the_host
from tests.toy_models import CARD


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return toy_models.unet(tmp_path / "unet.onnx")


def _reshaped(path: Path, change: Any) -> Path:
    """The identity model with its graph changed after the checker has seen it."""
    loaded = onnx.load(toy_models.identity(path))
    change(loaded.graph)
    helper.set_model_props(loaded, {CARD_KEY: CARD.to_json()})
    path.write_bytes(loaded.SerializeToString())
    return path


def test_batches_of_any_size_and_shape_come_back(model: Path) -> None:
    engine = Engine.open(model, "cpu", threads=1)
    for shape in ((1, 3, 32, 48), (3, 3, 64, 4), (1, 3, 32, 48)):
        result = engine.run(np.ones(shape, np.float32))
        assert (result.shape, result.dtype) == (shape, np.float32)


def test_half_precision_on_a_processor_is_run_and_remarked_on(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    Engine.open(toy_models.identity(tmp_path / "half.onnx", replace(CARD, precision="float16")), "cpu")
    assert "toy is in half precision, for GPUs" in caplog.text


def test_threads_change_nothing_but_time(model: Path) -> None:
    tile = np.random.default_rng(0).random((1, 3, 64, 64), dtype=np.float32)
    one, two = (Engine.open(model, "cpu", threads=threads).run(tile) for threads in (1, 2))
    assert np.allclose(one, two, rtol=0, atol=1e-6)


def test_a_file_that_is_damaged_inside_is_refused(model: Path) -> None:
    data = bytearray(model.read_bytes())
    at = data.index(b"ConvTranspose")
    data[at : at + 4] = b"Nope"
    model.write_bytes(data)
    with pytest.raises(ModelError, match=r"onnxruntime cannot load unet: .*export the model again"):
        Engine.open(model, "cpu")


def test_a_graph_that_breaks_the_contract_is_refused(tmp_path: Path) -> None:
    def rename(graph: onnx.GraphProto) -> None:
        graph.input[0].name = graph.node[0].input[0] = "input"

    def narrow(graph: onnx.GraphProto) -> None:
        graph.input[0].type.tensor_type.elem_type = graph.output[0].type.tensor_type.elem_type = 10

    for change, got in ((rename, "got input tensor"), (narrow, r"got image tensor\(float16\)")):
        with pytest.raises(ModelError, match=f"toy must have one float32 input called image .*{got}"):
            Engine.open(_reshaped(tmp_path / "broken.onnx", change), "cpu")


def test_a_graph_without_an_input_is_refused(tmp_path: Path) -> None:
    def constant(graph: onnx.GraphProto) -> None:
        values = onnx.numpy_helper.from_array(np.zeros((1, 3, 8, 8), np.float32), graph.input[0].name)
        graph.initializer.append(values)
        del graph.input[:]

    with pytest.raises(ModelError, match=r"toy must have one float32 input called image .*got none; export"):
        Engine.open(_reshaped(tmp_path / "broken.onnx", constant), "cpu")


def test_a_model_without_a_card_is_refused_before_it_is_loaded(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"has no denoisectl card.*not made by `denoisectl export`"):
        Engine.open(toy_models.identity(tmp_path / "other.onnx", card=None), "cpu")


@pytest.mark.parametrize("scale", [2.0, 0.5])
def test_an_output_of_another_size_is_never_passed_on(tmp_path: Path, scale: float) -> None:
    engine = Engine.open(toy_models.resized(tmp_path / "resized.onnx", scale), "cpu")
    side = int(8 * scale)
    with pytest.raises(ModelError) as caught:
        engine.run(np.ones((1, 3, 8, 8), np.float32))
    assert f"resized gives (1, 3, {side}, {side}) for (1, 3, 8, 8)" in str(caught.value)
    assert "export the model again" in str(caught.value)


def test_a_graph_of_one_channel_or_of_one_size_is_refused(tmp_path: Path) -> None:
    def grey(graph: onnx.GraphProto) -> None:
        graph.node[0].CopyFrom(helper.make_node("ReduceMean", ["image"], ["denoised"], keepdims=1))
        graph.node[0].input.append("axes")
        graph.initializer.append(helper.make_tensor("axes", onnx.TensorProto.INT64, [1], [1]))
        graph.output[0].type.tensor_type.shape.dim[1].dim_value = 1

    def fix(graph: onnx.GraphProto) -> None:
        for node in (graph.input[0], graph.output[0]):
            for place, size in enumerate((1, 3, 64, 64)):
                node.type.tensor_type.shape.dim[place].dim_value = size

    for change, words in (
        (grey, r"gives \(1, 1, 8, 8\) for"),
        (fix, "cannot run toy: .*Got: 8 Expected: 64"),
    ):
        engine = Engine.open(_reshaped(tmp_path / "misfit.onnx", change), "cpu")
        with pytest.raises(ModelError, match=f"{words}.*; export the model again") as caught:
            engine.run(np.ones((1, 3, 8, 8), np.float32))
        assert "\n" not in str(caught.value)


def test_a_card_that_promises_a_finer_grid_than_the_graph_has_is_refused(tmp_path: Path) -> None:
    path = toy_models.unet(tmp_path / "unet.onnx")
    loaded = onnx.load(path)
    helper.set_model_props(loaded, {CARD_KEY: replace(CARD, name="fine", multiple_of=3).to_json()})
    path.write_bytes(loaded.SerializeToString())
    with pytest.raises(ModelError, match=r"onnxruntime cannot run fine: .*; export the model again"):
        Engine.open(path, "cpu").run(np.ones((1, 3, 9, 9), np.float32))


# Devices


@pytest.fixture
def no_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (cuda, nvidia):
        monkeypatch.setattr(module, "driver_devices", lambda: 0)


@pytest.fixture
def a_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """The driver shows a GPU and the libraries load, yet CUDA may still not compute."""
    for module in (cuda, nvidia):
        monkeypatch.setattr(module, "driver_devices", lambda: 1)
    monkeypatch.setattr(engine_module, "check_cuda", lambda index: None)


@pytest.mark.usefixtures("no_gpu")
def test_a_named_device_is_never_replaced(model: Path) -> None:
    with pytest.raises(DeviceError, match="cuda:0 cannot be used: no NVIDIA GPU"):
        Engine.open(model, "cuda")


@pytest.mark.usefixtures("no_gpu")
def test_auto_without_a_gpu_is_the_cpu_and_says_why_to_those_who_ask(
    model: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "denoisectl"):
        engine = Engine.open(model)
    assert engine.device == "cpu"
    assert "no NVIDIA GPU" in engine.device_note
    assert [record.levelname for record in caplog.records] == ["INFO"]


@pytest.mark.skipif(cuda.driver_devices() > 0, reason="there is a GPU here, and it may work")
@pytest.mark.usefixtures("a_gpu")
def test_a_gpu_that_cannot_compute_is_an_error_if_named_and_a_warning_in_auto(
    model: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(DeviceError, match=r"cuda:0 cannot run unet: .*see `denoisectl doctor`"):
        Engine.open(model, "cuda:0")
    engine = Engine.open(model, "auto")
    assert (engine.device, engine.run(np.ones((1, 3, 8, 8), np.float32)).shape) == ("cpu", (1, 3, 8, 8))
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "cuda:0 cannot run unet" in caplog.text
    assert capfd.readouterr() == ("", ""), "onnxruntime keeps quiet"


@pytest.mark.usefixtures("a_gpu")
def test_a_gpu_that_computes_is_taken_with_fixed_shapes(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[tuple[Device, Any]] = []

    def pretend(data: bytes, device: Device, threads: int, shape: Any, *, half: bool) -> Any:
        made.append((device, shape))
        return create_session(data, CPU, threads, shape)

    monkeypatch.setattr(engine_module, "create_session", pretend)
    monkeypatch.setattr(lane, "_on_device", on_the_host)
    engine = Engine.open(model, "auto")
    assert (engine.device, engine.device_note) == ("cuda:0", "")
    for side in (32, 32, 48, 32, 64):
        engine.run(np.ones((2, 3, side, 32), np.float32))
    shapes = [shape for _, shape in made]
    assert shapes == [(1, 64, 64), (2, 32, 32), (2, 48, 32), (2, 64, 32)], (
        "one session a shape, the last two kept"
    )


def test_cuda_alone_is_asked_for_with_fallback_disabled(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []

    def pretend(data: bytes, options: Any, **rest: Any) -> Any:
        asked.append((options, rest))
        return SimpleNamespace(get_providers=lambda: ["CUDAExecutionProvider"])

    monkeypatch.setattr(onnxruntime, "InferenceSession", pretend)
    create_session(model.read_bytes(), Device("cuda", 3), 1, (1, 32, 32))
    options, rest = asked[0]
    assert options.get_session_config_entry("session.disable_cpu_ep_fallback") == "1"
    assert options.get_session_config_entry("session.disable_quant_qdq") == "1", "or 8-bit models do not load"
    assert [name for name, _ in rest["providers"]] == ["CUDAExecutionProvider"]
    assert rest["providers"][0][1]["device_id"] == "3"
    assert rest["providers"][0][1]["use_tf32"] == "0", "or a result would depend on the GPU"
    assert rest["enable_fallback"] == 0


def test_a_fixed_shape_is_held_to(model: Path) -> None:
    fixed = create_session(model.read_bytes(), CPU, 1, (1, 32, 64))
    assert fixed.get_inputs()[0].shape == [1, 3, 32, 64]


# Memory


def test_memory_running_out_is_told_from_other_failures(model: Path) -> None:
    engine = Engine.open(model, "cpu")
    tile = np.ones((1, 3, 8, 8), np.float32)

    def fail(message: str) -> None:
        class Failing:
            def run(self, *args: object) -> None:
                raise RuntimeError(message)

        assert engine._cpu is not None
        engine._cpu._session = Failing()

    fail("BFCArena::AllocateRawInternal Failed to allocate memory for requested buffer of size 805306368")
    with pytest.raises(OutOfMemory):
        engine.run(tile)
    assert engine.run(tile).shape == tile.shape, "the engine goes on with a new session"
    fail("Non-zero status code returned while running Concat node")
    with pytest.raises(ModelError, match=r"cannot run unet: .*Concat node; export the model again"):
        engine.run(tile)


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs /proc")
def test_tiles_of_another_shape_take_the_place_of_the_last_ones(tmp_path: Path) -> None:
    def resident() -> float:
        lines = Path("/proc/self/status").read_text().splitlines()
        return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS"))

    engine = Engine.open(toy_models.conv_stack(tmp_path / "stack.onnx"), "cpu", threads=1)
    engine.run(np.ones((1, 3, 1024, 1536), np.float32))
    held = resident()
    engine.run(np.ones((1, 3, 1552, 1024), np.float32))
    assert resident() < held + 100, "in megabytes; both together would take 200 more"


@pytest.mark.usefixtures("a_gpu")
def test_a_gpu_whose_memory_is_taken_is_told_so(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*args: Any, half: bool) -> None:
        raise RuntimeError("FAIL : CUDA failure 2: out of memory ; GPU=0 ; hostname=vm")

    monkeypatch.setattr(engine_module, "create_session", full)
    with pytest.raises(DeviceError, match=r"unet: CUDA failure 2: out of memory; other .*: nvidia-smi lists"):
        Engine.open(model, "cuda")


@pytest.mark.usefixtures("a_gpu")
@pytest.mark.parametrize(("multiple_of", "side"), [(1, 64), (24, 72), (96, 96)])
def test_a_model_is_proven_on_a_tile_that_its_card_allows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, multiple_of: int, side: int
) -> None:
    shapes: list[Any] = []

    def pretend(data: bytes, device: Device, threads: int, shape: Any, *, half: bool) -> Any:
        shapes.append(shape)
        return create_session(data, CPU, threads, shape)

    monkeypatch.setattr(engine_module, "create_session", pretend)
    monkeypatch.setattr(lane, "_on_device", on_the_host)
    Engine.open(toy_models.identity(tmp_path / "wide.onnx", replace(CARD, multiple_of=multiple_of)), "cuda")
    assert shapes == [(1, side, side)]
