"""Images a second in training, by recipe and device, and the share of the time that is spent on making batches.

    python benchmarks/training_speed.py --photos ./photos --recipe small skip photo --steps 20 --threads 2

A step is timed after three that warm up. On a GPU both parts are waited for, so their sum is what a training
loop without overlap would take.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import torch

from denoisectl_training.devices import choose_device, choose_precision
from denoisectl_training.fit import Fit, training_batch, training_step
from denoisectl_training.modes import train_mode
from denoisectl_training.photos import PhotoSet
from denoisectl_training.recipes import Recipe, load_recipe
from denoisectl_training.train import Photos

_WARM_UP = 3


def measure(recipe: Recipe, photos: PhotoSet, device: torch.device, steps: int) -> tuple[float, float]:
    """Images a second, and the share of the time that went into making batches."""
    fit = Fit.start(recipe, device, choose_precision(recipe.training.precision, device))
    train_mode(fit.model, recipe.training.frozen)
    batching = stepping = 0.0
    for number in range(_WARM_UP + steps):
        started = _now(device)
        batch = training_batch(fit, photos)
        made = _now(device)
        training_step(fit, *batch)
        if number >= _WARM_UP:
            batching += made - started
            stepping += _now(device) - made
    total = batching + stepping
    return steps * recipe.training.batch / total, batching / total


def _now(device: torch.device) -> float:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return time.perf_counter()


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
    print(f"{'recipe':<24}{'precision':<12}{'images/s':>10}{'making batches':>18}")
    for each in args.recipe:
        recipe = load_recipe(each, args.set)
        photos = Photos((args.photos,)).load(recipe)
        speed, share = measure(recipe, photos, device, args.steps)
        precision = choose_precision(recipe.training.precision, device)
        print(f"{recipe.name:<24}{precision:<12}{speed:>10.1f}{share:>17.1%}")


if __name__ == "__main__":
    main()
