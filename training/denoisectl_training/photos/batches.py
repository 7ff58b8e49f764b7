"""Batches made one step ahead on a thread of their own, so that the training step does not wait for them."""

from __future__ import annotations

from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor

import torch
from torch import Tensor

from denoisectl_training.corruption import corrupt, greyed
from denoisectl_training.photos.crops import crop_side, random_crops, step_generator
from denoisectl_training.photos.photo_set import PhotoSet
from denoisectl_training.recipes import Recipe

Batch = tuple[Tensor, Tensor]


def training_batch(recipe: Recipe, photos: PhotoSet, step: int, device: torch.device) -> Batch:
    """The `(noisy, target)` batch of a step, each `(B, 3, crop, crop)`: a function of photos, seed and step."""
    seed, count, data = recipe.training.seed, recipe.training.batch, recipe.data
    side = crop_side(data, step * count, recipe.training.images)
    if photos.paired:  # resized or brightened, the noise of a camera would be another camera's
        data = data.model_copy(update={"scale": (1.0, 1.0), "brightness": 0.0})
    crops = random_crops(photos.training, count, data, step_generator(seed, step), side).to(device)
    generator = step_generator(seed + 1, step, device)
    if photos.paired:
        noisy, clean = crops.chunk(2, dim=1)
        return greyed(noisy, clean, data.grey, generator)
    return corrupt(crops, recipe.corruption, generator, grey=data.grey)


def batches(make: Callable[[int], Batch], first: int) -> Generator[Batch]:
    """`make(first)`, `make(first + 1)` and so on without end, each begun while its predecessor is in use.

    Closing the iterator waits for the batch under way; an error of `make` comes out where its batch was due.
    """
    with ThreadPoolExecutor(1, thread_name_prefix="batches") as maker:
        step = first
        coming = maker.submit(make, step)
        while True:
            batch, step = coming.result(), step + 1
            coming = maker.submit(make, step)
            yield batch
