"""All that changes during a training run, how it begins, and how a checkpoint brings it back."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from denoisectl.errors import TrainingError
from denoisectl_training.fit.optimizers import build_optimizer
from denoisectl_training.networks.model import DenoisingAutoencoder
from denoisectl_training.networks.modes import freeze
from denoisectl_training.quantised import without_fake_quantization
from denoisectl_training.recipes import Recipe, parse_recipe
from denoisectl_training.records.checkpoint import load_checkpoint
from denoisectl_training.weights.fresh import build_network


@dataclass(slots=True)
class TrainingState:
    """All that changes during a run; `to_checkpoint()` is what a file holds."""

    recipe: Recipe
    device: torch.device
    precision: str
    model: DenoisingAutoencoder
    average: DenoisingAutoencoder
    optimizer: torch.optim.Optimizer
    scaler: torch.amp.GradScaler
    teacher: DenoisingAutoencoder | None = None
    """8-bit training: the float network that it starts from, and whose results it learns to match."""
    images_before: int = 0
    """Crops that the weights had seen before this run, which tunes them."""
    step: int = 0
    best_psnr: float = float("-inf")
    psnr: float | None = None
    best_loss: float = float("inf")

    @classmethod
    def start(
        cls,
        recipe: Recipe,
        device: torch.device,
        precision: str,
        weights: dict[str, Tensor] | None = None,
        images_before: int = 0,
    ) -> TrainingState:
        """Fresh weights, drawn from the recipe's seed, or the given ones to be tuned, which saw `images_before`."""
        torch.manual_seed(recipe.training.seed)
        model = build_network(recipe).to(device)
        if weights is not None:
            model.load_state_dict(weights)
        teacher = (
            None
            if recipe.training.quantise == "nothing"
            else without_fake_quantization(model).to(device).eval()
        )
        freeze(model, recipe.training.frozen)
        model.to(memory_format=torch.channels_last)  # type: ignore[call-overload] # torch's stub lacks it
        average = copy.deepcopy(model) if recipe.training.ema else model
        optimizer = build_optimizer(model.parameters(), recipe.optimizer)
        scaler = torch.amp.GradScaler(device.type, enabled=precision == "float16")
        return cls(recipe, device, precision, model, average, optimizer, scaler, teacher, images_before)

    @property
    def images(self) -> int:
        """Crops seen so far in this run."""
        return self.step * self.recipe.training.batch

    def to_checkpoint(self) -> dict[str, Any]:
        """Plain data, enough to go on as if nothing had happened."""
        return {
            "recipe": self.recipe.model_dump(mode="json"),
            "images_before": self.images_before,
            "step": self.step,
            "best_psnr": self.best_psnr,
            "psnr": self.psnr,
            "best_loss": self.best_loss,
            "model": self.model.state_dict(),
            "average": self.average.state_dict() if self.average is not self.model else None,
            "optimizer": self.optimizer.state_dict(),
            "scaler": self.scaler.state_dict(),
            "teacher": None if self.teacher is None else self.teacher.state_dict(),
        }

    def restore(self, checkpoint: Path) -> None:
        """Take up what a checkpoint of this run holds.

        Raises:
            TrainingError: the checkpoint is missing, damaged or of another recipe.
        """
        state = load_checkpoint(checkpoint)
        # Parsed, not compared as data: keys that came later have their defaults in an older checkpoint.
        written = parse_recipe(state["recipe"], origin=str(checkpoint))
        if (written.model, written.optimizer.name) != (self.recipe.model, self.recipe.optimizer.name):
            raise TrainingError(
                f"{checkpoint}: is of another recipe ({state['recipe']['name']}); resume its own run"
            )
        self.model.load_state_dict(state["model"])
        if state["average"] is not None:
            self.average.load_state_dict(state["average"])
        self.optimizer.load_state_dict(state["optimizer"])
        if state["scaler"]:  # empty from a device that needs none
            self.scaler.load_state_dict(state["scaler"])
        if self.teacher is not None:
            self.teacher.load_state_dict(state["teacher"])
        self.images_before = state.get("images_before", 0)  # older checkpoints did not count them
        self.step, self.best_psnr, self.psnr = state["step"], state["best_psnr"], state["psnr"]
        self.best_loss = state.get("best_loss", float("inf"))
