"""TensorRT where there is none: what is missing is said, and what the provider is told."""

from __future__ import annotations

import logging
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import onnxruntime
import pytest

from denoisectl.engine import tensorrt
from denoisectl.engine.sessions import create_session
from denoisectl.engine.tensorrt import check_tensorrt, engine_folder, tensorrt_options
from denoisectl.errors import DeviceError
from denoisectl.machine.devices import Device


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    """A machine with CUDA and the right onnxruntime."""
    monkeypatch.setattr(tensorrt, "check_cuda", lambda index, asked: None)
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: ["TensorrtExecutionProvider"])
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return monkeypatch


@pytest.mark.parametrize(("built", "package"), [("13.0", "cu13"), ("12.8", "cu12"), ("", "cu13")])
def test_what_is_missing_comes_with_the_command(
    machine: pytest.MonkeyPatch, built: str, package: str
) -> None:
    machine.setattr(onnxruntime, "cuda_version", built)
    machine.setattr(tensorrt, "loads", lambda library: False)
    with pytest.raises(
        DeviceError,
        match=rf'tensorrt:1 cannot be used: missing TensorRT .*pip install "tensorrt-{package}<11"',
    ):
        check_tensorrt(1)
    machine.setattr(onnxruntime, "get_available_providers", lambda: ["CUDAExecutionProvider"])
    with pytest.raises(DeviceError, match="built without TensorRT"):
        check_tensorrt(0)


def test_both_libraries_come_from_one_place(machine: pytest.MonkeyPatch, tmp_path: Path) -> None:
    tried: list[str] = []

    def loads(library: str) -> bool:
        tried.append(library)
        return broken not in library

    broken = "nowhere"
    found = SimpleNamespace(submodule_search_locations=[str(tmp_path)])
    machine.setattr(tensorrt, "find_spec", lambda name: found)
    machine.setattr(tensorrt, "loads", loads)
    check_tensorrt(0)
    assert tried == [str(tmp_path / name) for name in tensorrt._LIBRARIES], (
        "what the second needs comes first"
    )
    tried.clear()
    broken = str(tmp_path)
    check_tensorrt(0)
    assert tried == [str(tmp_path / tensorrt._LIBRARIES[0]), *tensorrt._LIBRARIES]


def test_engines_are_kept_by_model_and_their_building_is_announced(
    machine: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    options = tensorrt_options(2, b"one", half=False)
    folder = engine_folder(b"one")
    assert folder.is_dir() and folder != engine_folder(b"other")
    assert options["device_id"] == "2" and options["trt_fp16_enable"] == "0"
    assert options["trt_engine_cache_path"] == options["trt_timing_cache_path"] == str(folder)
    assert "takes minutes once" in caplog.text
    caplog.clear()
    (folder / "built.engine").touch()
    with caplog.at_level(logging.INFO):
        assert tensorrt_options(2, b"one", half=True)["trt_fp16_enable"] == "1"
    assert not caplog.records


def test_tensorrt_comes_first_cuda_second_and_the_processor_never(machine: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []
    first = "TensorrtExecutionProvider"

    def pretend(data: bytes, options: Any, **rest: Any) -> Any:
        asked.append((options, rest))
        return SimpleNamespace(get_providers=lambda: [first])

    machine.setattr(onnxruntime, "InferenceSession", pretend)
    create_session(b"model", Device("tensorrt", 1), 1, (1, 32, 32))
    options, rest = asked[0]
    assert [name for name, _ in rest["providers"]] == ["TensorrtExecutionProvider", "CUDAExecutionProvider"]
    assert {own["device_id"] for _, own in rest["providers"]} == {"1"}
    assert options.get_session_config_entry("session.disable_cpu_ep_fallback") == "1"
    first = "CUDAExecutionProvider"
    with pytest.raises(RuntimeError, match="put the model on CUDAExecutionProvider"):
        create_session(b"model", Device("tensorrt", 1), 1, (1, 32, 32))
