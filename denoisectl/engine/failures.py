"""What onnxruntime's errors mean, told by their words: it has no exception types for it."""

from __future__ import annotations

import re

NO_GPU_MEMORY = "other programs hold its memory: nvidia-smi lists them"

_OUT_OF_MEMORY = (
    "allocate memory",
    "out of memory",
    "bad_alloc",
    "cudamalloc",
    "cuda_error_out_of_memory",
    "alloc_failed",  # CUDNN_STATUS_..., CUBLAS_STATUS_...
    "allocation_failed",
)
_BEGINNING = re.compile(r"CU[A-Z_]+ failure|Failed to |dlopen failed")
_END = re.compile(r" ?; GPU=| ?; hostname=| ?;? with the cudnn frontend json")


class OutOfMemory(Exception):  # noqa: N818 - a signal between engine and Denoiser, never shown
    """A batch did not fit; a smaller tile may."""


def is_out_of_memory(error: Exception) -> bool:
    """Whether memory ran out, the processor's or a GPU's."""
    message = str(error).lower()
    return isinstance(error, MemoryError) or any(words in message for words in _OUT_OF_MEMORY)


def reason(error: Exception) -> str:
    """The part that says what failed, on one line; around it there are kilobytes of C++, JSON and the host's name."""
    text = " ".join(str(error).split())
    begins = [match.start() for match in _BEGINNING.finditer(text)]
    return _END.split(text[begins[-1] if begins else 0 :])[0]
