"""A run that was stopped or killed goes on as if nothing had happened, or says why it cannot."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from denoisectl.errors import TrainingError, UsageError
from denoisectl_training.fit.loop import Progress
from denoisectl_training.records.checkpoint import load_checkpoint, save_checkpoint
from denoisectl_training.train import Photos, resumed, train
from tests.training.fit.test_loop import request, toy, weights


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

    def die(progress: Progress) -> None:
        if progress.recorded:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(killed, report=die)
    assert not killed.run.last.exists() and killed.run.log.exists()
    state = train(request(photo_folder, tmp_path, resume=killed.run.path))
    expected, found = weights(whole.run), weights(killed.run)
    assert all(torch.equal(expected[key], found[key]) for key in expected)
    assert whole.run.log.read_text() == killed.run.log.read_text()
    assert state.images_before == (48 if tuned else 0)


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
