"""Runs a model file on a device: batches of tiles in, batches of tiles out. Knows no images."""

from denoisectl.engine.session import Engine
from denoisectl.engine.sessions import OutOfMemory

__all__ = ["Engine", "OutOfMemory"]
