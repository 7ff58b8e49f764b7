"""`denoisectl models`: what ships, and what a model file says of itself."""

from __future__ import annotations

from typing import Annotated

import typer

from denoisectl.cli import console
from denoisectl.cli.options import JsonOpt

ModelArg = Annotated[
    str | None,
    typer.Argument(metavar="NAME|FILE", help="Show the whole card of this model.", show_default=False),
]


def models(model: ModelArg = None, json: JsonOpt = False) -> None:
    """List the models that ship, or show the card of one: its make-up, training, scores and limits.

    The card is read from the model file itself, so any .onnx file of this project has one.

    [bold]Examples[/bold]

      # what ships, the default first
      denoisectl models

      # everything a model says of itself: training, scores, limits
      denoisectl models photo

      # the same for scripts, of any file
      denoisectl models ./mine.onnx --json | jq .halo
    """
    from denoisectl.cli.cards import card_line, card_view, list_view
    from denoisectl.model_file.card_in_file import read_card
    from denoisectl.model_file.shipped import find_model, shipped_models

    files = list(shipped_models().values()) if model is None else [find_model(model)]
    cards = [(path, read_card(path)) for path in files]
    if json:
        for path, card in cards:
            console.emit(card_line(path, card))
    elif model is None:
        console.show(list_view(cards))
    else:
        for path, card in cards:
            for part in card_view(path, card):
                console.show(part)
