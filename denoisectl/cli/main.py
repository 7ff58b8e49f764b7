"""The command line: mounts one thin file per command, and nothing else.

Nothing heavy is imported here or at the top of a command's file: `denoisectl --help` must answer at once.
"""

from __future__ import annotations

import importlib
import importlib.util
import inspect
from typing import Annotated

import typer

from denoisectl.cli.exits import guarded

__all__ = ["app", "main"]

# One line a command, in the order of `--help`: its name, and its function as `file:function` in this folder.
_COMMANDS = (
    ("run", "run:run"),
    ("train", "train:train"),
    ("curves", "curves:curves"),
    ("sweep", "sweep:sweep"),
    ("export", "export:export"),
    ("eval", "evaluate:evaluate"),
    ("corrupt", "corrupt:corrupt"),
    ("models", "models:models"),
    ("doctor", "doctor:doctor"),
    ("demo", "demo:demo"),
)


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import PackageNotFoundError, version

        try:
            typer.echo(f"denoisectl {version('denoisectl')}")
        except PackageNotFoundError:
            typer.echo("denoisectl from a checkout that is not installed")
        raise typer.Exit


def _callback(
    version: Annotated[
        bool,
        typer.Option("--version", "-V", callback=_version, is_eager=True, help="Show the version and exit."),
    ] = False,
) -> None:
    """Clean folders of noisy photographs.

    denoisectl run ./photos --out ./clean
    """


def _build() -> typer.Typer:
    built = typer.Typer(
        name="denoisectl",
        callback=_callback,
        no_args_is_help=True,
        context_settings={"help_option_names": ["-h", "--help"]},
        pretty_exceptions_enable=False,
        rich_markup_mode="rich",
    )
    for name, place in _COMMANDS:
        file, function = place.split(":")
        module = f"denoisectl.cli.{file}"
        if importlib.util.find_spec(module):
            command = getattr(importlib.import_module(module), function)
            built.command(name, help=_paragraphs(command.__doc__ or ""))(guarded(command))
    return built


def _paragraphs(docstring: str) -> str:
    """The docstring with the lines of each paragraph joined, so that they fold where the terminal ends."""
    return "\n\n".join(" ".join(part.split("\n")) for part in inspect.cleandoc(docstring).split("\n\n"))


app = _build()


def main() -> None:
    """Run the command line; the console script's entry."""
    app(prog_name="denoisectl")
