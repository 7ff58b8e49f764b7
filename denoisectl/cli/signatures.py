"""The signatures that Typer reads: `--color` added to every command, and a dataclass of options taken apart."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Annotated, Any, get_args, get_type_hints

import typer

from denoisectl.cli import console

ColorOpt = Annotated[
    console.Color,
    typer.Option(
        "--color",
        help="Colour what is said: auto on a terminal, unless NO_COLOR is set; FORCE_COLOR is always.",
    ),
]


def with_color(command: Callable[..., None]) -> Callable[..., None]:
    """The command with `--color` as its last option, obeyed before it begins."""

    @functools.wraps(command)
    def run(*args: Any, color: console.Color = console.Color.AUTO, **kwargs: Any) -> None:
        console.set_color(color)
        command(*args, **kwargs)

    signature = inspect.signature(command, eval_str=True)
    last = inspect.Parameter(
        "color", inspect.Parameter.KEYWORD_ONLY, default=console.Color.AUTO, annotation=ColorOpt
    )
    parameters = [*signature.parameters.values(), last]
    for parameter in parameters:
        _take_no_value(parameter)
    run.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
    return run


def _take_no_value(parameter: inspect.Parameter) -> None:
    """Flags stand alone in the help; Typer shows `<bool>` behind them, as if `--recursive true` were right."""
    kind, *options = get_args(parameter.annotation) or (None,)
    if kind is bool:
        for option in options:
            option.metavar = ""


def taken_apart(command: Callable[[Any], None]) -> Callable[..., None]:
    """The command with a parameter for each field of its one argument, a dataclass: Typer reads signatures."""
    (options, _) = get_type_hints(command).values()

    @functools.wraps(command)
    def run(**given: Any) -> None:
        command(options(**given))

    run.__signature__ = inspect.signature(options, eval_str=True)  # type: ignore[attr-defined]
    return run
