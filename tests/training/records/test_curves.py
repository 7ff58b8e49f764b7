import csv
import json
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure

from denoisectl.errors import TrainingError, UsageError
from denoisectl_training.records import curve_plot
from denoisectl_training.records.curve_plot import draw_curves
from denoisectl_training.records.curves import moving_average, read_curve, write_csv


def run_folder(parent: Path, name: str, *, rates: list[float], diverged: bool = False) -> Path:
    folder = parent / name
    folder.mkdir()
    (folder / "run.json").write_text("{}")
    records: list[dict[str, object]] = []
    for number, rate in enumerate(rates, 1):
        records.append({"images": 640 * number, "loss": 10.0 / number, "lr": rate})
        if number % 2 == 0:
            records.append({"images": 640 * number, "psnr": 20.0 + number, "validation_loss": 9.0 / number})
    if diverged:
        records.append({"images": 640 * (len(rates) + 1), "diverged": True})
    (folder / "log.jsonl").write_text(
        "".join(json.dumps(record) + "\n" for record in records) + '{"images": 9'
    )
    return folder


def test_the_moving_average_is_over_the_last_records() -> None:
    np.testing.assert_allclose(moving_average(np.array([1.0, 3.0, 5.0, 7.0]), 2), [1.0, 2.0, 4.0, 6.0])
    np.testing.assert_allclose(moving_average(np.array([1.0, 3.0]), 50), [1.0, 2.0])


def test_a_curve_knows_its_phases_and_where_it_ended(tmp_path: Path) -> None:
    curve = read_curve(run_folder(tmp_path, "a", rates=[2e-3, 2e-3, 1e-3, 1e-3], diverged=True))
    assert curve.phases() == [slice(0, 2), slice(2, 4)]
    assert curve.diverged == 5 * 640
    np.testing.assert_allclose(curve.psnr, [22.0, 24.0])


def test_csv_holds_what_was_logged(tmp_path: Path) -> None:
    write_csv([read_curve(run_folder(tmp_path, "a", rates=[2e-3, 1e-3]))], tmp_path / "a.csv", window=2)
    assert (tmp_path / "a.csv").read_text().splitlines() == [
        "run,images,loss,smoothed,lr,validation_loss,psnr",
        "a,640,10.0,10.0,0.002,,",
        "a,1280,5.0,7.5,0.001,,",
        "a,1280,,,,4.5,22.0",
    ]


def test_csv_has_a_line_a_record(tmp_path: Path) -> None:
    curves = [read_curve(run_folder(tmp_path, name, rates=[1e-3] * 4)) for name in "ab"]
    write_csv(curves, tmp_path / "curves.csv", window=2)
    with (tmp_path / "curves.csv").open(newline="") as file:
        lines = list(csv.DictReader(file))
    assert len(lines) == 2 * (4 + 2)
    assert lines[1]["smoothed"] == "7.5" and lines[2]["psnr"] == "22.0" and lines[2]["loss"] == ""


@pytest.mark.parametrize("count", [1, 2])
@pytest.mark.parametrize("rates", [[1e-3], [2e-3, 1e-3, 1e-3], np.linspace(1e-3, 1e-4, 30).tolist()])
def test_any_number_of_runs_makes_one_picture(count: int, rates: list[float], tmp_path: Path) -> None:
    curves = [read_curve(run_folder(tmp_path, f"run{i}", rates=rates, diverged=i == 1)) for i in range(count)]
    draw_curves(curves, tmp_path / "curves.png", window=50)
    assert (tmp_path / "curves.png").read_bytes().startswith(b"\x89PNG")


def test_a_short_run_is_drawn_as_points_and_says_that_nothing_was_validated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[Figure] = []
    monkeypatch.setattr(curve_plot, "write_figure", lambda figure, *_, **__: drawn.append(figure))
    for name, rates in (("short", [1e-3]), ("some", [2e-3, 1e-3]), ("long", [1e-3] * 30)):
        draw_curves([read_curve(run_folder(tmp_path, name, rates=rates))], tmp_path / "c.png", window=50)
    short, some, long = (figure.axes for figure in drawn)
    marks = [[line.get_marker() for line in axes.lines] for axes in (short[0], some[0], some[1], long[0])]
    assert marks == [["o", "."], ["o", "None", "."], ["o"], ["None", "."]]
    words = [[text.get_text() for text in right.texts] for _, right in (short, some, long)]
    assert words == [["nothing validated yet"], [], []]
    assert [axes.get_yticks().size > 0 for axes in (short[1], some[1])] == [False, True]


def test_what_was_logged_is_drawn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[Figure] = []
    monkeypatch.setattr(curve_plot, "write_figure", lambda figure, *_, **__: drawn.append(figure))
    for name, rates in (("steady", [1e-3] * 30), ("reduced", [2e-3, 2e-3, 1e-3, 1e-3])):
        draw_curves([read_curve(run_folder(tmp_path, name, rates=rates))], tmp_path / "c.png", window=2)
    (loss, dots), (psnr,) = (axes.lines for axes in drawn[0].axes)
    assert loss.get_xydata()[:2].tolist() == [[640, 10.0], [1280, 7.5]]
    assert dots.get_xydata()[:2].tolist() == [[1280, 4.5], [2560, 2.25]]
    assert psnr.get_xydata()[:2].tolist() == [[1280, 22.0], [2560, 24.0]]
    assert drawn[0].axes[0].get_ylim() == (0.0, 1.5 * 5.0), "above the median of the first three records"
    first, second, _ = drawn[1].axes[0].lines
    assert [line.get_label() for line in (first, second)] == ["rate 0.002", "rate 0.001"]
    assert [line.get_xdata().tolist() for line in (first, second)] == [[640, 1280], [1280, 1920, 2560]]


@pytest.mark.parametrize(
    ("count", "window", "label"),
    [
        (1, None, "loss"),
        (4, None, "loss (dots: validation)"),
        (30, None, "loss (mean of up to 3 records; dots: validation)"),
        (1000, None, "loss (mean of up to 50 records; dots: validation)"),
        (4, 20, "loss (mean of up to 20 records; dots: validation)"),
    ],
)
def test_the_label_tells_what_is_drawn(
    count: int, window: int | None, label: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[Figure] = []
    monkeypatch.setattr(curve_plot, "write_figure", lambda figure, *_, **__: drawn.append(figure))
    curve = read_curve(run_folder(tmp_path, "run", rates=[1e-3] * count))
    draw_curves([curve], tmp_path / "c.png", window=window)
    assert drawn[0].axes[0].get_ylabel() == label


@pytest.mark.parametrize("others", [0, 1])
def test_a_run_lost_before_its_first_record_is_drawn_as_lost(others: int, tmp_path: Path) -> None:
    lost = read_curve(run_folder(tmp_path, "lost", rates=[], diverged=True))
    assert lost.diverged == 640 and lost.loss.size == 0
    curves = [lost, *(read_curve(run_folder(tmp_path, "run", rates=[1e-3] * 4)) for _ in range(others))]
    draw_curves(curves, tmp_path / "curves.svg", window=50)
    write_csv(curves, tmp_path / "curves.csv", window=50)
    assert "lost diverged" in (tmp_path / "curves.svg").read_text()


def test_an_old_log_without_validation_loss_is_drawn(tmp_path: Path) -> None:
    folder = run_folder(tmp_path, "old", rates=[1e-3])
    (folder / "log.jsonl").write_text('{"images": 1, "loss": 2.0, "lr": 0.1}\n{"images": 1, "psnr": 20.0}\n')
    curve = read_curve(folder)
    draw_curves([curve], tmp_path / "curves.svg", window=50)
    write_csv([curve], tmp_path / "curves.csv", window=50)
    assert "nan" not in (tmp_path / "curves.csv").read_text()


def test_what_is_no_run_or_has_logged_nothing_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="not the folder of a training run"):
        read_curve(tmp_path)
    (tmp_path / "run.json").write_text("{}")
    with pytest.raises(TrainingError, match="it holds no recipe"):
        read_curve(tmp_path)
    (tmp_path / "run.json").write_text('{"recipe": {}, "data_digest": ""}')
    with pytest.raises(TrainingError, match="no training loss yet"):
        read_curve(tmp_path)


def test_a_plot_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    curve = read_curve(run_folder(tmp_path, "a", rates=[1e-3]))
    with pytest.raises(TrainingError, match="plot not written"):
        draw_curves([curve], tmp_path / "curves.words", window=50)
    assert not (tmp_path / "curves.words").exists(), "nothing is there that would stop the next try"
    (tmp_path / "none").touch()
    with pytest.raises(TrainingError, match="cannot be written"):
        write_csv([curve], tmp_path / "none" / "curves.csv", window=50)
