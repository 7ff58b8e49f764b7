import errno
from pathlib import Path

import pytest

from denoisectl.errors import TrainingError, UsageError
from denoisectl_training.records import run_folder
from denoisectl_training.records.run_folder import RunFolder, new_run_folder


def test_a_run_never_takes_the_folder_of_another(tmp_path: Path) -> None:
    names = [new_run_folder(tmp_path / "deep" / "runs", "toy").path.name for _ in range(3)]
    assert names == ["toy", "toy-2", "toy-3"]


@pytest.mark.parametrize("below", ["", "more/runs"])
def test_runs_in_a_link_whose_target_is_gone_are_refused(below: str, tmp_path: Path) -> None:
    link = tmp_path / "runs"
    link.symlink_to(tmp_path / "gone")
    with pytest.raises(UsageError, match=r"--runs .*runs.*choose another --runs"):
        new_run_folder(link / below, "toy")


def test_runs_in_a_file_are_refused(tmp_path: Path) -> None:
    (tmp_path / "runs").touch()
    with pytest.raises(UsageError, match=r"--runs .*runs is a file"):
        new_run_folder(tmp_path / "runs", "toy")


def test_a_full_disk_at_a_resume_leaves_the_learning_curve(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = new_run_folder(tmp_path, "toy")
    for images in (8, 16):
        run.append({"images": images, "loss": 1.0})
    before = run.log.read_bytes()

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched, pytest.raises(TrainingError, match="curve cannot be written"):
        patched.setattr(run_folder, "write_whole", full)
        run.drop_records_after(8)
    assert run.log.read_bytes() == before
    run.drop_records_after(8)
    assert [record["images"] for record in run.records()] == [8]


def test_a_run_goes_on_from_its_last_checkpoint_and_without_one_from_its_best(tmp_path: Path) -> None:
    run = RunFolder(tmp_path)
    assert run.newest() is None
    run.best.touch()
    assert run.newest() == run.best
    run.last.touch()
    assert run.newest() == run.last, "or hours of training would be done twice, and nobody would see it"
