"""Model cards as lines of JSON and as something to read."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from denoisectl.model_file.card import ADOPTED, ModelCard


def card_line(path: Path, card: ModelCard) -> str:
    """One JSON object: the card as it is in the file, and where that is."""
    return json.dumps({"v": 1, "path": str(path), **json.loads(card.to_json())}, sort_keys=True)


def list_view(cards: Sequence[tuple[Path, ModelCard]]) -> RenderableType:
    """A line a model, the default first."""
    table = Table(box=None, pad_edge=False)
    # What is cut is no name, and several would look alike.
    table.add_column("model", min_width=max((len(card.name) for _, card in cards), default=None))
    for heading in ("MB", "multiply-adds/px", "what it is for"):
        table.add_column(heading, justify="left" if heading == "what it is for" else "right")
    for path, card in cards:
        size = f"{path.stat().st_size / 1e6:.1f}"
        macs = f"{card.macs_per_pixel * card.self_ensemble:,.0f}"
        table.add_row(Text(card.name), size, macs, Text(card.summary))
    return table if cards else Text("no models in this installation")


def card_view(path: Path, card: ModelCard) -> Iterator[RenderableType]:
    """The whole card, part by part."""
    for name, value in _facts(path, card):
        yield Text(f"{name:<11}{value}")
    yield from _scores(card)
    yield from _limits(card)


def _facts(path: Path, card: ModelCard) -> Iterator[tuple[str, str]]:
    yield "model", f"{card.name} {card.version}"
    yield "file", f"{path} ({path.stat().st_size / 1e6:.1f} MB)"
    yield "for", card.summary
    yield (
        "network",
        f"{card.architecture}, {card.parameters:,} parameters, {card.macs_per_pixel:,.0f} multiply-adds a pixel",
    )
    if card.self_ensemble > 1:
        yield "ensemble", f"{card.self_ensemble} flipped and turned views of each tile, each at that cost"
    yield "colour", card.colour
    yield "precision", card.precision + ("; float16 is safe" if card.fp16_safe else "")
    yield "tiles", _tiles(card)
    yield "training", _training(card)
    for source in card.data:
        yield "data", f"{source.source}: {source.files:,} files, {source.licence}"


def _tiles(card: ModelCard) -> str:
    if not card.tileable:
        return "none: it looks at the whole image"
    effective = "not measured" if card.effective_halo is None else f"{card.effective_halo} px"
    return f"multiples of {card.multiple_of} px, halo {card.halo} px, effective halo {effective}"


def _training(card: ModelCard) -> str:
    if card.architecture == ADOPTED:
        return f"by another project; adopted by denoisectl {card.tool_version}"
    digest = f", recipe {card.recipe_digest[:12]}" if card.recipe_digest else ""
    tool = f", denoisectl {card.tool_version}" if card.tool_version else ""
    return f"{card.images_seen:,} images seen{digest}{tool}"


def _scores(card: ModelCard) -> Iterator[RenderableType]:
    if not card.scores:
        return
    table = Table(box=None, pad_edge=False, title="scores", title_justify="left")
    for heading in ("set", "condition", "metric"):
        table.add_column(heading)
    for heading in ("noisy", "denoised"):
        table.add_column(heading, justify="right")
    for score in card.scores:
        texts = (score.set, score.condition, score.metric, f"{score.input:.2f}", f"{score.value:.2f}")
        table.add_row(*map(Text, texts))  # a plain string would lose what stands in square brackets
    yield Text()
    yield table


def _limits(card: ModelCard) -> Iterator[RenderableType]:
    if card.limits:
        yield Text("\nlimits")
    for limit in card.limits:
        yield Text(f"- {limit}")
