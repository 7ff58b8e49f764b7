"""TensorBoard event files, written while a run goes on: `tensorboard --logdir runs`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from torch.utils.tensorboard import SummaryWriter

from denoisectl_training.fit.loop import Progress


@contextmanager
def event_writer(folder: Path) -> Iterator[Callable[[Progress], None]]:
    """Yield a function that writes loss, rate and validation PSNR at their number of images seen.

    A run that was killed and resumed repeats some records; the first one written purges those it repeats.
    """
    with ExitStack() as stack:
        writer: SummaryWriter | None = None

        def write(progress: Progress) -> None:
            nonlocal writer
            if not progress.recorded or progress.loss is None:
                return
            if writer is None:
                writer = stack.enter_context(SummaryWriter(str(folder), purge_step=progress.images))
            values = {"loss": progress.loss, "lr": progress.lr}
            if progress.validated and progress.psnr is not None:
                values["psnr"] = progress.psnr
            for name, value in values.items():
                writer.add_scalar(name, value, progress.images)

        yield write
