"""TensorBoard event files, written while a run goes on: `tensorboard --logdir runs`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from torch.utils.tensorboard import SummaryWriter

from denoisectl_training.fit import Progress

__all__ = ["event_writer"]


@contextmanager
def event_writer(folder: Path) -> Iterator[Callable[[Progress], None]]:
    """Yield a function that writes loss, rate and validation PSNR at their number of images seen."""
    with SummaryWriter(str(folder)) as writer:

        def write(progress: Progress) -> None:
            values = {"loss": progress.loss, "lr": progress.lr, "psnr": progress.psnr}
            for name, value in values.items():
                if value is not None:
                    writer.add_scalar(name, value, progress.images)

        yield write
