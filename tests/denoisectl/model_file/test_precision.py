"""Which file of a model runs where, and under what name the journal knows it."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

from denoisectl import Denoiser
from denoisectl.engine import Engine
from denoisectl.errors import ModelError, UsageError
from denoisectl.model_file import precision, shipped
from denoisectl.model_file.precision import ModelFiles
from tests import toy_models


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installation with one model in two precisions, and one in 8-bit integers alone."""
    for name, kind in (("photo", "float32"), ("photo-int8", "int8"), ("photo-fast", "int8")):
        toy_models.identity(tmp_path / f"{name}.onnx", replace(toy_models.CARD, name=name, precision=kind))
    monkeypatch.setattr(
        shipped, "shipped_models", lambda: {file.stem: file for file in tmp_path.glob("*.onnx")}
    )
    return tmp_path


@pytest.fixture
def fast(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(precision, "fast_at_8_bits", lambda: True)


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(precision, "fast_at_8_bits", lambda: False)


@pytest.mark.usefixtures("fast")
@pytest.mark.parametrize("model", [None, "photo"])
def test_auto_takes_8_bits_on_a_processor_that_is_fast_at_them(models: Path, model: str | None) -> None:
    files = ModelFiles.find(model)
    assert (files.gpu, files.processor) == (models / "photo.onnx", models / "photo-int8.onnx")
    assert Denoiser.open(model, "cpu", threads=1).card.name == "photo-int8"


@pytest.mark.usefixtures("slow")
def test_auto_takes_float32_on_other_processors(models: Path) -> None:
    files = ModelFiles.find("photo")
    assert files.gpu == files.processor == models / "photo.onnx"
    assert Denoiser.open(None, "cpu", threads=1).card.name == "photo"


@pytest.mark.usefixtures("fast")
def test_a_path_is_run_as_it_is(models: Path) -> None:
    for model in (models / "photo.onnx", str(models / "photo.onnx")):
        assert Denoiser.open(model, "cpu", threads=1).card.name == "photo"


@pytest.mark.usefixtures("fast")
def test_what_is_asked_for_is_used(models: Path) -> None:
    assert Denoiser.open("photo", "cpu", threads=1, precision="float32").card.name == "photo"
    assert Denoiser.open("photo-fast", "cpu", threads=1, precision="int8").card.name == "photo-fast"


@pytest.mark.usefixtures("slow")
def test_8_bits_that_are_asked_for_are_used_on_any_processor_and_on_gpus(models: Path) -> None:
    files = ModelFiles.find("photo", "int8")
    assert files.gpu == files.processor == models / "photo-int8.onnx"


def test_a_gpu_gets_the_float32_twin_and_is_told(
    models: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    card = replace(toy_models.CARD, name="photo-fast", precision="int8", float32_twin="photo")
    fast = toy_models.identity(models / "photo-fast.onnx", card)
    files = ModelFiles.find("photo-fast")
    assert (files.gpu, files.processor) == (models / "photo.onnx", fast)
    assert files.digest() == hashlib.sha256(fast.read_bytes()).hexdigest(), (
        "journals of processors stay valid"
    )
    for as_it_is in (ModelFiles.find("photo-fast", "int8"), ModelFiles.find(fast)):
        assert (as_it_is.gpu, as_it_is.told) == (fast, "")
    on_processor = Engine.open

    def pretend(path: Path, *rest: object, **named: object) -> Engine:
        engine = on_processor(path, "cpu", threads=1)
        engine.device = "cuda:0"
        return engine

    Denoiser.open("photo-fast", "cpu", threads=1)
    assert not caplog.records
    monkeypatch.setattr(Engine, "open", pretend)
    assert Denoiser.open("photo-fast", "cuda").card.name == "photo"
    assert "photo-fast is in 8-bit integers, which gain nothing on a GPU: photo," in caplog.text


@pytest.mark.usefixtures("models")
@pytest.mark.parametrize(
    ("model", "wanted", "found"),
    [
        ("photo-fast", "float32", "int8"),
        ("photo-int8", "float32", "int8"),
        ("./mine.onnx", "int8", "float32"),
    ],
)
def test_what_is_asked_for_and_not_there_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, model: str, wanted: precision.Precision, found: str
) -> None:
    toy_models.identity(tmp_path / "mine.onnx")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(
        UsageError, match=rf"--precision {wanted}: {model} is in {found}; leave it out, or .*export"
    ):
        ModelFiles.find(model, wanted)


def test_the_twin_is_named_where_there_is_one(tmp_path: Path) -> None:
    card = replace(toy_models.CARD, precision="int8", float32_twin="photo")
    with pytest.raises(UsageError, match=r"or take --model photo$"):
        ModelFiles.find(toy_models.identity(tmp_path / "small.onnx", card), "float32")


def test_no_such_precision() -> None:
    with pytest.raises(UsageError, match="no such precision: fp32; there are auto, float32, int8"):
        ModelFiles.find("photo", "fp32")  # type: ignore[arg-type]


def test_a_missing_model_is_missed_whatever_the_precision(tmp_path: Path) -> None:
    for wanted in ("float32", "int8"):
        with pytest.raises(ModelError, match=r"none\.onnx"):
            ModelFiles.find(tmp_path / "none.onnx", wanted)


@pytest.mark.usefixtures("models")
def test_the_journal_does_not_see_what_auto_chose(monkeypatch: pytest.MonkeyPatch) -> None:
    digests = []
    for is_fast in (True, False):
        monkeypatch.setattr(precision, "fast_at_8_bits", lambda found=is_fast: found)
        digests.append(Denoiser.open("photo", "cpu", threads=1).digest)
    assert digests[0] == digests[1]
    asked = [ModelFiles.find("photo", wanted).digest() for wanted in ("float32", "int8")]
    assert len({digests[0], *asked}) == 3


@pytest.mark.usefixtures("slow")
@pytest.mark.parametrize("changed", ["photo", "photo-int8"])
def test_the_journal_sees_a_new_file_in_either_precision(models: Path, changed: str) -> None:
    before = ModelFiles.find("photo").digest()
    toy_models.unet(models / f"{changed}.onnx")
    assert ModelFiles.find("photo").digest() != before
