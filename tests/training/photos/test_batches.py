"""Batches made ahead are those that would have been made in line."""

import threading
from contextlib import closing
from itertools import islice

import pytest
import torch

from denoisectl_training.photos.batches import Batch, batches, training_batch
from denoisectl_training.photos.photo_set import PhotoSet
from denoisectl_training.recipes import load_recipe


def numbered(step: int) -> Batch:
    return torch.tensor(step), torch.tensor(-step)


def test_they_come_in_order_from_the_step_asked_for() -> None:
    with closing(batches(numbered, 7)) as coming:
        assert [int(noisy) for noisy, _ in islice(coming, 4)] == [7, 8, 9, 10]


def test_the_next_one_is_begun_while_the_last_is_in_use() -> None:
    begun = threading.Event()

    def make(step: int) -> Batch:
        if step == 1:
            begun.set()
        return numbered(step)

    with closing(batches(make, 0)) as coming:
        next(coming)
        assert begun.wait(timeout=30)


def test_an_error_comes_out_where_its_batch_was_due() -> None:
    def make(step: int) -> Batch:
        if step == 2:
            raise ValueError("no photo")
        return numbered(step)

    with closing(batches(make, 0)) as coming:
        next(coming)
        next(coming)
        with pytest.raises(ValueError, match="no photo"):
            next(coming)


def test_closing_leaves_no_thread_behind() -> None:
    with closing(batches(numbered, 0)) as coming:
        next(coming)
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("batches")]


def test_pairs_keep_their_noise_and_some_turn_grey() -> None:
    clean = torch.full((3, 64, 64), 120, dtype=torch.uint8)
    noise = torch.randint(-40, 41, clean.shape, generator=torch.Generator().manual_seed(0))
    photos = PhotoSet([torch.cat([(clean + noise).to(torch.uint8), clean])], [], [], "", paired=True)
    recipe = load_recipe(
        "skip", ["data.crop=32", "data.scale=[0.4, 0.4]", "data.grey=0.5", "training.batch=16"]
    )
    noisy, target = training_batch(recipe, photos, 0, torch.device("cpu"))
    grey = (noisy == noisy[:, :1]).flatten(1).all(1)
    assert 0 < grey.sum() < 16 and torch.equal(target, torch.full_like(target, 120 / 255))
    spread = (noisy - target)[~grey].std() * 255
    assert abs(spread - noise.float().std()) < 1.0
