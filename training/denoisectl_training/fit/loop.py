"""The training loop (section 17.3.2): batch, loss, backward, step, record. Everything else is around it."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from denoisectl.errors import DivergedError
from denoisectl_training.devices import autocast
from denoisectl_training.fit.divergence import diverged
from denoisectl_training.fit.losses import distillation_loss, training_loss
from denoisectl_training.fit.schedule import learning_rate
from denoisectl_training.fit.state import TrainingState
from denoisectl_training.fit.validation import validate
from denoisectl_training.networks.modes import freeze_batch_norm, train_mode
from denoisectl_training.photos.batches import Batch, batches, training_batch
from denoisectl_training.photos.photo_set import PhotoSet
from denoisectl_training.records.checkpoint import save_checkpoint
from denoisectl_training.records.run_folder import RunFolder


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a run stands after a step, for a display."""

    images: int
    total: int
    loss: float | None
    """Of the last record, None before the first: a newer one would make every step wait for the GPU."""
    recorded: bool
    """Whether that was just now."""
    lr: float
    psnr: float | None
    """Of the last validation."""
    validated: bool
    """Whether that was just now."""
    images_per_second: float


def training_step(state: TrainingState, noisy: Tensor, target: Tensor) -> Tensor:
    """One descent step, its gradient by backpropagation (section 17.3.4); returns the loss, still on the device.

    Args:
        state: moved on by the step.
        noisy: `(B, 3, H, W)` sRGB, nominally [0, 1], on the state's device.
        target: the same without noise.
    """
    recipe, model = state.recipe, state.model
    rate = learning_rate(recipe.schedule, recipe.optimizer.lr, state.images, recipe.training.images)
    for group in state.optimizer.param_groups:
        group["lr"] = rate
    if recipe.model.dropout:  # it draws from torch's own generator, which no checkpoint holds
        torch.manual_seed(recipe.training.seed + state.step)
    state.optimizer.zero_grad(set_to_none=True)
    planes = model.planes(noisy).contiguous(memory_format=torch.channels_last)
    with autocast(state.device, state.precision):
        predicted = model.predict(planes)
    loss = _loss(state, predicted, planes, model.planes(target))
    torch.autograd.backward(state.scaler.scale(loss))
    if recipe.optimizer.clip_norm is not None:
        state.scaler.unscale_(state.optimizer)
        nn.utils.clip_grad_norm_(model.parameters(), recipe.optimizer.clip_norm)
    state.scaler.step(state.optimizer)
    state.scaler.update()
    state.step += 1
    _update_average(state)
    return loss.detach()


def _loss(state: TrainingState, predicted: Tensor, planes: Tensor, clean: Tensor) -> Tensor:
    """Against the clean planes; in 8 bits against what the float network makes of the same noisy ones.

    Rounding costs a hundredth of what noise does: learned against clean photos it would be lost in the
    chances of the batch, and the network would drift for the little that it learns.
    """
    if state.teacher is None:
        return training_loss(predicted, clean, state.recipe.loss)
    with torch.no_grad(), autocast(state.device, state.precision):
        teacher_prediction = state.teacher.predict(planes)
    return distillation_loss(predicted, teacher_prediction, clean)


def _update_average(state: TrainingState) -> None:
    """Move the averaged weights towards the current ones; young averages forget faster."""
    if state.average is state.model:
        return
    decay = min(state.recipe.training.ema, (1 + state.step) / (10 + state.step))
    with torch.no_grad():
        for mean, current in zip(state.average.parameters(), state.model.parameters(), strict=True):
            mean.lerp_(current, 1.0 - decay)
        for kept, fresh in zip(state.average.buffers(), state.model.buffers(), strict=True):
            kept.copy_(fresh)


def fit(
    state: TrainingState,
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
    train_mode(state.model, state.recipe.training.frozen)
    with closing(
        batches(lambda step: training_batch(state.recipe, photos, step, state.device), state.step)
    ) as coming:
        _descend(state, coming, photos, run, report, stop)


def _descend(
    state: TrainingState,
    coming: Iterator[Batch],
    photos: PhotoSet,
    run: RunFolder,
    report: Callable[[Progress], None],
    stop: Callable[[], bool],
) -> None:
    settings = state.recipe.training
    total, losses = settings.images, list[Tensor]()
    loss: float | None = None
    started, begun_at = time.perf_counter(), state.images
    while state.images < total and not stop():
        if state.images >= (1.0 - settings.steady_share) * total:
            freeze_batch_norm(state.model)
        losses.append(training_step(state, *next(coming)))
        if state.best_loss == float("inf"):
            state.best_loss = losses[0].item()  # of the weights before their first step
        validating = _due(state, settings.validate_every) and bool(photos.validation)
        recording = validating or _passed(state, settings.log_every)
        if recording:
            loss = _record(losses, state, run)
        if validating:
            _validate_and_keep_best(state, photos, run)
        speed = (state.images - begun_at) / (time.perf_counter() - started)
        report(Progress(state.images, total, loss, recording, _rate(state), state.psnr, validating, speed))
        if _passed(state, settings.checkpoint_every):
            _keep(losses, state, run)
    _keep(losses, state, run)
    if losses:
        _record(losses, state, run)  # a short run has a curve, too, and a resumed one begins a new record


def _record(losses: list[Tensor], state: TrainingState, run: RunFolder) -> float:
    """Log the mean of the losses since the last record, and forget them.

    Raises:
        DivergedError: the run is lost.
    """
    loss = _checked(losses, state, run)
    state.best_loss = min(state.best_loss, loss)
    run.append({"images": state.images, "loss": loss, "lr": _rate(state)})
    losses.clear()
    return loss


def _rate(state: TrainingState) -> float:
    """The learning rate of the last step."""
    rate: float = state.optimizer.param_groups[0]["lr"]
    return rate


def _keep(losses: list[Tensor], state: TrainingState, run: RunFolder) -> None:
    """Save where the run stands, unless the last step lost it: losses are those from before a step.

    Raises:
        DivergedError: it did; the last good checkpoint stays.
    """
    loss = _checked(losses, state, run)
    if not all(bool(weights.isfinite().all()) for weights in state.model.parameters()):
        raise _divergence(loss, state, run)
    save_checkpoint(run.last, state.to_checkpoint())


def _due(state: TrainingState, every: int) -> bool:
    """Whether the last step crossed a multiple of `every` images, or was the run's last."""
    return _passed(state, every) or state.images >= state.recipe.training.images


def _passed(state: TrainingState, every: int) -> bool:
    """Whether the last step crossed a multiple of `every` images."""
    return state.images // every > (state.images - state.recipe.training.batch) // every


def _checked(losses: list[Tensor], state: TrainingState, run: RunFolder) -> float:
    """Mean of the losses since the last record; synchronises, so only when one is due.

    Raises:
        DivergedError: the run is lost.
    """
    if not losses:
        return state.best_loss
    loss = torch.stack(losses).mean().item()
    if diverged(loss, state.best_loss, None if state.teacher else state.recipe.loss):
        run.append({"images": state.images, "diverged": True})
        raise _divergence(loss, state, run)
    return loss


def _divergence(loss: float, state: TrainingState, run: RunFolder) -> DivergedError:
    lr = _rate(state)
    kept = (
        f"go on from its last good checkpoint: the same command with --recipe, --from {run.path} and --lr {lr / 3:.1g}"
        if run.newest()
        else f"start again with --lr {lr / 3:.1g}, or with --lr auto"
    )
    return DivergedError(
        f"training diverged at image {state.images} (loss {loss:.3g}, its best was {state.best_loss:.3g}, learning "
        f"rate {lr:.3g}): the rate is too large; {kept}"
    )


def _validate_and_keep_best(state: TrainingState, photos: PhotoSet, run: RunFolder) -> None:
    found = validate(state.average, photos.validation, state.recipe, state.device, paired=photos.paired)
    if not math.isfinite(found.psnr):
        raise _divergence(found.loss, state, run)
    state.psnr = found.psnr
    # In 8 bits the loss is another one, and would share an axis with it.
    loss = {} if state.teacher else {"validation_loss": found.loss}
    run.append({"images": state.images, "psnr": found.psnr, **loss})
    if state.psnr > state.best_psnr:
        state.best_psnr = state.psnr
        save_checkpoint(run.best, state.to_checkpoint())
