"""A trained toy run and models of every architecture, made once."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path

import cv2
import onnx
import pytest
import skimage.data
import torch

from denoisectl_exports import graph, photos, tile_memory, write
from denoisectl_training.networks.model import DenoisingAutoencoder
from denoisectl_training.recipes import parse_recipe
from denoisectl_training.records.run_folder import RunFolder
from denoisectl_training.train import Photos, started, train

torch.set_num_threads(1)


@pytest.fixture(scope="session")
def run(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """A run of a toy network with batch normalisation and LAB inside, which saw 16 crops."""
    folder = tmp_path_factory.mktemp("photos")
    cv2.imwrite(str(folder / "astronaut.png"), skimage.data.astronaut()[:160, :160, ::-1])
    cv2.imwrite(str(folder / "coffee.png"), skimage.data.coffee()[:160, :160, ::-1])
    recipe = parse_recipe(
        {
            "name": "toy",
            "model": {"architecture": "skip", "widths": [4, 8], "colour": "l"},
            "corruption": [{"kind": "gaussian"}],
            "data": {"crop": 32, "validation_photos": 1},
            "training": {"images": 16, "batch": 4, "precision": "float32"},
        },
        origin="toy",
    )
    request = started(Photos((folder,)), recipe, folder / "runs", device="cpu")
    train(request)
    return request.run


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """Where a test's model file goes."""
    return tmp_path / "model.onnx"


@pytest.fixture(autouse=True)
def one_small_photo(run: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    """Exports measure on a single small photo and a small tile: what they find is tested, not how many they look at."""
    monkeypatch.setattr(photos, "_skimage_photos", lambda: [run.path.parent.parent / "coffee.png"])
    monkeypatch.setattr(tile_memory, "_SIDE", 64)


_traced: dict[str, bytes] = {}


@pytest.fixture(autouse=True)
def one_trace(monkeypatch: pytest.MonkeyPatch) -> None:
    """torch takes ten seconds and more to trace a network; an equal one is not traced again."""

    def traced_once(model: DenoisingAutoencoder) -> onnx.ModelProto:
        whole = io.BytesIO()
        torch.save(model, whole)
        key = hashlib.sha256(whole.getvalue()).hexdigest()
        if key not in _traced:
            _traced[key] = graph.to_onnx(model).SerializeToString()
        return onnx.ModelProto.FromString(_traced[key])

    monkeypatch.setattr(write, "to_onnx", traced_once)


def assert_contract(proto: onnx.ModelProto) -> None:
    """One image in, one out, under the names of the contract and of any batch and size."""
    (entry,), (result,) = proto.graph.input, proto.graph.output
    for value, name in ((entry, "image"), (result, "denoised")):
        axes = value.type.tensor_type.shape.dim
        assert value.name == name
        assert [axis.dim_param or axis.dim_value for axis in axes] == ["batch", 3, "height", "width"]
