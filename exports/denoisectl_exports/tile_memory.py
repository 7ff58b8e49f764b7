"""How much memory onnxruntime takes for a tile, measured in a process of its own.

    python -m denoisectl_exports.tile_memory MODEL SIDE

prints the bytes for each pixel of a square tile. Of its own, because the exporting process holds torch, and
memory that it has used before would serve the tile unseen.
"""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from denoisectl.engine.sessions import create_session
from denoisectl.machine.devices import CPU
from denoisectl.tiles.tiling import round_up

_log = logging.getLogger("denoisectl")
_SIDE = 1024
_PLANES = 24  # bytes of a pixel's input and output, which every network takes
_STATUS = Path("/proc/self/status")


def bytes_per_pixel(model: bytes, multiple_of: int) -> int | None:
    """Working memory of a tile on the CPU, its input and output included; None where it cannot be told.

    Args:
        model: the bytes of an `.onnx` file.
        multiple_of: what a tile's sides divide by.
    """
    if not _STATUS.exists():
        return None
    with TemporaryDirectory() as folder:
        file = Path(folder) / "model.onnx"
        file.write_bytes(model)
        side = round_up(_SIDE, multiple_of)
        command = [sys.executable, "-m", "denoisectl_exports.tile_memory", str(file), str(side)]
        environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    if done.returncode:
        why = (done.stderr.strip().splitlines() or [f"exit status {done.returncode}"])[-1]
        _log.warning("the memory of a tile cannot be measured (%s); the card leaves it open", why)
        return None
    return int(done.stdout)


def measure(model: bytes, side: int) -> int:
    """The same in this process, which must not have held more than it does."""
    session = create_session(model, CPU, threads=1, shape=None)
    before = _kilobytes("VmRSS")
    session.run(["denoised"], {"image": np.full((1, 3, side, side), 0.5, np.float32)})
    return max(_PLANES, -(-1024 * (_kilobytes("VmHWM") - before) // side**2))


def _kilobytes(key: str) -> int:
    lines = _STATUS.read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(key))


if __name__ == "__main__":
    sys.stdout.write(f"{measure(Path(sys.argv[1]).read_bytes(), int(sys.argv[2]))}\n")
