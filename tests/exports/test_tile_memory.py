"""The memory of a tile, measured in a process of its own."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from denoisectl_exports import tile_memory
from tests import toy_models

pytestmark = pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs /proc")


def test_a_stack_of_convolutions_takes_its_planes_and_its_features(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tile_memory, "_SIDE", 1000)
    model = toy_models.conv_stack(tmp_path / "stack.onnx").read_bytes()
    found = tile_memory.bytes_per_pixel(model, 16)
    # Before there is an output: the input, 12; the features of one layer and of the next, 8 channels of 4 bytes in
    # blocks of 8 (AVX2) or 16.
    assert found is not None and 12 + 32 + 32 <= found <= 24 + 3 * 64 + 24


def test_a_measurement_that_fails_is_none_and_told(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    assert tile_memory.bytes_per_pixel(b"no model", 8) is None
    assert "cannot be measured" in caplog.text and "protobuf" in caplog.text
    monkeypatch.setattr(tile_memory, "_STATUS", Path(sys.executable) / "nowhere")
    assert tile_memory.bytes_per_pixel(b"", 8) is None
