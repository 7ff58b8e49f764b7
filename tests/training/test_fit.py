"""Whole runs of a toy network: it learns, it resumes as if nothing had happened, and it refuses to go wrong."""

import errno
import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from denoisectl.errors import DeviceError, TrainingError, UsageError
from denoisectl_training import run_folder
from denoisectl_training.checkpoint import load_checkpoint, save_checkpoint
from denoisectl_training.fit import Progress
from denoisectl_training.recipes import Recipe, parse_recipe
from denoisectl_training.run_folder import RunFolder
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


@pytest.mark.parametrize("steps", [1, 2, 7])
def test_a_run_stopped_at_any_step_and_resumed_ends_with_the_same_weights(
    steps: int, photo_folder: Path, tmp_path: Path
) -> None:
    whole = request(photo_folder, tmp_path)
    train(whole)
    asked = [0]

    def stop() -> bool:
        asked[0] += 1
        return asked[0] > steps

    broken = request(photo_folder, tmp_path)
    assert train(broken, stop=stop).step == steps
    resumed = request(photo_folder, tmp_path, resume=broken.run.path)
    train(resumed)
    expected, found = weights(whole.run), weights(broken.run)
    assert all(torch.equal(expected[key], found[key]) for key in expected)
    if steps % 2 == 0:  # a stop between records splits one
        assert whole.run.log.read_text() == broken.run.log.read_text()


@pytest.mark.parametrize("steps", [2, 9])
def test_a_run_whose_crops_grow_resumes_before_and_after_they_do(
    steps: int, photo_folder: Path, tmp_path: Path
) -> None:
    data = {"crop": 32, "last_crop": 48, "last_share": 0.5, "validation_photos": 1}
    whole, broken = (request(photo_folder, tmp_path, toy(data=data)) for _ in range(2))
    train(whole)
    stops = iter([False] * steps + [True])
    assert train(broken, stop=lambda: next(stops)).step == steps
    train(request(photo_folder, tmp_path, resume=broken.run.path))
    expected, found = weights(whole.run), weights(broken.run)
    assert all(torch.equal(expected[key], found[key]) for key in expected)


def test_a_kill_after_the_last_checkpoint_loses_only_the_records_after_it(
    photo_folder: Path, tmp_path: Path
) -> None:
    whole, killed = request(photo_folder, tmp_path), request(photo_folder, tmp_path)
    train(whole)

    def die(progress: object) -> None:
        if getattr(progress, "images", 0) == 24:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(killed, report=die)
    with killed.run.log.open("a") as log:
        log.write('{"images": 24, "lo')  # the kill cut a line
    train(request(photo_folder, tmp_path, resume=killed.run.path))
    expected, found = weights(whole.run), weights(killed.run)
    assert all(torch.equal(expected[key], found[key]) for key in expected)
    assert whole.run.log.read_text() == killed.run.log.read_text()


@pytest.mark.parametrize("tuned", [False, True])
def test_a_run_killed_before_its_first_checkpoint_begins_again(
    tuned: bool, photo_folder: Path, tmp_path: Path
) -> None:
    first = request(photo_folder, tmp_path)
    train(first)
    source = first.run.path if tuned else None
    whole, killed = (replace(request(photo_folder, tmp_path), source=source) for _ in range(2))
    train(whole)

    def die(_: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(killed, report=die)
    assert not killed.run.last.exists() and killed.run.log.exists()
    state = train(request(photo_folder, tmp_path, resume=killed.run.path))
    expected, found = weights(whole.run), weights(killed.run)
    assert all(torch.equal(expected[key], found[key]) for key in expected)
    assert whole.run.log.read_text() == killed.run.log.read_text()
    assert state.images_before == (48 if tuned else 0)


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


def test_a_run_killed_between_its_first_validation_and_checkpoint_goes_on_from_the_best(
    photo_folder: Path, tmp_path: Path
) -> None:
    settings = toy().training.model_copy(update={"checkpoint_every": 1_000})
    whole, killed = (
        request(photo_folder, tmp_path, toy().model_copy(update={"training": settings})) for _ in range(2)
    )
    train(whole)

    def die(progress: Progress) -> None:
        if progress.images == 24:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(killed, report=die)
    assert killed.run.best.exists() and not killed.run.last.exists()
    train(request(photo_folder, tmp_path, resume=killed.run.path))
    expected, found = weights(whole.run), weights(killed.run)
    assert all(torch.equal(expected[key], found[key]) for key in expected)
    assert whole.run.log.read_text() == killed.run.log.read_text()


def test_a_finished_run_resumed_does_nothing(photo_folder: Path, tmp_path: Path) -> None:
    asked = request(photo_folder, tmp_path)
    train(asked)
    before = weights(asked.run)
    train(request(photo_folder, tmp_path, resume=asked.run.path))
    assert all(torch.equal(before[key], value) for key, value in weights(asked.run).items())


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


def test_resuming_on_other_photos_or_another_recipe_is_refused(photo_folder: Path, tmp_path: Path) -> None:
    asked = request(photo_folder, tmp_path)
    train(asked)
    with pytest.raises(UsageError, match="other photos"):
        train(
            replace(
                request(photo_folder, tmp_path, resume=asked.run.path),
                photos=Photos(tuple(sorted(photo_folder.iterdir())[:2])),
            )
        )
    other = toy(model={"architecture": "small", "widths": [4, 16], "colour": "rgb"})
    with pytest.raises(TrainingError, match="another recipe"):
        train(replace(request(photo_folder, tmp_path, resume=asked.run.path), recipe=other))


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
    assert [each.images for each in told] == [8, 16, 24, 32, 40, 48] and [*validated] == [16, 32, 48]


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


def test_dropout_is_resumed_bit_for_bit_too(photo_folder: Path, tmp_path: Path) -> None:
    recipe = toy(model={"architecture": "small", "widths": [4, 8], "colour": "rgb", "dropout": 0.2})
    whole, broken = (request(photo_folder, tmp_path, recipe) for _ in range(2))
    train(whole)
    asked = iter([False, False, False, True])
    train(broken, stop=lambda: next(asked))
    train(request(photo_folder, tmp_path, resume=broken.run.path))
    expected, found = weights(whole.run), weights(broken.run)
    assert all(torch.equal(expected[key], found[key]) for key in expected)


def test_a_checkpoint_written_before_a_key_came_is_resumed(photo_folder: Path, tmp_path: Path) -> None:
    asked = request(photo_folder, tmp_path)
    train(asked, stop=lambda: asked.run.log.is_file())
    state = load_checkpoint(asked.run.last)
    del state["best_loss"], state["recipe"]["model"]["shortcut"], state["recipe"]["data"]["brightness"]
    save_checkpoint(asked.run.last, state)
    assert train(request(photo_folder, tmp_path, resume=asked.run.path)).images == 48


def test_a_file_is_not_a_run_to_resume(photo_folder: Path, tmp_path: Path) -> None:
    asked = request(photo_folder, tmp_path)
    train(asked)
    with pytest.raises(UsageError, match=rf"give the run's folder: --resume {asked.run.path}"):
        request(photo_folder, tmp_path, resume=asked.run.last)


def test_a_run_of_another_recipe_is_not_resumed(photo_folder: Path, tmp_path: Path) -> None:
    asked = request(photo_folder, tmp_path)
    train(asked)
    with pytest.raises(UsageError, match=r"is a run of toy with its own settings.*--from"):
        resumed(Photos((photo_folder,)), asked.run.path, recipe=toy(optimizer={"name": "sgd"}))


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


def test_a_run_without_checkpoints_finds_what_it_began_with_from_any_folder(
    photo_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    first = request(photo_folder, Path("runs"))
    train(first)

    def die(_: object) -> None:
        raise KeyboardInterrupt

    killed = replace(request(photo_folder, tmp_path / "other"), source=first.run.path)
    with pytest.raises(KeyboardInterrupt):
        train(killed, report=die)
    monkeypatch.chdir(photo_folder)
    assert train(request(photo_folder, tmp_path, resume=killed.run.path)).images_before == 48

    gone = replace(request(photo_folder, tmp_path / "other"), source=tmp_path / first.run.path)
    with pytest.raises(KeyboardInterrupt):
        train(gone, report=die)
    (tmp_path / "runs").rename(tmp_path / "moved")
    with pytest.raises(
        TrainingError,
        match=r"--resume .*: has no checkpoint yet, and what it began with cannot be used .*runs",
    ):
        train(request(photo_folder, tmp_path, resume=gone.run.path))
