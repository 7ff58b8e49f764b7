"""The command line: mounts one thin file per command, and nothing else.

Nothing heavy is imported here or at the top of a command's file: `denoisectl --help` must answer at once.
"""

from __future__ import annotations

import importlib
import inspect
import signal
import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from denoisectl import __version__
from denoisectl.cli.exits import guarded, last_resort
from denoisectl.cli.signatures import with_color
from denoisectl.cli.stderr import bear_with_stderr

# In the order of `--help`. Each is a function of its name in a file of its name, but for one that Python has taken.
_COMMANDS = ("run", "train", "curves", "sweep", "export", "eval", "corrupt", "models", "doctor", "demo")
_NAMES = {"eval": "evaluate"}


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"denoisectl {__version__}")
        raise typer.Exit


def _callback(
    version: Annotated[
        bool,
        typer.Option("--version", "-V", callback=_version, is_eager=True, help="Show the version and exit."),
    ] = False,
) -> None:
    """Remove noise from folders of photographs with a neural network.

    Each command has its own --help, with examples.

    [bold]Examples[/bold]

      # clean every photo in a folder, then only what is new or changed
      denoisectl run ./photos --out ./clean

      # one photo through a pipe
      cat a.png | denoisectl run - --out - > b.png

      # see what it does, on photos that come with it
      denoisectl demo

      # train a network of one's own, and use it
      denoisectl train ./clean-photos --recipe skip
      denoisectl export runs/book-skip --out skip.onnx
      denoisectl run ./photos --out ./clean-skip --model skip.onnx
    """


def build(arguments: Sequence[str] = ()) -> typer.Typer:
    """The command line, of the one command that `arguments` begin with if they do: importing all takes longer."""
    wanted = [name for name in _COMMANDS if name in arguments[:1]]
    built = typer.Typer(
        name="denoisectl",
        help=_paragraphs(_callback.__doc__ or ""),
        callback=_callback,
        no_args_is_help=True,
        context_settings={"help_option_names": ["-h", "--help"]},
        pretty_exceptions_enable=False,
        rich_markup_mode="rich",
    )
    for name in wanted or _COMMANDS:
        function = _NAMES.get(name, name)
        command = getattr(importlib.import_module(f"denoisectl.cli.{function}"), function)
        built.command(name, help=_paragraphs(command.__doc__ or ""))(guarded(with_color(command)))
    return built


def _paragraphs(docstring: str) -> str:
    """The docstring, its paragraphs' lines joined to fold where the terminal ends; examples stay as they are."""
    return "\n\n".join(
        part if part.startswith("  ") else " ".join(part.split("\n"))
        for part in inspect.cleandoc(docstring).split("\n\n")
    )


def main() -> None:
    """Run the command line; the console script's entry."""
    if hasattr(signal, "SIGPIPE"):
        # `denoisectl --help | head` ends as other tools do; commands undo this while they work.
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    bear_with_stderr()
    with last_resort():
        build(sys.argv[1:])(prog_name="denoisectl")
