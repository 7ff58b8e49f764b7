"""The card: what is written comes back, and what is wrong is named."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from denoisectl import ModelCard
from denoisectl.errors import ModelError
from denoisectl.model_file.card import DataSource, Score
from tests.toy_models import CARD

FULL = replace(
    CARD,
    effective_halo=32,
    fp16_error=0.0004,
    recipe={"steps": 3, "loss": {"l1": 100.0}, "levels": [1, 2]},
    recipe_digest="abc",
    data=(DataSource("photos", 12, "CC0"),),
    scores=(Score("kodak24", "gauss25", "psnr_rgb", 20.2, 30.7, "denoisectl eval ./kodak24"),),
    limits=("Not for text.",),
    tool_version="0.1.0",
    bytes_per_pixel=300,
    self_ensemble=8,
)

Change = Callable[[dict[str, Any]], object]


def _changed(change: Change) -> str:
    fields = json.loads(FULL.to_json())
    change(fields)
    return json.dumps(fields)


def test_a_card_comes_back_as_it_was_written() -> None:
    assert ModelCard.from_json(FULL.to_json()) == FULL
    assert ModelCard.from_json(CARD.to_json()) == CARD


def test_keys_of_a_later_version_are_passed_over() -> None:
    assert ModelCard.from_json(_changed(lambda card: card.update(later={"a": 1}))) == FULL
    assert ModelCard.from_json(_changed(lambda card: card["scores"][0].update(later=1))) == FULL


def test_a_card_from_before_a_key_was_added_is_read() -> None:
    assert ModelCard.from_json(_changed(lambda card: card.pop("bytes_per_pixel"))).bytes_per_pixel is None
    assert ModelCard.from_json(_changed(lambda card: card.pop("self_ensemble"))).self_ensemble == 1


def test_another_contract_says_to_upgrade() -> None:
    with pytest.raises(ModelError, match=r"contract version 2 .*`pip install --upgrade denoisectl"):
        ModelCard.from_json(_changed(lambda card: card.update(contract_version=2)))


@pytest.mark.parametrize("key", ["name", "halo", "tileable", "scores", "recipe", "contract_version"])
def test_a_missing_key_is_named(key: str) -> None:
    with pytest.raises(ModelError, match=f'card key "{key}" is missing'):
        ModelCard.from_json(_changed(lambda card: card.pop(key)))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda card: card.update(halo="wide"), 'card key "halo" must be a whole number, got "wide"'),
        (lambda card: card.update(halo=True), 'card key "halo" must be a whole number, got true'),
        (lambda card: card.update(halo=1.5), 'card key "halo" must be a whole number, got 1.5'),
        (lambda card: card.update(self_ensemble=3), '"self_ensemble" must be one of 1, 2, 4, 8, got 3'),
        (lambda card: card.update(self_ensemble=0), '"self_ensemble" must be one of 1, 2, 4, 8, got 0'),
        (lambda card: card.update(halo=-1), 'card key "halo" must be at least 0, got -1'),
        (lambda card: card.update(multiple_of=0), 'card key "multiple_of" must be at least 1, got 0'),
        (lambda card: card.update(multiple_of=10**9), '"multiple_of" must be at most 4096, got 1000000000'),
        (lambda card: card.update(colour="xyz"), 'card key "colour" must be one of l, lab, rgb, got "xyz"'),
        (lambda card: card.update(tileable=1), 'card key "tileable" must be true or false, got 1'),
        (lambda card: card.update(name=None), 'card key "name" must be a text, got null'),
        (lambda card: card.update(effective_halo="x"), 'card key "effective_halo" must be a whole number'),
        (lambda card: card.update(effective_halo=-2), 'card key "effective_halo" must be at least 0'),
        (lambda card: card.update(recipe=[]), 'card key "recipe" must be an object'),
        (lambda card: card.update(limits="none"), 'card key "limits" must be a list of texts'),
        (lambda card: card.update(limits=["a", 2]), r'card key "limits\[1\]" must be a text, got 2'),
        (lambda card: card.update(data=["photos"]), r'card key "data\[0\]" must be an object'),
        (lambda card: card["data"][0].pop("licence"), r'card key "data\[0\].licence" is missing'),
        (lambda card: card["scores"][0].update(value=10**400), r'card key "scores\[0\].value" is too large'),
        (lambda card: card["scores"][0].update(value="?"), r'card key "scores\[0\].value" must be a number'),
    ],
)
def test_what_is_wrong_is_named(change: Change, message: str) -> None:
    with pytest.raises(ModelError, match=message):
        ModelCard.from_json(_changed(change))


@pytest.mark.parametrize(("text", "message"), [("{", "is not JSON"), ("[]", "not a JSON object but")])
def test_what_is_no_card_is_refused(text: str, message: str) -> None:
    with pytest.raises(ModelError, match=message):
        ModelCard.from_json(text)


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_a_number_that_is_none_is_refused_wherever_it_stands(number: str) -> None:
    changes: tuple[Change, ...] = (
        lambda card: card.update(fp16_error="@"),
        lambda card: card["recipe"].update(rate="@"),
        lambda card: card["scores"][0].update(value="@"),
    )
    for change in changes:
        with pytest.raises(ModelError, match=f"card is not JSON .{number} is no finite number.; export"):
            ModelCard.from_json(_changed(change).replace('"@"', number))


def test_a_card_made_here_keeps_the_same_rules() -> None:
    with pytest.raises(ModelError, match='card key "colour"'):
        replace(CARD, colour="cmyk")
    with pytest.raises(ValueError, match="Out of range float"):
        replace(CARD, fp16_error=float("nan")).to_json()
