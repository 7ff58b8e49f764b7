"""The training loop: batch, loss, backward, step, record. Everything else is around it."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from denoisectl.errors import DivergedError, TrainingError
from denoisectl_training.batches import Batch, batches, training_batch
from denoisectl_training.checkpoint import load_checkpoint, save_checkpoint
from denoisectl_training.devices import autocast
from denoisectl_training.divergence import diverged
from denoisectl_training.losses import matching_loss, training_loss
from denoisectl_training.model import DenoisingAutoencoder
from denoisectl_training.modes import freeze, hold_statistics, train_mode
from denoisectl_training.optimizers import build_optimizer
from denoisectl_training.photos import PhotoSet
from denoisectl_training.quantised import build_network, unrounded
from denoisectl_training.recipes import Recipe, parse_recipe
from denoisectl_training.run_folder import RunFolder
from denoisectl_training.schedule import learning_rate
from denoisectl_training.validation import validate

__all__ = ["Fit", "Progress", "fit", "training_step"]


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a run stands, for a display."""

    images: int
    total: int
    loss: float
    lr: float
    psnr: float | None
    images_per_second: float


@dataclass(slots=True)
class Fit:
    """All that changes during a run; `state()` is what a checkpoint holds."""

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
    ) -> Fit:
        """Fresh weights, drawn from the recipe's seed, or the given ones to be tuned, which saw `images_before`."""
        torch.manual_seed(recipe.training.seed)
        model = build_network(recipe).to(device)
        if weights is not None:
            model.load_state_dict(weights)
        teacher = None if recipe.training.quantise == "nothing" else unrounded(model).to(device).eval()
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

    def state(self) -> dict[str, Any]:
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

    def restore(self, run: RunFolder) -> None:
        """Take up the run's last checkpoint.

        Raises:
            TrainingError: the checkpoint is missing, damaged or of another recipe.
        """
        state = load_checkpoint(run.last)
        # Parsed, not compared as data: keys that came later have their defaults in an older checkpoint.
        written = parse_recipe(state["recipe"], origin=str(run.last))
        if (written.model, written.optimizer.name) != (self.recipe.model, self.recipe.optimizer.name):
            raise TrainingError(
                f"{run.last}: is of another recipe ({state['recipe']['name']}); resume its own run"
            )
        self.model.load_state_dict(state["model"])
        if state["average"] is not None:
            self.average.load_state_dict(state["average"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.scaler.load_state_dict(state["scaler"])
        if self.teacher is not None:
            self.teacher.load_state_dict(state["teacher"])
        self.images_before = state.get("images_before", 0)  # older checkpoints did not count them
        self.step, self.best_psnr, self.psnr = state["step"], state["best_psnr"], state["psnr"]
        self.best_loss = state.get("best_loss", float("inf"))


def training_step(fit: Fit, noisy: Tensor, target: Tensor) -> Tensor:
    """One descent step; returns the loss, still on the device."""
    recipe, model = fit.recipe, fit.model
    rate = learning_rate(recipe.schedule, recipe.optimizer.lr, fit.images, recipe.training.images)
    for group in fit.optimizer.param_groups:
        group["lr"] = rate
    if recipe.model.dropout:  # it draws from torch's own generator, which no checkpoint holds
        torch.manual_seed(recipe.training.seed + fit.step)
    fit.optimizer.zero_grad(set_to_none=True)
    planes = model.planes(noisy).contiguous(memory_format=torch.channels_last)
    with autocast(fit.device, fit.precision):
        predicted = model.predict(planes)
    loss = _loss(fit, predicted, planes, model.planes(target))
    torch.autograd.backward(fit.scaler.scale(loss))
    if recipe.optimizer.clip_norm is not None:
        fit.scaler.unscale_(fit.optimizer)
        nn.utils.clip_grad_norm_(model.parameters(), recipe.optimizer.clip_norm)
    fit.scaler.step(fit.optimizer)
    fit.scaler.update()
    fit.step += 1
    _update_average(fit)
    return loss.detach()


def _loss(fit: Fit, predicted: Tensor, planes: Tensor, clean: Tensor) -> Tensor:
    """Against the clean planes; in 8 bits against what the float network makes of the same noisy ones.

    Rounding costs a hundredth of what noise does: learned against clean photos it would be lost in the
    chances of the batch, and the network would drift for the little that it learns.
    """
    if fit.teacher is None:
        return training_loss(predicted, clean, fit.recipe.loss)
    with torch.no_grad(), autocast(fit.device, fit.precision):
        taught = fit.teacher.predict(planes)
    return matching_loss(predicted, taught, clean)


def _update_average(fit: Fit) -> None:
    """Move the averaged weights towards the current ones; young averages forget faster."""
    if fit.average is fit.model:
        return
    decay = min(fit.recipe.training.ema, (1 + fit.step) / (10 + fit.step))
    with torch.no_grad():
        for mean, current in zip(fit.average.parameters(), fit.model.parameters(), strict=True):
            mean.lerp_(current, 1.0 - decay)
        for kept, fresh in zip(fit.average.buffers(), fit.model.buffers(), strict=True):
            kept.copy_(fresh)


def fit(
    fit: Fit,
    photos: PhotoSet,
    run: RunFolder,
    *,
    report: Callable[[Progress], None] = lambda progress: None,
    stop: Callable[[], bool] = lambda: False,
) -> None:
    """Train until the recipe's images are seen or `stop()` says so; the last step is always checkpointed.

    Raises:
        DivergedError: the loss is no longer finite, or has blown up; the last good checkpoint stays.
        TrainingError: a checkpoint cannot be written; the previous one stays.
    """
    train_mode(fit.model, fit.recipe.training.frozen)
    with closing(
        batches(lambda step: training_batch(fit.recipe, photos, step, fit.device), fit.step)
    ) as coming:
        _descend(fit, coming, photos, run, report, stop)


def _descend(
    fit: Fit,
    coming: Iterator[Batch],
    photos: PhotoSet,
    run: RunFolder,
    report: Callable[[Progress], None],
    stop: Callable[[], bool],
) -> None:
    settings = fit.recipe.training
    total, losses = settings.images, list[Tensor]()
    started, begun_at = time.monotonic(), fit.images
    while fit.images < total and not stop():
        if fit.images >= (1.0 - settings.steady_share) * total:
            hold_statistics(fit.model)
        losses.append(training_step(fit, *next(coming)))
        if fit.best_loss == float("inf"):
            fit.best_loss = losses[0].item()  # of the weights before their first step
        if _passed(fit, settings.log_every):
            loss, rate = _checked(losses, fit, run), fit.optimizer.param_groups[0]["lr"]
            fit.best_loss = min(fit.best_loss, loss)
            run.append({"images": fit.images, "loss": loss, "lr": rate})
            speed = (fit.images - begun_at) / (time.monotonic() - started)
            report(Progress(fit.images, total, loss, rate, fit.psnr, speed))
            losses.clear()
        if photos.validation and (_passed(fit, settings.validate_every) or fit.images >= total):
            _validate_and_keep_best(fit, photos, run)
        if _passed(fit, settings.checkpoint_every):
            _checked(losses, fit, run)
            save_checkpoint(run.last, fit.state())
    _checked(losses, fit, run)
    save_checkpoint(run.last, fit.state())


def _passed(fit: Fit, every: int) -> bool:
    """Whether the last step crossed a multiple of `every` images."""
    return fit.images // every > (fit.images - fit.recipe.training.batch) // every


def _checked(losses: list[Tensor], fit: Fit, run: RunFolder) -> float:
    """Mean of the losses since the last record; synchronises, so only when one is due.

    Raises:
        DivergedError: the run is lost.
    """
    if not losses:
        return fit.best_loss
    loss = torch.stack(losses).mean().item()
    if diverged(loss, fit.best_loss, fit.recipe.loss):
        run.append({"images": fit.images, "diverged": True})
        raise _divergence(loss, fit, run)
    return loss


def _divergence(loss: float, fit: Fit, run: RunFolder) -> DivergedError:
    lr = fit.optimizer.param_groups[0]["lr"]
    kept = (
        f"go on from its last good checkpoint: the same command with --recipe, --from {run.path} and --lr {lr / 3:.1g}"
        if run.last.is_file()
        else f"start again with --lr {lr / 3:.1g}, or with --lr auto"
    )
    return DivergedError(
        f"training diverged at image {fit.images} (loss {loss:.3g}, its best was {fit.best_loss:.3g}, learning rate "
        f"{lr:.3g}): the rate is too large; {kept}"
    )


def _validate_and_keep_best(fit: Fit, photos: PhotoSet, run: RunFolder) -> None:
    found = validate(fit.average, photos.validation, fit.recipe, fit.device, paired=photos.paired)
    fit.psnr = found.psnr
    run.append({"images": fit.images, "psnr": found.psnr, "validation_loss": found.loss})
    if fit.psnr > fit.best_psnr:
        fit.best_psnr = fit.psnr
        save_checkpoint(run.best, fit.state())
