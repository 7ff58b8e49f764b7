"""Where a network's colours are, and how many: three or one, before the pixels or after them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from denoisectl.errors import ExportError
from denoisectl_exports.adopted.foreign import Array, Foreign, Network

FIRST, LAST = (0, 3, 1, 2), (0, 2, 3, 1)
"""Transpositions to channels first and to channels last."""

_SIDE = 256  # every grid that is looked for divides it


@dataclass(frozen=True, slots=True)
class Layout:
    """How images `(B, 3, h, w)` go in and come out."""

    channels: int
    """1: each colour is denoised by itself."""
    last: bool
    """Channels after the pixels, `(B, h, w, C)`."""

    def into(self, images: Array) -> Array:
        """`(B, 3, h, w)` as the network takes it."""
        array = images.reshape(-1, self.channels, *images.shape[2:])
        return np.ascontiguousarray(array.transpose(LAST)) if self.last else array

    def back(self, array: Array) -> Array:
        """What the network gives as `(B, 3, h, w)`."""
        array = array.transpose(FIRST) if self.last else array
        return np.ascontiguousarray(array).reshape(-1, 3, *array.shape[2:])


def as_network(foreign: Foreign, layout: Layout, *, one_by_one: bool = False) -> Network:
    """The file as a function from `(B, 3, h, w)` float32 to the same shape, in the file's own range.

    `one_by_one` gives it one image (or plane of one) at a time, whatever the batch. The function raises
    `ExportError` where the file does not take a shape, or gives another one for it.
    """

    def run(images: Array) -> Array:
        array = layout.into(images)
        parts = array[:, None] if one_by_one else [array]
        result = np.concatenate([foreign.run(part) for part in parts])
        if result.shape != array.shape:
            raise ExportError(
                f"gives {_shape(result)} for {_shape(array)}, and an output must be as large as its input"
            )
        return layout.back(result)

    return run


def turned(network: Network) -> Network:
    """The network with rows for columns: what it does along one axis is seen along the other."""

    def run(images: Array) -> Array:
        result = network(np.ascontiguousarray(images.swapaxes(2, 3)))
        return np.ascontiguousarray(result.swapaxes(2, 3))

    return run


def find_layout(foreign: Foreign) -> Layout:
    """The first layout that the file's own words allow and in which it gives back an image of the same size.

    Raises:
        ExportError: there is none.
    """
    allowed = list(_allowed(foreign.axes))
    if not allowed:
        raise ExportError(
            f"{foreign.name}: its input {foreign.input} is {list(foreign.axes)} (0: any), and a model for photos has 3 "
            "channels or 1; bake in what the others hold, such as a noise level, as a constant"
        )
    reasons = []
    for layout in allowed:
        try:
            as_network(foreign, layout)(np.full((1, 3, _SIDE, _SIDE), 0.5, np.float32))
        except ExportError as error:
            reasons.append(str(error))
        else:
            return layout
    raise ExportError(_refusal(foreign, reasons[0]))


def _allowed(axes: tuple[int, ...]) -> Iterator[Layout]:
    _, first, _, last = axes or (0, 0, 0, 0)
    yield from (Layout(count, last=False) for count in (3, 1) if first in (0, count))
    if last in (1, 3) or first == last == 0:
        yield from (Layout(count, last=True) for count in (3, 1) if last in (0, count))


def _refusal(foreign: Foreign, reason: str) -> str:
    """With fixed sizes those are to blame, unless it runs and gives no image."""
    if not reason.startswith("gives") and any(axis not in (0, 1, 3) for axis in foreign.axes[1:]):
        return (
            f"{foreign.name}: was made for an input of {list(foreign.axes)} (0: any) and does not work with {_SIDE} x "
            f"{_SIDE} pixels; export it again with height and width as dynamic axes ({reason})"
        )
    if not reason.startswith("gives"):
        return (
            f"{foreign.name}: does not work with {_SIDE} x {_SIDE} pixels; networks whose sides have to be multiples "
            f"of other numbers than 2, 4, 8 ... 256 cannot be adopted ({reason})"
        )
    return f"{foreign.name}: {reason}"


def _shape(array: Array) -> str:
    return " x ".join(map(str, array.shape))
