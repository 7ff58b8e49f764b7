"""Which file a model's name means."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from denoisectl.errors import ModelError
from denoisectl.model_file import shipped
from denoisectl.model_file.card_in_file import read_card
from denoisectl.model_file.shipped import find_model, shipped_models
from tests import toy_models


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installation that ships three models."""
    folder = tmp_path / "models"
    folder.mkdir()
    for name in ("photo-fast", "photo", "archive"):
        (folder / f"{name}.onnx").write_bytes(b"")
    spec = SimpleNamespace(submodule_search_locations=[str(tmp_path)])
    monkeypatch.setattr(shipped, "find_spec", lambda name: spec)
    return folder


def test_the_default_comes_first_and_strangers_last(models: Path) -> None:
    assert list(shipped_models()) == ["photo", "photo-fast", "archive"]


def test_models_that_are_not_there_are_left_out(models: Path) -> None:
    for name in ("book-skip", "photo-best"):
        (models / f"{name}.onnx").write_bytes(b"")
    (models / "photo.onnx").unlink()
    assert list(shipped_models()) == ["photo-fast", "photo-best", "book-skip", "archive"]


def test_every_model_that_ships_has_its_place_and_no_place_is_empty() -> None:
    assert tuple(shipped_models()) == shipped._ORDER


def test_names_are_found_and_none_is_the_default(models: Path) -> None:
    assert find_model(None) == find_model("photo") == models / "photo.onnx"
    assert find_model("photo-fast") == models / "photo-fast.onnx"


@pytest.mark.parametrize("path", ["other.onnx", "./photo", "runs/a/photo", "/tmp/photo"])
def test_whatever_looks_like_a_path_is_one(models: Path, path: str) -> None:
    assert find_model(path) == Path(path)


def test_a_path_object_is_never_a_name(models: Path) -> None:
    assert find_model(Path("photo")) == Path("photo")


@pytest.mark.parametrize("model", ["~nouser/x.onnx", Path("~nouser/x.onnx")])
def test_a_home_that_nobody_has_is_named(models: Path, model: str | Path) -> None:
    with pytest.raises(ModelError, match=r"~nouser/x\.onnx: there is no such home folder"):
        find_model(model)


def test_an_unknown_name_lists_the_known(models: Path) -> None:
    known = r"There are: photo, photo-fast, archive\. A file needs its path"
    with pytest.raises(ModelError, match=rf'"fotos"\. Did you mean photo\? {known}'):
        find_model("fotos")
    with pytest.raises(ModelError, match=rf'"xyz"\. {known}'):
        find_model("xyz")


def test_an_installation_without_models_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shipped, "find_spec", lambda name: None)
    with pytest.raises(ModelError, match="none in this installation"):
        find_model(None)


def test_a_model_without_a_card_is_refused_with_the_way_to_one_that_has_one(tmp_path: Path) -> None:
    path = toy_models.identity(tmp_path / "other.onnx", card=None)
    with pytest.raises(ModelError) as caught:
        read_card(path)
    assert f"`denoisectl export {path} --out adopted.onnx`" in str(caught.value)


def test_the_card_of_a_file_is_read(tmp_path: Path) -> None:
    assert read_card(toy_models.unet(tmp_path / "unet.onnx")).multiple_of == 4
