import textwrap
from contextlib import nullcontext
from dataclasses import fields
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnx
import pytest
import skimage.data
import torch

from denoisectl import Denoiser, __version__
from denoisectl.errors import ConfigError, ExportError, TrainingError, UsageError
from denoisectl.model_file.card_in_file import read_card
from denoisectl_exports import graph, tile_memory, write
from denoisectl_exports.adopt import adopt
from denoisectl_exports.facts import Facts, read_facts
from denoisectl_exports.write import export_run, new_card, restamp
from denoisectl_training.records.run_folder import RunFolder
from denoisectl_training.weights.trained import load_trained
from tests import toy_models
from tests.conftest import ROOT
from tests.exports.conftest import assert_contract


def test_a_run_becomes_one_file_that_says_what_it_is(
    run: RunFolder, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Beside a smaller tile, what onnxruntime takes for itself would count.
    monkeypatch.setattr(tile_memory, "_SIDE", 512)
    returned = export_run(run.path, out)
    assert [path.name for path in out.parent.iterdir()] == ["model.onnx"]
    card = read_card(out)
    assert card == returned
    assert (card.name, card.architecture, card.colour) == ("toy", "skip", "l")
    assert (card.multiple_of, card.halo, card.images_seen) == (2, 11, 16)
    assert card.recipe == run.recipe().model_dump(mode="json")
    assert card.tool_version == __version__
    assert (card.parameters, card.macs_per_pixel) == (2073, 1308.0)
    if Path("/proc/self/status").exists():  # elsewhere it stays open
        # The images in and out take 24; beside them planes on the way to LAB and back, and features.
        assert card.bytes_per_pixel is not None and 60 < card.bytes_per_pixel < 600


def test_the_file_does_what_the_network_does(run: RunFolder, out: Path) -> None:
    export_run(run.path, out)
    model = load_trained(run.path).model
    photo = skimage.data.chelsea()[:120, :90]
    with torch.inference_mode():
        expected = model(torch.from_numpy(photo.copy()).permute(2, 0, 1)[None].float() / 255.0)
    found = Denoiser.open(out, "cpu").image(photo.astype(np.float32) / 255.0)
    assert np.abs(found - expected[0].permute(1, 2, 0).numpy()).max() < 1e-5


def test_the_graph_keeps_the_contract(run: RunFolder, out: Path) -> None:
    export_run(run.path, out)
    proto = onnx.load(out)
    assert_contract(proto)
    assert {(opset.domain, opset.version) for opset in proto.opset_import} == {("", 18)}
    assert "BatchNormalization" not in {node.op_type for node in proto.graph.node}


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"precision": "fp16"}, "precision 'fp16': give one of float32, int8, float16"),
        ({"weights": "half"}, "weights 'half': give one of float32, float16"),
    ],
)
def test_a_misspelt_word_is_no_float32(run: RunFolder, out: Path, asked: dict[str, Any], told: str) -> None:
    with pytest.raises(UsageError, match=told):
        export_run(run.path, out, **asked)
    if "weights" in asked:
        with pytest.raises(UsageError, match=told):
            adopt(out, out, **asked)
    assert not out.exists()


def test_the_file_does_not_tell_where_it_was_made(run: RunFolder, out: Path) -> None:
    export_run(run.path, out)
    data = out.read_bytes()
    assert str(Path(graph.__file__).parents[2]).encode() not in data
    assert b"stack_trace" not in data and b".py" not in data


def test_train_mode_is_refused(run: RunFolder) -> None:
    model = load_trained(run.path).model
    next(m for m in model.modules() if isinstance(m, torch.nn.BatchNorm2d)).train()
    with pytest.raises(ExportError, match="train mode"):
        graph.to_onnx(model)


def test_a_graph_that_disagrees_is_not_written(
    run: RunFolder, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(write, "to_onnx", graph.to_onnx)
    monkeypatch.setattr(graph, "largest_difference", lambda model, proto: float("nan"))
    with pytest.raises(ExportError, match="differs from PyTorch by nan"):
        export_run(run.path, out)
    assert not out.exists()


@pytest.mark.parametrize(("difference", "refused"), [(0.9e-4, False), (1.1e-4, True)])
def test_a_fortieth_of_a_level_is_the_most_that_a_graph_may_differ(
    difference: float, refused: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    proto = onnx.load(toy_models.identity(tmp_path / "toy.onnx"))
    monkeypatch.setattr(graph, "largest_difference", lambda *_: difference)
    with pytest.raises(ExportError, match="differs from PyTorch") if refused else nullcontext():
        graph.check_against(torch.nn.Identity(), proto)


def test_the_comparison_sees_a_changed_weight(run: RunFolder) -> None:
    model = load_trained(run.path).model
    proto = graph.to_onnx(model)
    seen = []
    hook = model.register_forward_pre_hook(lambda _, given: seen.append(given[0].shape))
    assert graph.largest_difference(model, proto) < 1e-4
    hook.remove()
    assert len({shape[0] for shape in seen}) == len({shape[2:] for shape in seen}) == len(seen) == 3
    with torch.no_grad():
        next(iter(model.network.head.parameters())).add_(0.05)
    assert graph.largest_difference(model, proto) > 1e-3


def test_a_folder_that_cannot_be_written_is_named(run: RunFolder, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ExportError, match="cannot be written"):
        export_run(run.path, tmp_path / "file" / "model.onnx")


def test_a_folder_without_a_checkpoint_is_named(tmp_path: Path, out: Path) -> None:
    with pytest.raises(TrainingError, match="no checkpoint there"):
        export_run(tmp_path, out)


CARDS = ROOT / "exports" / "denoisectl_exports" / "cards"
CARD = """
name = "clean-cats"
version = "3"
summary = "Cats"
limits = ["dogs"]
self_ensemble = 4
data = [{source = "my cats", files = 2, licence = "CC0-1.0"}]
[[scores]]
set = "cats"
condition = "gaussian 25"
metric = "psnr"
input = 20.2
value = 31.0
command = "denoisectl eval"
"""


def test_facts_are_read_checked_and_stamped(run: RunFolder, out: Path, tmp_path: Path) -> None:
    (tmp_path / "card.toml").write_text(CARD)
    facts = read_facts(tmp_path / "card.toml")
    export_run(run.path, out)
    weights = onnx.load(out).graph
    card = restamp(out, facts)
    trained = load_trained(run.path)
    model, recipe, seen = trained.model, trained.recipe, trained.images_seen
    new = new_card(model, recipe, seen, facts)
    assert all(getattr(new, each.name) == getattr(card, each.name) for each in fields(facts))
    assert new_card(model, recipe, seen, Facts()).summary == recipe.summary
    other = recipe.model_copy(update={"name": "other"})
    assert (
        len(new.recipe_digest) == 64
        and new_card(model, other, seen, facts).recipe_digest != new.recipe_digest
    )
    assert (card.name, card.version, card.summary, card.limits) == ("clean-cats", "3", "Cats", ("dogs",))
    assert card.self_ensemble == 4
    assert card.scores[0].value == 31.0 and card.data[0].licence == "CC0-1.0"
    assert read_card(out) == card
    assert onnx.load(out).graph == weights


def test_a_card_file_takes_from_its_neighbour_what_it_does_not_say(tmp_path: Path) -> None:
    (tmp_path / "card.toml").write_text(CARD)
    (tmp_path / "other.toml").write_text('extends = "card.toml"\nname = "dirty-cats"\nscores = []\n')
    facts = read_facts(tmp_path / "other.toml")
    assert (facts.name, facts.summary, facts.scores) == ("dirty-cats", "Cats", ())
    assert facts.data[0].source == "my cats"


@pytest.mark.parametrize("path", sorted(CARDS.glob("*.toml")), ids=lambda path: path.stem)
def test_every_card_in_the_package_is_one_and_bears_its_files_name(path: Path) -> None:
    facts = read_facts(path)
    assert facts.name == path.stem
    assert facts.summary and facts.data and facts.limits
    assert all(f"--model {facts.name} " in f"{score.command} " for score in facts.scores)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('extends = "card.toml"', "extends itself"),
        ("nam = 'x'", "nam: Unexpected keyword argument"),
        ("name = ", "not valid TOML"),
        ("[[scores]]\nset = 'x'", "scores.0.condition"),
    ],
)
def test_a_bad_card_file_is_named(text: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "card.toml").write_text(text)
    with pytest.raises(ConfigError) as caught:
        read_facts(tmp_path / "card.toml")
    assert message in str(caught.value) and "card.toml" in str(caught.value)


def test_a_card_file_that_is_no_text_or_a_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "bin.toml").write_bytes(b"name = '\xff'")
    with pytest.raises(ConfigError, match=r"bin\.toml: not UTF-8"):
        read_facts(tmp_path / "bin.toml")
    with pytest.raises(ConfigError, match=r"cannot be read \(Is a directory\)"):
        read_facts(tmp_path)


def test_only_a_model_file_with_a_card_can_be_restamped(tmp_path: Path) -> None:
    (tmp_path / "text.onnx").write_text("no model")
    with pytest.raises(ExportError, match="not an ONNX file"):
        restamp(tmp_path / "text.onnx", Facts())
    with pytest.raises(ConfigError, match="does not exist"):
        read_facts(tmp_path / "gone.toml")


def test_the_page_on_training_shows_a_program_that_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = (ROOT / "docs" / "training.md").read_text(encoding="utf-8")
    program = textwrap.dedent(page.partition("## From Python\n")[2].partition("\nThis does")[0])
    assert '"skip"' in program and "20000" in program, "they are made small here"
    (tmp_path / "photos").mkdir()
    for name in ("astronaut", "coffee", "rocket"):
        photo = getattr(skimage.data, name)()[:128, :128, ::-1]
        cv2.imwrite(str(tmp_path / "photos" / f"{name}.png"), photo)
    monkeypatch.chdir(tmp_path)
    made: dict[str, Any] = {}
    exec(program.replace('"skip"', '"small"').replace("20000", "16"), made)
    assert made["denoiser"].card.images_seen == 16
