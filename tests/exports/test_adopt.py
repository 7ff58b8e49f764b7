"""Another project's file as a model of ours: what is written, and that it does what the original does."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import onnx
import onnxruntime
import pytest
import skimage.data
from onnx import helper

from denoisectl import Denoiser, __version__
from denoisectl.errors import ExportError, UsageError
from denoisectl.model_file.card import DataSource, Score
from denoisectl.model_file.card_in_file import read_card
from denoisectl_exports import photos
from denoisectl_exports.adopt import adopt
from denoisectl_exports.facts import Facts
from denoisectl_exports.write import restamp
from tests.conftest import Cli
from tests.exports import foreign_files as files
from tests.exports.conftest import assert_contract

COFFEE = skimage.data.coffee()[:150, :230]


@pytest.fixture
def theirs(tmp_path: Path) -> Path:
    """Where a test's foreign file lies: beside the model file, not in its way."""
    (tmp_path / "theirs").mkdir()
    return tmp_path / "theirs" / "blur.onnx"


def original(path: Path, array: np.ndarray) -> np.ndarray:
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    return session.run(None, {session.get_inputs()[0].name: array})[0]


def test_the_card_says_what_was_found_and_who_did_not_make_it(theirs: Path, out: Path) -> None:
    score = Score("cats", "gaussian 25", "psnr", 20.2, 31.0, "denoisectl eval")
    own = {
        "version": "3",
        "data": (DataSource("cats", 2, "CC0-1.0"),),
        "scores": (score,),
        "self_ensemble": 4,
    }
    facts = Facts(name="ours", summary="Blurs", limits=("It blurs.",), float32_twin="theirs", **own)
    returned = adopt(files.write(theirs, files.stack(3)), out, facts)
    card = read_card(out)
    assert card == returned
    assert (card.name, card.summary, card.architecture, card.colour) == ("ours", "Blurs", "adopted", "rgb")
    assert (card.multiple_of, card.halo, card.tileable, card.precision) == (1, 3, True, "float32")
    assert card.effective_halo is not None and 1 <= card.effective_halo <= 3
    assert (card.parameters, card.macs_per_pixel) == (3 * 27, 3 * 27.0)
    assert (card.fp16_safe, card.fp16_error, card.images_seen, dict(card.recipe)) == (False, None, 0, {})
    assert card.limits == (
        "It blurs.",
        "adopted: made by another project; found by running the file: it works on [0, 1]",
    )
    assert (card.tool_version, card.float32_twin) == (__version__, "theirs")
    assert {name: getattr(card, name) for name in own} == own
    assert sorted(path.name for path in out.parent.iterdir()) == ["model.onnx", "theirs"]
    assert restamp(out, replace(facts, limits=())).limits == card.limits[1:], "what was found is kept"


def test_names_come_from_the_file_where_no_card_gives_them(theirs: Path, out: Path) -> None:
    card = adopt(files.write(theirs, files.blurring), out)
    assert (card.name, card.summary) == ("blur", "Adopted from blur.onnx")


@pytest.mark.parametrize("opset", [9, 13, 21])
def test_the_graph_keeps_the_contract_and_its_opset(theirs: Path, out: Path, opset: int) -> None:
    adopt(files.write(theirs, files.blurring, name="denoised", opset=opset), out)
    proto = onnx.load(out)
    assert_contract(proto)
    assert [(each.domain, each.version) for each in proto.opset_import] == [("", opset)]
    assert [prop.key for prop in proto.metadata_props] == ["denoisectl.card"]
    assert b"theirs" not in out.read_bytes()


def on_bytes_noise(graph: files.Graph, x: str) -> str:
    return graph.node("Sub", x, files.on_bytes(graph, x))


@pytest.mark.parametrize(
    ("build", "scale", "shift", "residual"),
    [
        (files.blurring, 1, 0, False),
        (files.on_bytes, 255, 0, False),
        (files.around_zero, 2, -1, False),
        (files.giving_noise, 1, 0, True),
        (on_bytes_noise, 255, 0, True),
    ],
)
def test_it_gives_the_photo_whatever_the_original_gives(
    theirs: Path, out: Path, build: files.Build, scale: float, shift: float, residual: bool
) -> None:
    adopt(files.write(theirs, build), out)
    photo = COFFEE.astype(np.float32) / 255
    seen = (photo * np.float32(scale) + np.float32(shift)).transpose(2, 0, 1)[None]
    given = original(theirs, seen)
    clean = ((seen - given if residual else given) - shift) / scale
    found = Denoiser.open(out, "cpu", threads=1).image(photo)
    assert np.abs(found - clean[0].transpose(1, 2, 0).clip(0, 1)).max() < 1e-5
    assert np.abs(found - photo).max() > 0.01


@pytest.mark.parametrize("shape", [("n", 1, "h", "w"), (1, 1, 64, 64)])
def test_a_network_of_one_channel_denoises_each_colour(theirs: Path, out: Path, shape: files.Shape) -> None:
    card = adopt(files.write(theirs, files.one_channel, shape=shape), out)
    assert card.limits[-1].endswith("it works on [0, 1]; each colour is denoised by itself")
    assert card.macs_per_pixel == 3 * 9
    colour = files.write(theirs.with_name("three.onnx"), files.blurring)
    planes = COFFEE.transpose(2, 0, 1)[None] / np.float32(255)
    found = Denoiser.open(out, "cpu", threads=1).image(COFFEE.astype(np.float32) / 255)
    assert np.abs(found - original(colour, planes)[0].transpose(1, 2, 0)).max() < 1e-6


def test_what_leaves_the_range_is_clipped(theirs: Path, out: Path) -> None:
    adopt(files.write(theirs, lambda graph, x: graph.affine(graph.blur(x), 1.1, -0.05)), out)
    planes = COFFEE.transpose(2, 0, 1)[None] / np.float32(255)
    given = original(theirs, planes)
    assert given.min() < 0.0 and given.max() > 1.0
    assert np.abs(original(out, planes) - given.clip(0.0, 1.0)).max() < 1e-6


def test_channels_last_are_transposed_inside(theirs: Path, out: Path) -> None:
    adopt(files.write(theirs, files.channels_last, shape=(1, "h", "w", 3)), out)
    photo = COFFEE.astype(np.float32) / 255
    found = Denoiser.open(out, "cpu", threads=1).image(photo)
    assert np.abs(found - original(theirs, photo[None])[0]).max() < 1e-6


def test_a_network_on_a_grid_in_tiles_equals_the_network_on_the_whole(theirs: Path, out: Path) -> None:
    card = adopt(files.write(theirs, files.halving_any_size), out)
    assert (card.multiple_of, card.halo) == (2, 2)
    whole = Denoiser.open(out, "cpu", tile=0, threads=1).image(COFFEE)
    for seams in ("auto", "exact"):
        cut = Denoiser.open(out, "cpu", tile=32, threads=1, seams=seams).image(COFFEE)
        assert np.abs(cut.astype(int) - whole).max() <= (seams == "auto")


@pytest.mark.parametrize("build", [files.of_the_mean, files.of_the_place])
def test_what_cannot_be_cut_is_not(theirs: Path, out: Path, build: files.Build) -> None:
    card = adopt(files.write(theirs, build), out)
    assert (card.tileable, card.halo, card.effective_halo) == (False, 0, None)
    denoiser = Denoiser.open(out, "cpu", threads=1)
    assert len(denoiser.grid(3000, 3000)) == 1


def test_a_look_at_the_whole_image_is_the_originals(theirs: Path, out: Path) -> None:
    adopt(files.write(theirs, files.of_the_mean), out)
    given = original(theirs, COFFEE.transpose(2, 0, 1)[None] / np.float32(255))
    found = Denoiser.open(out, "cpu", threads=1, memory=1 << 20).image(COFFEE.astype(np.float32) / 255)
    assert np.abs(found - given[0].transpose(1, 2, 0)).max() < 1e-5


def test_weights_beside_the_file_get_into_it(theirs: Path, out: Path) -> None:
    proto = onnx.load(files.write(theirs, files.blurring))
    onnx.save(proto, theirs, save_as_external_data=True, location="blur.data", size_threshold=0)
    assert theirs.with_name("blur.data").exists()
    adopt(theirs, out)
    theirs.with_name("blur.data").unlink()
    Denoiser.open(out, "cpu", threads=1).image(COFFEE)


def test_branches_see_the_weights_outside_and_functions_are_written_out(theirs: Path, out: Path) -> None:
    """Names are changed in branches as well; `image` may be a name inside, and functions have names of their own."""

    def build(graph: files.Graph, x: str) -> str:
        outside, never = graph.constant(0.0), graph.constant(False, np.bool_)
        then = helper.make_graph([helper.make_node("Add", [x, x], ["image"])], "t", [], [_any("image")])
        other = helper.make_graph([helper.make_node("Add", [x, outside], ["o"])], "e", [], [_any("o")])
        same = graph.node("If", never, then_branch=then, else_branch=other)
        return graph.node("theirs.Same", graph.blur(same), domain="local")

    proto = onnx.load(files.write(theirs, build))
    proto.opset_import.append(helper.make_opsetid("local", 1))
    same = helper.make_node("Identity", ["image"], ["denoised"])
    imports = [helper.make_opsetid("", 17)]
    proto.functions.append(
        helper.make_function("local", "theirs.Same", ["image"], ["denoised"], [same], imports)
    )
    theirs.write_bytes(proto.SerializeToString())
    adopt(theirs, out)
    found = Denoiser.open(out, "cpu", threads=1).image(COFFEE)
    plain = original(files.write(theirs, files.blurring), COFFEE.transpose(2, 0, 1)[None] / np.float32(255))
    assert np.abs(found - 255 * plain[0].transpose(1, 2, 0)).max() < 0.51


def _any(name: str) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, None)


def test_weights_that_are_inputs_too_are_no_inputs_any_more(theirs: Path, out: Path) -> None:
    proto = onnx.load(files.write(theirs, files.blurring, opset=9, ir=3))
    weight = proto.graph.initializer[0]
    proto.graph.input.append(helper.make_tensor_value_info(weight.name, weight.data_type, weight.dims))
    theirs.write_bytes(proto.SerializeToString())
    adopt(theirs, out)
    assert [value.name for value in onnx.load(out).graph.input] == ["image"]


def test_weights_can_be_halved(theirs: Path, out: Path) -> None:
    def wide(graph: files.Graph, x: str) -> str:
        there = np.linalg.qr(np.random.default_rng(0).normal(size=(256, 3)))[0]  # its transpose leads back
        for weight in (there, np.eye(256), there.T):
            x = graph.node("Conv", x, graph.constant(weight[:, :, None, None]))
        return x

    adopt(files.write(theirs, wide), out, weights="float16")
    assert out.stat().st_size < 0.6 * theirs.stat().st_size


def test_nothing_to_try_it_on_is_said(
    theirs: Path, out: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files.write(theirs, files.blurring)
    monkeypatch.setattr(photos, "_skimage_photos", list)
    with pytest.raises(
        ExportError, match="range is told by what it makes of photos, and there are none; give --photos"
    ):
        adopt(theirs, out)
    with pytest.raises(UsageError, match="gone: no such folder"):
        adopt(theirs, out, photos=tmp_path / "gone")
    assert not out.exists()


def test_adopted_by_the_command_line_it_cleans_photos_as_the_original_does(cli: Cli, tmp_path: Path) -> None:
    files.write(tmp_path / "theirs.onnx", files.on_bytes)
    cv2.imwrite(str(tmp_path / "coffee.png"), COFFEE[..., ::-1])
    refused = cli("run", "coffee.png", "--model", "./theirs.onnx", "--out", "x.png", cwd=tmp_path)
    assert refused.returncode == 4
    command = ["export", "theirs.onnx", "--out", "adopted.onnx"]
    assert f"denoisectl {' '.join(command)}" in " ".join(refused.stderr.decode().split())
    exported = cli(*command, cwd=tmp_path)
    assert exported.returncode == 0, exported.stderr
    assert exported.stdout == b""
    told = " ".join(exported.stderr.decode().split())
    assert "adopted, 0.00 M parameters, 0.0 k multiply-adds a pixel, halo 1 pixels, effective 1" in told
    assert "found by running the file: it works on [0, 255]" in told and "images seen" not in told
    ran = cli("run", "coffee.png", "--model", "./adopted.onnx", "--out", "clean.png", cwd=tmp_path)
    assert ran.returncode == 0, ran.stderr
    clean = cv2.imread(str(tmp_path / "clean.png"))[..., ::-1]
    expected = original(tmp_path / "theirs.onnx", COFFEE.transpose(2, 0, 1)[None].astype(np.float32))
    assert np.abs(clean - expected[0].transpose(1, 2, 0)).max() <= 1
    tiled = cli("run", "coffee.png", "-m", "./adopted.onnx", "-o", "tiled.png", "--tile", "32", cwd=tmp_path)
    assert tiled.returncode == 0, tiled.stderr
    assert np.array_equal(cv2.imread(str(tmp_path / "tiled.png"))[..., ::-1], clean)
    card = cli("models", "./adopted.onnx", cwd=tmp_path)
    assert f"by another project; adopted by denoisectl {__version__}" in card.stdout.decode()
    assert json.loads(cli("models", "./adopted.onnx", "--json", cwd=tmp_path).stdout)["images_seen"] == 0
    again = cli("export", "adopted.onnx", "--out", "again.onnx", cwd=tmp_path)
    assert again.returncode == 2 and b"is a model file already" in again.stderr


def test_the_command_line_says_what_a_look_at_the_whole_image_means(cli: Cli, tmp_path: Path) -> None:
    files.write(tmp_path / "theirs.onnx", files.of_the_mean)
    exported = cli("export", "theirs.onnx", "--out", "adopted.onnx", cwd=tmp_path)
    told = " ".join(exported.stderr.decode().split())
    assert exported.returncode == 0, told
    assert (
        "no tiles" in told and "photos are not cut into tiles: the memory for one grows with its size" in told
    )
