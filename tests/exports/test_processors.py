"""8-bit files give the same result on every processor: no sum of two products is clipped, where sums can be."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import skimage.data
from onnx import numpy_helper

from denoisectl.model_file.shipped import shipped_models
from denoisectl_exports.write import export_run
from denoisectl_training.records.run_folder import RunFolder

EIGHT_BITS = ["photo-int8", "photo-fast"]


def largest_sum(weights: np.ndarray) -> int:
    """Of two neighbouring input channels with the largest activations, as x86 without VNNI adds them."""
    row = weights.astype(int).transpose(0, 2, 3, 1).reshape(len(weights), -1)
    pairs = np.pad(row, ((0, 0), (0, row.shape[1] % 2))).reshape(len(row), -1, 2)
    return 255 * max(pairs.clip(min=0).sum(2).max(), -pairs.clip(max=0).sum(2).min())


def eight_bit_weights(path: Path) -> list[np.ndarray]:
    tensors = (numpy_helper.to_array(tensor) for tensor in onnx.load(path).graph.initializer)
    return [tensor for tensor in tensors if tensor.dtype == np.int8 and tensor.ndim == 4]


def denoised(path: Path, image: np.ndarray, *, exact_sums: bool) -> np.ndarray:
    options = onnxruntime.SessionOptions()
    options.add_session_config_entry("session.x64quantprecision", str(int(exact_sums)))
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    return session.run(None, {"image": image})[0]


def noisy_photo() -> np.ndarray:
    photo = skimage.data.astronaut()[:128, :192].astype(np.float32) / 255
    noise = np.random.default_rng(0).normal(0, 50 / 255, photo.shape).astype(np.float32)
    return np.ascontiguousarray((photo + noise).transpose(2, 0, 1)[None])


@pytest.mark.parametrize("name", EIGHT_BITS)
def test_no_sum_of_a_shipped_file_is_clipped(name: str) -> None:
    weights = eight_bit_weights(shipped_models()[name])
    assert len(weights) > 10 and all(largest_sum(each) < 2**15 for each in weights)


@pytest.mark.parametrize("name", EIGHT_BITS)
def test_exact_sums_change_nothing(name: str) -> None:
    path, image = shipped_models()[name], noisy_photo()
    found, exact = (denoised(path, image, exact_sums=exactly) for exactly in (False, True))
    assert np.array_equal(found, exact)


def test_no_sum_of_an_export_is_clipped(run: RunFolder, out: Path) -> None:
    export_run(run.path, out, precision="int8")
    weights = eight_bit_weights(out)
    assert weights and all(largest_sum(each) < 2**15 for each in weights)
