"""What is made of onnxruntime's words."""

from __future__ import annotations

import pytest

from denoisectl.engine.failures import is_out_of_memory, reason

_CALL = "/onnxruntime_src/core/providers/cuda/cuda_call.cc:117 std::conditional_t<THRW, void> onnxruntime::CudaCall"


@pytest.mark.parametrize(
    ("error", "memory"),
    [
        (MemoryError(), True),
        (RuntimeError("CUDA failure 2: out of memory"), True),
        (RuntimeError("std::bad_alloc"), True),
        (RuntimeError("CUDNN failure 4002: CUDNN_STATUS_INTERNAL_ERROR_DEVICE_ALLOCATION_FAILED"), True),
        (RuntimeError("CUBLAS failure 3: CUBLAS_STATUS_ALLOC_FAILED ; GPU=0"), True),
        (RuntimeError("CUDNN_STATUS_ALLOC_FAILED"), True),
        (RuntimeError("INVALID_ARGUMENT"), False),
    ],
)
def test_the_words_of_memory(error: Exception, memory: bool) -> None:
    assert is_out_of_memory(error) is memory


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            f"[ONNXRuntimeError] : 1 : FAIL : {_CALL} {_CALL} CUDA failure 719: unspecified launch failure ; GPU=0 ; "
            "hostname=vm ; file=/onnxruntime_src/gpu_data_transfer.cc ; line=54 ; expr=cudaStreamSynchronize(nullptr);",
            "CUDA failure 719: unspecified launch failure",
        ),
        (
            f"{_CALL} CUDNN_FE failure 6: PLAN_FAILED ; GPU=0 ; hostname=vm ; expr=x; {_CALL} CUDNN_FE failure 7: "
            'NO_PLAN; with the cudnn frontend json: {"nodes": []}',
            "CUDNN_FE failure 7: NO_PLAN",
        ),
        (
            'Failed to parse provider option "device_id": CUDA failure 35: driver version ; GPU=-1',
            "CUDA failure 35: driver version",
        ),
        (f"{_CALL}\n Failed to allocate memory for 2304", "Failed to allocate memory for 2304"),
        ("dlopen failed on libcudnn.so.9 ; hostname=vm", "dlopen failed on libcudnn.so.9"),
        ("Got: 8\n Expected: 64", "Got: 8 Expected: 64"),
    ],
)
def test_the_part_that_says_what_failed_is_kept(text: str, said: str) -> None:
    assert reason(RuntimeError(text)) == said
