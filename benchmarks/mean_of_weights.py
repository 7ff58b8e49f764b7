"""The mean of networks' weights, as a checkpoint: what they share stays, and what each has by chance goes.

    python benchmarks/mean_of_weights.py RUN OTHER [OTHER ...] --out CHECKPOINT

RUN is a run folder or checkpoint that was trained on from the others, which may be model files or shipped models'
names. Between such the error hardly rises, and away from the photos of training their mean may do better than
each (Wortsman et al., "Robust fine-tuning of zero-shot models", 2022).
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch
from torch import Tensor

from denoisectl_training.records.checkpoint import load_checkpoint, save_checkpoint
from denoisectl_training.weights.trained import checkpoint_of, load_weights
from denoisectl_training.weights.tuning import refuse_other_network


def main() -> None:
    """Write the checkpoint, with the recipe and the images of RUN."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("run", type=Path)
    parser.add_argument("others", type=Path, nargs="+", metavar="OTHER")
    parser.add_argument("--out", type=Path, required=True)
    asked = parser.parse_args()
    first = load_weights(asked.run)
    networks = [first.weights]
    for other in asked.others:
        found = load_weights(other)
        refuse_other_network(first.recipe, found.recipe, str(other))
        networks.append(found.weights)
    state = load_checkpoint(checkpoint_of(asked.run))
    mean = {name: _mean([each[name] for each in networks]) for name in first.weights}
    save_checkpoint(asked.out, {**state, "model": mean, "average": None})


def _mean(tensors: list[Tensor]) -> Tensor:
    """Batch normalisation counts its batches in whole numbers: those of RUN stay."""
    return torch.stack(tensors).mean(dim=0) if tensors[0].is_floating_point() else tensors[0]


if __name__ == "__main__":
    main()
