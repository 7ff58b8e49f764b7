"""`denoisectl models`: the list and the card."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner

from denoisectl.cli.main import build
from denoisectl.cli.score_view import score_view
from denoisectl.model_file import shipped
from denoisectl.model_file.card import DataSource, ModelCard, Score
from tests import toy_models

CARD = replace(
    toy_models.CARD,
    name="photo",
    summary="Photos [of any kind].",
    macs_per_pixel=54321.0,
    effective_halo=24,
    data=(DataSource("DIV2K", 800, "research only"),),
    scores=(Score("kodak24", "gauss25", "psnr_rgb", 20.17, 30.61, "denoisectl eval ./kodak24"),),
    limits=("Not for text.",),
)


@pytest.fixture
def photo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = toy_models.identity(tmp_path / "photo.onnx", CARD)
    monkeypatch.setattr(shipped, "shipped_models", lambda: {"photo": path})
    return path


def test_the_list_has_a_line_a_model(photo: Path) -> None:
    result = CliRunner().invoke(build(), ["models"])
    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines()[1].split(maxsplit=3) == [
        "photo",
        "0.0",
        "54,321",
        "Photos [of any kind].",
    ]


def test_names_are_whole_on_the_narrowest_terminal(photo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "30")
    toy_models.identity(
        photo, replace(CARD, name="photo-int8", summary="Photos of any kind, in 8-bit integers.")
    )
    assert "photo-int8" in CliRunner().invoke(build(), ["models"]).stdout


def test_square_brackets_are_shown_as_they_are(photo: Path) -> None:
    score = replace(CARD.scores[0], set="kodak[clean]", condition="k[/b]", metric="[red]")
    toy_models.identity(photo, replace(CARD, name="[bold]toy[/i]", scores=(score,)))
    for arguments, texts in (
        (["models"], ["[bold]toy[/i]"]),
        (["models", "photo"], ["[bold]toy[/i]", "kodak[clean]", "k[/b]", "[red]"]),
    ):
        result = CliRunner().invoke(build(), arguments)
        assert result.exit_code == 0, result.output
        assert all(text in result.stdout for text in texts)


def test_square_brackets_in_a_candidates_name_are_shown_as_they_are() -> None:
    value = {"mean": 30.0, "sd": 1.0}
    row = {"name": "runs/[a]/[/b]", "psnr": {"mean": value}, "ssim": {"mean": value}, "gain": 1.0}
    console = Console(width=110)
    with console.capture() as shown:
        for table in score_view({"protocol": "five", "images": 1, "candidates": [row]}):
            console.print(table)
    assert shown.get().count("runs/[a]/[/b]") == 2


@pytest.mark.parametrize("by_path", [True, False])
def test_a_card_is_shown_by_name_and_by_path(photo: Path, by_path: bool) -> None:
    result = CliRunner().invoke(build(), ["models", str(photo) if by_path else "photo"])
    assert result.exit_code == 0, result.output
    for text in (
        "Photos [of any kind].",
        "effective halo 24 px",
        "DIV2K: 800 files",
        "30.61",
        "- Not for text.",
    ):
        assert text in result.stdout


def test_a_self_ensemble_is_told_and_counted(photo: Path) -> None:
    toy_models.identity(photo, replace(CARD, self_ensemble=8))
    listed = CliRunner().invoke(build(), ["models"]).stdout
    assert listed.splitlines()[1].split()[2] == "434,568", "eight times 54,321"
    shown = CliRunner().invoke(build(), ["models", "photo"]).stdout
    assert (
        "54,321 multiply-adds" in shown
        and "8 flipped and turned views of each tile, each at that cost" in shown
    )


def test_json_holds_the_card_as_it_is_in_the_file(photo: Path) -> None:
    for arguments in (["models", "--json"], ["models", "photo", "--json"]):
        lines = CliRunner().invoke(build(), arguments).stdout.splitlines()
        assert len(lines) == 1
        assert json.loads(lines[0])["path"] == str(photo)
        assert ModelCard.from_json(lines[0]) == CARD


def test_what_is_no_model_is_exit_4(photo: Path, tmp_path: Path) -> None:
    (tmp_path / "cat.jpg").write_bytes(b"\xff\xd8\xff")
    for name, words in ((f"{tmp_path}/cat.jpg", "is not an ONNX model"), ("fotos", "There are: photo")):
        result = CliRunner().invoke(build(), ["models", name])
        assert result.exit_code == 4, result.output
        assert words in " ".join(result.stderr.split())
