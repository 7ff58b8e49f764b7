"""PyTorch, or another project's ONNX, to one self-describing ONNX file, and the models that ship (`models/*.onnx`).

Little is imported here: the runtime looks up the shipped files beside this module and must not meet torch.
"""

import denoisectl  # noqa: F401 - before any onnxruntime, whose telemetry it switches off
