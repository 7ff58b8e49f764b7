from __future__ import annotations

import errno
import os
import signal
import time
from pathlib import Path

import pytest
import typer

from denoisectl import errors
from denoisectl.cli.exits import guarded
from denoisectl.cli.signals import Interrupted, interruptible


def code_of(error: BaseException) -> int:
    def command() -> None:
        raise error

    with pytest.raises(typer.Exit) as ended:
        guarded(command)()
    return ended.value.exit_code


def _caused(number: int) -> errors.TrainingError:
    error = errors.TrainingError("x")
    error.__cause__ = OSError(number, "why")
    return error


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.ImageError("x"), 1),
        (errors.TrainingError("x"), 1),
        (errors.UsageError("x"), 2),
        (errors.ConfigError("x"), 2),
        (errors.MissingExtraError("x"), 2),
        (errors.DeviceError("x"), 3),
        (errors.ModelError("x"), 4),
        (errors.StoppedError("x"), 5),
        (_caused(errno.ENOSPC), 5),
        (_caused(errno.EACCES), 1),
        (OSError(errno.ENAMETOOLONG, "File name too long", "x" * 300), 2),
        (KeyboardInterrupt(), 130),
        (Interrupted(signal.SIGTERM), 143),
        (typer.Exit(7), 7),
    ],
)
def test_every_end_has_its_code(error: BaseException, code: int) -> None:
    assert code_of(error) == code


def test_the_message_goes_to_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    code_of(errors.UsageError("say what, which [bold] value, and the way out"))
    said = capsys.readouterr()
    assert said.out == "" and said.err == "error: say what, which [bold] value, and the way out\n"


def test_a_bug_leaves_its_traceback_in_a_log(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert code_of(ZeroDivisionError("oops")) == 70
    (log,) = tmp_path.iterdir()
    assert "ZeroDivisionError: oops" in log.read_text() and "test_exits" in log.read_text()
    said = capsys.readouterr().err
    assert str(log) in said and "Traceback" not in said


def test_a_bug_with_a_name_that_is_no_text_is_told_too(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert code_of(ZeroDivisionError(os.fsdecode(b"caf\xe9.jpg"))) == 70
    (log,) = tmp_path.iterdir()
    assert "ZeroDivisionError: caf\\udce9.jpg" in log.read_text()


def test_a_bug_where_no_log_can_be_written_is_told_on_the_spot(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "gone"))
    assert code_of(ZeroDivisionError("oops")) == 70
    said = capsys.readouterr().err
    assert "please report it with these details" in said and "Traceback" in said


def test_who_is_told_of_signals_is_put_back() -> None:
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    before = signal.set_wakeup_fd(writing)
    try:
        with interruptible():
            pass
        assert signal.set_wakeup_fd(before) == writing
    finally:
        signal.set_wakeup_fd(before)
        os.close(reading)
        os.close(writing)


def test_handlers_are_put_back() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(Interrupted) as stopped, interruptible():
        signal.raise_signal(signal.SIGTERM)
    assert stopped.value.code == 143
    assert signal.getsignal(signal.SIGTERM) is before


def test_a_signal_that_falls_into_a_finaliser_is_not_lost() -> None:
    class Finalised:
        def __del__(self) -> None:
            signal.raise_signal(signal.SIGTERM)

    with pytest.raises(Interrupted) as stopped, interruptible():
        one = Finalised()
        del one  # what is raised in there goes nowhere
        time.sleep(30)
    assert stopped.value.code == 143


def test_the_second_signal_is_obeyed_by_the_system() -> None:
    with interruptible():
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
        assert signal.getsignal(signal.SIGINT) is signal.SIG_DFL
