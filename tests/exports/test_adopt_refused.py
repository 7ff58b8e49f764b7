"""Files of other projects that cannot be adopted: each is named, with the way out, and nothing is written."""

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto

from denoisectl.errors import DenoiseError, ExportError, ModelError, UsageError
from denoisectl_exports.adopt import adopt
from tests import toy_models
from tests.conftest import Cli
from tests.exports import foreign_files as files


def classifier(graph: files.Graph, x: str) -> str:
    return graph.node("Flatten", graph.node("GlobalAveragePool", x))


def enlarging(graph: files.Graph, x: str) -> str:
    return graph.node("Resize", x, "", graph.constant([1, 1, 2, 2]), mode="nearest")


def of_one_size(graph: files.Graph, x: str) -> str:
    flat = graph.node("Reshape", x, graph.constant([1, 3, 64 * 64], np.int64))
    return graph.node("Reshape", flat, graph.constant([1, 3, 64, 64], np.int64))


def with_a_level(graph: files.Graph, x: str) -> str:
    return graph.node("Add", graph.blur(x), "sigma")


def in_two(graph: files.Graph, x: str) -> str:
    return graph.node("Split", x, outputs=2, axis=1)


def random(graph: files.Graph, x: str) -> str:
    return graph.node("Add", x, graph.affine(graph.node("RandomNormalLike", x, dtype=1), 0.1, 0))


def mixing(graph: files.Graph, x: str) -> str:
    """Adds the mean over the batch."""
    return graph.sum(x, graph.node("ReduceMean", x, axes=[0]), 0.2)


def unknown(graph: files.Graph, x: str) -> str:
    return graph.node("Denoise", x, domain="theirs")


def inverting(graph: files.Graph, x: str) -> str:
    return graph.affine(x, -1, 0.2)


@pytest.mark.parametrize(
    ("build", "settings", "message"),
    [
        (with_a_level, {"more_inputs": ["sigma"]}, r"takes 2 inputs \(x, sigma\).*bake the others in"),
        (in_two, {"more_outputs": ["v0.1"]}, r"gives 2 outputs \(v0\.0, v0\.1\).*extract_model"),
        (files.blurring, {"kind": TensorProto.FLOAT16}, "input x is float16, and must be float32"),
        (files.blurring, {"shape": (3, "h", "w")}, "input x has 3 axes, and an image has four"),
        (files.blurring, {"shape": ("n", 4, "h", "w")}, r"input x is \[0, 4, 0, 0\].*has 3 channels or 1"),
        (files.blurring, {"opset": 6}, "is of opset 6, and 7 is the oldest.*convert_version"),
        (classifier, {}, "gives 1 x 3 for 1 x 3 x 256 x 256, and an output must be as large"),
        (enlarging, {}, "gives 1 x 3 x 512 x 512 for 1 x 3 x 256 x 256"),
        (of_one_size, {"shape": (1, 3, 64, 64)}, r"made for an input of \[1, 3, 64, 64\].*dynamic axes"),
        (random, {}, "differs from the original by .*draws random numbers"),
        (mixing, {}, "differs from the original by .*mixes the images of a batch"),
        (unknown, {}, "onnxruntime cannot load it: .*theirs"),
        (inverting, {}, r"no denoiser of photos.*\[0, 1\]: \d.*put the scaling into its graph"),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_it_is_named_with_the_way_out(
    tmp_path: Path, build: files.Build, settings: dict[str, object], message: str
) -> None:
    path = files.write(tmp_path / "theirs.onnx", build, **settings)
    with pytest.raises(ExportError, match=message) as caught:
        adopt(path, tmp_path / "out.onnx")
    assert "theirs.onnx" in str(caught.value) and "\n" not in str(caught.value)
    assert [each.name for each in tmp_path.iterdir()] == ["theirs.onnx"]


def test_weights_that_are_not_there_are_named(tmp_path: Path) -> None:
    path = tmp_path / "theirs.onnx"
    proto = onnx.load(files.write(path, files.blurring))
    onnx.save(proto, path, save_as_external_data=True, location="theirs.data", size_threshold=0)
    (tmp_path / "theirs.data").unlink()
    with pytest.raises(ExportError, match=r"weights lie in another file.*put it beside theirs\.onnx"):
        adopt(path, tmp_path / "out.onnx")


@pytest.mark.parametrize(
    ("content", "kind", "message"),
    [
        (None, ModelError, "no model file at"),
        (b"", ModelError, "is not an ONNX model"),
        (b"no model", ModelError, "is not an ONNX model"),
    ],
)
def test_what_is_no_model_is_named(
    tmp_path: Path, content: bytes | None, kind: type[DenoiseError], message: str
) -> None:
    path = tmp_path / "theirs.onnx"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(kind, match=message):
        adopt(path, tmp_path / "out.onnx")


def test_a_model_of_ours_is_one_already(tmp_path: Path) -> None:
    path = toy_models.unet(tmp_path / "ours.onnx")
    with pytest.raises(UsageError, match=r"ours\.onnx: is a model file already; export takes a run folder"):
        adopt(path, tmp_path / "out.onnx")


def test_a_precision_is_for_runs(cli: Cli, tmp_path: Path) -> None:
    files.write(tmp_path / "theirs.onnx", files.blurring)
    for precision in ("int8", "float16"):
        ended = cli("export", "theirs.onnx", "--out", "x.onnx", "--precision", precision, cwd=tmp_path)
        assert ended.returncode == 2
        assert f"--precision {precision}: is made from a run" in " ".join(ended.stderr.decode().split())
