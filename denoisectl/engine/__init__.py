"""Runs a model file on a device: batches of tiles in, batches of tiles out. Knows no images."""

from denoisectl.engine.engine import Engine
from denoisectl.engine.failures import OutOfMemory

__all__ = ["Engine", "OutOfMemory"]
