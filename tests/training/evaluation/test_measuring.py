from pathlib import Path

import pytest

from denoisectl.errors import TrainingError
from denoisectl_training.evaluation.candidates import baselines, open_models
from denoisectl_training.evaluation.contact_sheet import ContactSheet
from denoisectl_training.evaluation.measuring import Score, measure
from denoisectl_training.evaluation.protocols import five_cases, literature
from denoisectl_training.evaluation.sources import photos
from denoisectl_training.evaluation.summary import MEAN, Row, as_json, summarise
from denoisectl_training.photos.finding import find_photos


@pytest.fixture(scope="module")
def page() -> ContactSheet:
    return ContactSheet()


@pytest.fixture(scope="module")
def scores(test_photos: Path, identity: Path, page: ContactSheet) -> list[Score]:
    candidates = [*baselines(), *open_models([str(identity)], device="cpu")]
    return measure(five_cases(photos(find_photos([test_photos]))), candidates, watch=page.watch)


@pytest.fixture(scope="module")
def rows(scores: list[Score]) -> dict[str, Row]:
    return {row.name: row for row in summarise(scores)}


def test_every_candidate_meets_every_case_of_every_image(scores: list[Score]) -> None:
    assert len(scores) == 4 * 5 * 2


def test_means_are_over_images_and_clean_counts_at_most_50(rows: dict[str, Row], scores: list[Score]) -> None:
    row = rows["input"]
    own = [score for score in scores if score.candidate.name == "input"]
    gaussian = [score.psnr for score in own if score.case == "gaussian"]
    assert row.psnr["clean"].mean == 50.0
    assert row.psnr["gaussian"].mean == pytest.approx(sum(gaussian) / 2)
    assert row.psnr["gaussian"].sd == pytest.approx(abs(gaussian[0] - gaussian[1]) / 2**0.5)
    assert row.psnr[MEAN].mean == pytest.approx(sum(score.psnr for score in own) / 10)
    assert row.gain == 0.0


def test_a_median_mends_salt_and_pepper(rows: dict[str, Row]) -> None:
    assert rows["median 3x3"].psnr["salt and pepper"].mean > rows["input"].psnr["salt and pepper"].mean + 5
    assert rows["median 3x3"].correction > 0.5


def test_a_model_that_returns_its_input_is_caught(rows: dict[str, Row]) -> None:
    assert rows["identity"].identity and rows["identity"].psnr_to_input > 50
    assert not rows["input"].identity and not rows["median 3x3"].identity


def test_without_noise_there_is_nothing_to_pass_on(test_photos: Path, identity: Path) -> None:
    candidates = open_models([str(identity)], device="cpu")
    protocol = literature(photos(find_photos([test_photos])), (0.0,))
    (row,) = summarise(measure(protocol, candidates))
    assert not row.identity and row.psnr_to_input is None


def test_json_is_plain_data(scores: list[Score]) -> None:
    result = as_json("five cases", 2, summarise(scores))
    assert [row["name"] for row in result["candidates"]] == [
        "input",
        "median 3x3",
        "gaussian 1.0",
        "identity",
    ]
    assert result["candidates"][0]["psnr"]["clean"] == {"mean": 50.0, "sd": 0.0}
    assert [row["self_ensemble"] for row in result["candidates"]] == [1, 1, 1, 1]


def test_the_contact_sheet_is_a_picture(scores: list[Score], page: ContactSheet, tmp_path: Path) -> None:
    page.write(tmp_path / "sheet.png")
    assert page.image == "a.png"
    assert (tmp_path / "sheet.png").read_bytes().startswith(b"\x89PNG")


def test_a_contact_sheet_of_nothing_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="--sheet-image gone"):
        ContactSheet("gone").write(tmp_path / "sheet.png")


def test_a_sheet_that_cannot_be_written_is_an_error(
    scores: list[Score], page: ContactSheet, tmp_path: Path
) -> None:
    (tmp_path / "none").touch()
    with pytest.raises(TrainingError, match="contact sheet not written"):
        page.write(tmp_path / "none" / "sheet.png")
    with pytest.raises(TrainingError, match="contact sheet not written"):
        page.write(tmp_path / "sheet.words")
