"""Whole runs of a toy network: it learns, it says what it did, and it refuses to go wrong."""

import errno
import itertools
import json
import math
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from denoisectl.errors import DeviceError, TrainingError, UsageError
from denoisectl_training.fit import loop
from denoisectl_training.fit.loop import Progress
from denoisectl_training.fit.validation import Validation
from denoisectl_training.recipes import Recipe, parse_recipe
from denoisectl_training.records import run_folder
from denoisectl_training.records.checkpoint import load_checkpoint, save_checkpoint
from denoisectl_training.records.run_folder import RunFolder
from denoisectl_training.train import Photos, TrainRequest, resumed, started, train


def toy(**changes: object) -> Recipe:
    values: dict[str, object] = {
        "name": "toy",
        "model": {"architecture": "small", "widths": [4, 8], "colour": "rgb"},
        "corruption": [{"kind": "gaussian", "magnitude": 25.0}, {"kind": "knockout"}],
        "optimizer": {"name": "adam", "lr": 3e-3},
        "data": {"crop": 32, "validation_photos": 1},
        "training": {
            "images": 48, "batch": 4, "ema": 0.9, "log_every": 8, "validate_every": 16,
            "checkpoint_every": 16, "precision": "float32",
        },
    }  # fmt: skip
    return parse_recipe({**values, **changes}, origin="toy")


def request(
    folder: Path, runs: Path, recipe: Recipe | None = None, resume: Path | None = None
) -> TrainRequest:
    photos = Photos((folder,))
    if resume is not None:
        return resumed(photos, resume, device="cpu")
    return started(photos, recipe or toy(), runs, device="cpu")


def weights(run: RunFolder) -> dict[str, torch.Tensor]:
    state: dict[str, torch.Tensor] = load_checkpoint(run.last)["average"]
    return state


def test_statistics_are_held_at_the_end_of_a_run(photo_folder: Path, tmp_path: Path) -> None:
    followed = []
    for share in (0.0, 0.5, 1.0):
        recipe = toy()
        training = recipe.training.model_copy(update={"steady_share": share})
        state = train(request(photo_folder, tmp_path, recipe.model_copy(update={"training": training})))
        tracked = [value for key, value in state.model.state_dict().items() if "num_batches" in key]
        followed.append({int(value) for value in tracked})
    assert followed == [{12}, {6}, {0}]  # of 12 steps


def test_a_run_stopped_between_two_records_logs_what_it_has(photo_folder: Path, tmp_path: Path) -> None:
    recipe = toy()
    training = recipe.training.model_copy(update={"log_every": 1000, "validate_every": 1000})
    seldom = recipe.model_copy(update={"training": training})
    asked, steps = request(photo_folder, tmp_path, seldom), iter([False, False, False, True])
    state = train(asked, stop=lambda: next(steps))
    (record,) = asked.run.records()
    assert record["images"] == state.images == 3 * training.batch and record["loss"] > 0
    train(request(photo_folder, tmp_path, resume=asked.run.path))
    assert [record["images"] for record in asked.run.records() if "loss" in record] == [state.images, 48]


def test_a_run_leaves_a_folder_that_says_what_it_did(photo_folder: Path, tmp_path: Path) -> None:
    asked = request(photo_folder, tmp_path)
    state = train(asked)
    assert state.images == 48
    assert sorted(path.name for path in asked.run.path.iterdir()) == [
        "best.pt",
        "last.pt",
        "log.jsonl",
        "run.json",
    ]
    records = [json.loads(line) for line in asked.run.log.read_text().splitlines()]
    assert [record["images"] for record in records if "loss" in record] == [8, 16, 24, 32, 40, 48]
    assert [record["images"] for record in records if "psnr" in record] == [16, 32, 48]
    assert asked.run.recipe() == asked.recipe
    assert asked.run.description()["photos"] == 3


def test_training_lowers_the_loss(photo_folder: Path, tmp_path: Path) -> None:
    recipe = toy(training={"images": 1600, "batch": 8, "log_every": 80, "precision": "float32"})
    asked = request(photo_folder, tmp_path, recipe)
    train(asked)
    records = [json.loads(line) for line in asked.run.log.read_text().splitlines()]
    losses = [record["loss"] for record in records if "loss" in record]
    assert sum(losses[-3:]) < 0.5 * sum(losses[:3])


def test_the_same_seed_gives_the_same_weights_and_another_does_not(
    photo_folder: Path, tmp_path: Path
) -> None:
    runs = [request(photo_folder, tmp_path) for _ in range(2)]
    other = request(photo_folder, tmp_path, toy(training={**toy().training.model_dump(), "seed": 1}))
    for asked in (*runs, other):
        train(asked)
    first, again, different = (weights(asked.run) for asked in (*runs, other))
    assert all(torch.equal(first[key], again[key]) for key in first)
    assert any(not torch.equal(first[key], different[key]) for key in first)


def test_a_step_that_does_not_fit_in_memory_is_said(photo_folder: Path, tmp_path: Path) -> None:
    asked = request(photo_folder, tmp_path)

    def full(_: object) -> None:
        torch.empty(2**50)

    with pytest.raises(TrainingError, match=r"not enough memory for a step .* lower training\.batch"):
        train(asked, report=full)
    with pytest.raises(RuntimeError, match="of another kind"):
        train(request(photo_folder, tmp_path), report=_another)


def _another(_: object) -> None:
    raise RuntimeError("of another kind")


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
@pytest.mark.parametrize("colour", ["l", "lab", "rgb"])
def test_every_precision_and_colour_trains(
    precision: str, colour: str, photo_folder: Path, tmp_path: Path
) -> None:
    recipe = toy(
        model={"architecture": "skip", "widths": [4, 8], "colour": colour},
        training={"images": 8, "batch": 4, "precision": precision},
    )
    assert train(request(photo_folder, tmp_path, recipe)).images == 8


def test_a_folder_that_is_no_run_is_named(photo_folder: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="not the folder of a training run"):
        request(photo_folder, tmp_path, resume=photo_folder)


def test_runs_never_overwrite_each_other(photo_folder: Path, tmp_path: Path) -> None:
    names = [request(photo_folder, tmp_path).run.path.name for _ in range(3)]
    assert names == ["toy", "toy-2", "toy-3"]


def test_a_failed_write_leaves_the_previous_checkpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "last.pt"
    save_checkpoint(path, {"step": 1})

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(TrainingError, match="No space left on device"):
        save_checkpoint(path, {"step": 2})
    assert load_checkpoint(path)["step"] == 1
    assert [item.name for item in tmp_path.iterdir()] == ["last.pt"]


def test_a_description_that_lacks_something_is_damaged(photo_folder: Path, tmp_path: Path) -> None:
    asked = request(photo_folder, tmp_path)
    train(asked)
    description = asked.run.description()
    (asked.run.path / "run.json").write_text(json.dumps({"recipe": description["recipe"]}))
    with pytest.raises(TrainingError, match=r"run\.json is damaged \(it holds no data_digest\)"):
        train(request(photo_folder, tmp_path, resume=asked.run.path))


def test_a_validation_is_told_at_its_own_number_of_images(photo_folder: Path, tmp_path: Path) -> None:
    asked, told = request(photo_folder, tmp_path), list[Progress]()
    train(asked, report=told.append)
    validated = {record["images"]: record["psnr"] for record in asked.run.records() if "psnr" in record}
    assert {each.images: each.psnr for each in told if each.validated} == validated
    assert [each.images for each in told if each.recorded] == [8, 16, 24, 32, 40, 48]
    assert [*validated] == [16, 32, 48]


def test_every_step_is_told_with_the_loss_of_the_last_record(photo_folder: Path, tmp_path: Path) -> None:
    asked, told = request(photo_folder, tmp_path), list[Progress]()
    train(asked, report=told.append)
    assert [each.images for each in told] == list(range(4, 49, 4))
    losses = [record["loss"] for record in asked.run.records() if "loss" in record]
    assert [each.loss for each in told] == [None, *(loss for loss in losses for _ in range(2))][:12]


def test_records_hold_the_rate_of_their_last_step(photo_folder: Path, tmp_path: Path) -> None:
    asked = request(photo_folder, tmp_path, toy(schedule={"name": "cosine"}))
    train(asked)
    found = [record["lr"] for record in asked.run.records() if "lr" in record]
    wave = [0.5 * (1 + math.cos(math.pi * images / 48)) for images in (4, 12, 20, 28, 36, 44)]
    assert found == pytest.approx([3e-3 * each for each in wave])


def test_the_speed_of_a_resumed_run_is_its_own(
    photo_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, told = request(photo_folder, tmp_path), list[Progress]()
    monkeypatch.setattr(
        loop, "time", SimpleNamespace(perf_counter=itertools.count().__next__)
    )  # a second a step
    stops = iter([False] * 5 + [True])
    train(asked, report=told.append, stop=lambda: next(stops))
    train(request(photo_folder, tmp_path, resume=asked.run.path), report=told.append)
    assert [each.images_per_second for each in told] == [4.0] * 12


def test_averaged_weights_are_validated_and_the_best_of_them_kept(
    photo_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, measured = request(photo_folder, tmp_path), list[torch.nn.Module]()

    def validated(model: torch.nn.Module, *_: object, **__: object) -> Validation:
        measured.append(model)
        return Validation((20.0, 30.0, 25.0)[len(measured) - 1], 1.0)

    monkeypatch.setattr(loop, "validate", validated)
    state = train(asked)
    assert all(model is state.average is not state.model for model in measured)
    assert load_checkpoint(asked.run.best)["step"] * asked.recipe.training.batch == 32
    assert (state.psnr, state.best_psnr) == (25.0, 30.0)


def test_what_a_killed_write_has_left_is_removed(tmp_path: Path) -> None:
    (tmp_path / ".denoisectl-x.part").touch()
    save_checkpoint(tmp_path / "last.pt", {"step": 1})
    assert [item.name for item in tmp_path.iterdir()] == ["last.pt"]


def test_damaged_and_foreign_checkpoints_are_refused(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="no checkpoint there"):
        load_checkpoint(tmp_path / "last.pt")
    (tmp_path / "text.pt").write_text("not a checkpoint")
    with pytest.raises(TrainingError, match="not a denoisectl checkpoint"):
        load_checkpoint(tmp_path / "text.pt")
    torch.save({"weights": torch.zeros(3)}, tmp_path / "foreign.pt")
    with pytest.raises(TrainingError, match="not a checkpoint that this version"):
        load_checkpoint(tmp_path / "foreign.pt")


class _Code:
    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[object, ...]:
        return Path.touch, (self.marker,)


def test_code_in_a_checkpoint_is_not_run(tmp_path: Path) -> None:
    torch.save({"format": 1, "step": _Code(tmp_path / "it ran")}, tmp_path / "evil.pt")
    with pytest.raises(TrainingError, match="not a denoisectl checkpoint"):
        load_checkpoint(tmp_path / "evil.pt")
    assert not (tmp_path / "it ran").exists()


def test_a_device_that_is_not_there_is_an_error(photo_folder: Path, tmp_path: Path) -> None:
    if torch.cuda.is_available():
        pytest.skip("this machine has a GPU")
    with pytest.raises(DeviceError, match="--device cuda"):
        train(replace(request(photo_folder, tmp_path), device="cuda"))


def test_a_description_that_cannot_be_written_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(run_folder, "write_whole", full)
    with pytest.raises(TrainingError, match=r"run\.json: cannot be written \(No space left on device\)"):
        RunFolder(tmp_path).describe(toy())


def test_a_log_that_cannot_be_written_is_named_with_the_way_on(tmp_path: Path) -> None:
    run = RunFolder(tmp_path / "run")
    run.path.mkdir()
    run.log.symlink_to("/dev/full")
    with pytest.raises(TrainingError, match=r"log\.jsonl: .*No space left on device.*--resume"):
        run.append({"images": 1})
