"""Runs a model file on a device: batches of tiles in, batches of tiles out. Knows no images."""

from denoisectl.engine.failures import OutOfMemory
from denoisectl.engine.session import Engine

__all__ = ["Engine", "OutOfMemory"]
