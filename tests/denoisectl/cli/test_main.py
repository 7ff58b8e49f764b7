"""Start-up: what the command line says before any work, and what it does not import for that."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from denoisectl.cli.main import _COMMANDS, build
from denoisectl_training.recipes import shipped_recipes
from tests.conftest import Cli
from tests.denoisectl.cli.conftest import Invoke

HEAVY = ("cv2", "numpy", "onnx", "onnxruntime", "torch")


def imported_by(code: str, env: dict[str, str]) -> set[str]:
    """The heavy packages that a process has imported once it has run `code`."""
    tell = f"print(*set({HEAVY}) & set(sys.modules), file=sys.stderr)"
    tell = f"import sys\ntry:\n {code}\nexcept SystemExit: pass\n{tell}"
    ended = subprocess.run([sys.executable, "-c", tell], env=env, capture_output=True, text=True, check=True)
    return set(ended.stderr.split())


@pytest.mark.parametrize("args", [["--help"], ["--version"], ["run", "--help"]])
def test_help_imports_nothing_heavy(args: list[str], cli_env: dict[str, str]) -> None:
    code = f"sys.argv[1:] = {args}; from denoisectl.cli.main import main; main()"
    assert imported_by(code, cli_env) == set()


@pytest.mark.parametrize("package", ["numpy", "onnxruntime"])
def test_that_test_can_fail(package: str, cli_env: dict[str, str]) -> None:
    assert package in imported_by(f"import {package}", cli_env)


def test_help_lists_every_command(invoke: Invoke) -> None:
    for flag in ("--help", "-h"):
        ended = invoke(flag)
        listed = re.findall(r"^│ ([a-z]+) ", ended.stdout, re.MULTILINE)
        assert ended.code == 0 and listed == list(_COMMANDS)


def test_the_version_is_one_line(cli: Cli) -> None:
    ended = cli("--version")
    assert (
        ended.returncode == 0 and ended.stdout.startswith(b"denoisectl ") and ended.stdout.count(b"\n") == 1
    )


@pytest.mark.parametrize(
    "args",
    [
        ["no-such-command"],
        ["run", "--no-such-flag"],
        ["run", "x"],
        ["run", "x", "--out", "o", "--strength", "2"],
    ],
)
def test_usage_errors_end_with_2(invoke: Invoke, args: list[str]) -> None:
    ended = invoke(*args)
    assert ended.code == 2 and ended.stderr and not ended.stdout


@pytest.mark.parametrize("command", [command.name for command in build().registered_commands])
def test_every_command_shows_examples_that_can_be_copied(invoke: Invoke, command: str) -> None:
    text = invoke(command, "-h").stdout
    examples = [line.strip() for line in text.splitlines() if "denoisectl " + command in line]
    assert "Examples" in text and len(examples) > 1, "the usage line and at least one example"
    assert all(line.startswith(("Usage", "denoisectl", "cat", "find")) for line in examples), examples


@pytest.mark.parametrize("command", ["run", "corrupt", "demo", "train", "sweep", "eval"])
def test_help_says_where_names_that_look_like_options_go(invoke: Invoke, command: str) -> None:
    assert "Names that begin with - go after --." in _unfolded(invoke(command, "-h").stdout)


def _unfolded(text: str) -> str:
    return " ".join(text.replace("│", " ").split())


@pytest.mark.parametrize("command", [command.name for command in build().registered_commands])
def test_flags_are_not_shown_with_a_value(invoke: Invoke, command: str) -> None:
    shown = [line for line in invoke(command, "-h").stdout.splitlines() if "<bool>" in line]
    assert all("--help" in line for line in shown), "which is Typer's own"


def test_run_has_help_with_examples_and_exit_codes(invoke: Invoke) -> None:
    text = invoke("run", "-h").stdout
    assert "denoisectl run photos -o clean" in text and "--files-from - -0" in text and "Exit codes" in text


def test_run_folders_in_help_are_named_after_recipes_that_ship(invoke: Invoke) -> None:
    commands = [str(command.name) for command in build().registered_commands]
    texts = [invoke(*command, "-h").stdout for command in ((), *((name,) for name in commands))]
    named = {name for text in texts for name in re.findall(r"\bruns/([\w-]+)", text)}
    assert named and named <= set(shipped_recipes())


def test_only_run_offers_stdin(invoke: Invoke) -> None:
    assert "stdin" in invoke("run", "-h").stdout
    assert "stdin" not in invoke("corrupt", "-h").stdout
