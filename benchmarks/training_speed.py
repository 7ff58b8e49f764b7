"""Images a second in training, by recipe and device, and the share of the time that steps wait for batches.

    python benchmarks/training_speed.py --photos ./photos --recipe small skip photo --steps 20 --threads 2

A step is timed after three that warm up. Batches are made one step ahead on a thread of their own, as in training;
"if in line" is what waiting would take without that.
"""

from __future__ import annotations

import argparse
import itertools
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import torch

from denoisectl_training.devices import choose_device, choose_precision
from denoisectl_training.fit.loop import training_step
from denoisectl_training.fit.state import TrainingState
from denoisectl_training.networks.modes import train_mode
from denoisectl_training.photos.batches import Batch, batches, training_batch
from denoisectl_training.photos.photo_set import PhotoSet
from denoisectl_training.recipes import Recipe, load_recipe
from denoisectl_training.train import Photos

_WARM_UP = 3


def measure(recipe: Recipe, photos: PhotoSet, device: torch.device, steps: int) -> tuple[float, float, float]:
    """Images a second, and the share of the time spent waiting for batches, made ahead as in training and in line."""
    state = TrainingState.start(recipe, device, choose_precision(recipe.training.precision, device))
    train_mode(state.model, recipe.training.frozen)

    def make(step: int) -> Batch:
        batch = training_batch(recipe, photos, step, device)
        _wait(device)
        return batch

    _, in_line = _speed_and_wait(state, map(make, itertools.count()), steps)
    with closing(batches(make, 0)) as coming:
        speed, ahead = _speed_and_wait(state, coming, steps)
    return speed, ahead, in_line


def _speed_and_wait(state: TrainingState, coming: Iterator[Batch], steps: int) -> tuple[float, float]:
    waiting = stepping = 0.0
    for number in range(_WARM_UP + steps):
        started = time.perf_counter()
        batch = next(coming)
        made = time.perf_counter()
        training_step(state, *batch)
        _wait(state.device)
        if number >= _WARM_UP:
            waiting += made - started
            stepping += time.perf_counter() - made
    total = waiting + stepping
    return steps * state.recipe.training.batch / total, waiting / total


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--photos", type=Path, required=True)
    parser.add_argument("--recipe", nargs="+", default=["small", "noskip", "skip", "photo"])
    parser.add_argument("--set", nargs="*", default=[], help="recipe overrides, KEY=VALUE")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--steps", type=int, default=20)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    device = choose_device(args.device)
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else f"{args.threads} threads"
    print(f"torch {torch.__version__}, {device} ({name})")
    print(f"{'recipe':<24}{'precision':<12}{'images/s':>10}{'waiting':>12}{'if in line':>12}")
    for each in args.recipe:
        recipe = load_recipe(each, args.set)
        photos = Photos((args.photos,)).load(recipe)
        precision = choose_precision(recipe.training.precision, device)
        speed, waiting, in_line = measure(recipe, photos, device, args.steps)
        print(f"{recipe.name:<24}{precision:<12}{speed:>10.1f}{waiting:>12.1%}{in_line:>12.1%}")


if __name__ == "__main__":
    main()
