"""Which quality setting wrote a JPEG, read from its quantisation tables."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

# The luminance table of the JPEG standard (annex K.1) in zigzag order, as files store it.
_STANDARD = np.array(
    [
        *(16, 11, 12, 14, 12, 10, 16, 14, 13, 14, 18, 17, 16, 19, 24, 40),
        *(26, 24, 22, 22, 24, 49, 35, 37, 29, 40, 58, 51, 61, 60, 57, 51),
        *(56, 55, 64, 72, 92, 78, 64, 68, 87, 69, 55, 56, 80, 109, 81, 87),
        *(95, 98, 103, 104, 103, 62, 77, 113, 121, 112, 100, 120, 92, 101, 103, 99),
    ]
)


def _table(quality: int) -> NDArray[np.int64]:
    """What libjpeg makes of the standard table at a quality of 1..100."""
    scale = 5000 // quality if quality < 50 else 200 - 2 * quality
    table: NDArray[np.int64] = np.clip((_STANDARD * scale + 50) // 100, 1, 255)
    return table


_TABLES = np.stack([_table(quality) for quality in range(1, 101)])


def tables_of(contents: list[bytes]) -> dict[int, tuple[int, ...]]:
    """Quantisation tables by number, 64 values each in zigzag order, from the contents of DQT segments."""
    tables: dict[int, tuple[int, ...]] = {}
    for content in contents:
        start = 0
        while start < len(content):
            wide, number = content[start] >> 4, content[start] & 15
            stop = start + 1 + 64 * (1 + bool(wide))
            if stop > len(content):
                break
            values = np.frombuffer(content[start + 1 : stop], ">u2" if wide else "u1")
            tables[number] = tuple(int(value) for value in values)
            start = stop
    return tables


def estimate(table: tuple[int, ...]) -> int:
    """The quality 1..100 whose luminance table is nearest; cameras' own tables get the nearest one too."""
    distances = np.abs(_TABLES - np.array(table)).sum(axis=1)
    return int(np.flatnonzero(distances == distances.min())[-1]) + 1
