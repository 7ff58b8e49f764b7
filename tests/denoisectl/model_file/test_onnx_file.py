"""Metadata read without the onnx package, from good files and from anything else."""

from __future__ import annotations

from pathlib import Path

import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from denoisectl.errors import ModelError
from denoisectl.model_file.onnx_file import metadata, read_model
from tests import toy_models


def test_metadata_is_what_onnx_reads(tmp_path: Path) -> None:
    path = toy_models.unet(tmp_path / "unet.onnx")
    expected = {prop.key: prop.value for prop in onnx.load(path).metadata_props}
    assert metadata(read_model(path), "unet") == expected
    assert set(expected) == {"denoisectl.card", "other"}


def test_a_file_cut_short_never_passes_for_a_model_with_its_card(tmp_path: Path) -> None:
    model = read_model(toy_models.identity(tmp_path / "identity.onnx"))
    whole = metadata(model, "it")
    for length in range(len(model)):
        try:
            assert metadata(model[:length], "it") != whole
        except ModelError as error:
            assert "not an ONNX model" in str(error)


@given(st.binary(max_size=200))
def test_any_bytes_are_a_model_or_refused(data: bytes) -> None:
    try:
        metadata(data, "it")
    except ModelError as error:
        assert "it is not an ONNX model" in str(error)


@pytest.mark.parametrize("data", [b"", b"hello", b"\x89PNG\r\n\x1a\n" + bytes(100), b"\x0a\x01a"])
def test_other_files_are_refused(data: bytes) -> None:
    with pytest.raises(ModelError, match=r"cat\.jpg is not an ONNX model"):
        metadata(data, "cat.jpg")


def test_a_checkpoint_is_told_how_to_become_a_model(tmp_path: Path) -> None:
    (tmp_path / "my run.pt").write_bytes(b"PK")
    with pytest.raises(
        ModelError, match=r"`denoisectl export '.*/my run\.pt' --out 'my run\.onnx'` makes one"
    ):
        read_model(tmp_path / "my run.pt")


def test_a_missing_file_and_a_folder_are_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"no model file at .*none\.onnx"):
        read_model(tmp_path / "none.onnx")
    with pytest.raises(ModelError, match=r"is a folder, and a model is one file; .* `denoisectl export "):
        read_model(tmp_path)
