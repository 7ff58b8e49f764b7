"""Pictures drawn by matplotlib, written whole or not at all."""

from __future__ import annotations

import io
from pathlib import Path

from matplotlib.figure import Figure

from denoisectl.errors import TrainingError
from denoisectl.whole_file import write_whole


def write_figure(figure: Figure, path: Path, what: str, *, dpi: int) -> None:
    """Write a figure in the format of the file's ending; `what` it is, for a message.

    Raises:
        TrainingError: matplotlib does not write such files, or the file cannot be written.
    """
    picture = io.BytesIO()
    try:
        figure.savefig(picture, dpi=dpi, format=path.suffix.lstrip(".") or None)
        write_whole(path, picture.getvalue())
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise TrainingError(f"{path}: {what} not written ({reason})") from error
