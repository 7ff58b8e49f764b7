"""Section 18.2's "no gradient when you need it": the share of a network's outputs whose map passes none back.

    python benchmarks/silent_outputs.py KODAK24 --run RUNS/exp-output-*

Counted over corrupted crops, for fresh weights (the run's seed) and for the trained ones: outputs whose
derivative is below a hundredth of the largest that their map has, and the same among those that are wrong by
more than 0.1.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch
from torch import Tensor

from denoisectl_training.corruption import corrupt
from denoisectl_training.evaluation.sources import crops
from denoisectl_training.networks.model import DenoisingAutoencoder, build_model
from denoisectl_training.networks.outputs import OUTPUT_MAPS
from denoisectl_training.photos.crops import step_generator
from denoisectl_training.recipes import Recipe
from denoisectl_training.weights.trained import load_weights


def silence(model: DenoisingAutoencoder, recipe: Recipe, clean: Tensor) -> tuple[float, float]:
    """Share of all outputs, and of the wrong ones, whose output map passes no gradient."""
    output_map = OUTPUT_MAPS[recipe.model.output]
    noisy, target = corrupt(clean, recipe.corruption, step_generator(0, 0))
    planes = model.planes(noisy)
    with torch.no_grad():
        raw = model.raw(planes)
    raw.requires_grad_()
    found = output_map(raw, planes)
    (slope,) = torch.autograd.grad(found.sum(), raw)
    silent = slope < 0.01 * slope.max()
    wrong = (found - model.planes(target)).abs() > 0.1
    return silent.float().mean().item(), silent[wrong].float().mean().item()


def main() -> None:
    """Measure and print a row for each run."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--run", nargs="+", type=Path, required=True)
    args = parser.parse_args()
    paths = sorted(path for path in args.folder.iterdir() if path.is_file())
    clean = torch.stack([torch.from_numpy(crop.pixels).permute(2, 0, 1) for crop in crops(paths, 64, 128)])
    print(f"{'':<28}{'fresh: all':>14}{'wrong':>10}{'trained: all':>16}{'wrong':>10}")
    for run in args.run:
        found = load_weights(run)
        recipe = found.recipe
        torch.manual_seed(recipe.training.seed)
        fresh, trained = build_model(recipe.model), build_model(recipe.model)
        trained.load_state_dict(found.weights)
        before, after = silence(fresh.train(), recipe, clean), silence(trained.eval(), recipe, clean)
        print(f"{run.name:<28}{before[0]:>14.1%}{before[1]:>10.1%}{after[0]:>16.1%}{after[1]:>10.1%}")


if __name__ == "__main__":
    main()
