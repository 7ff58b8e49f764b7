"""PyTorch, or another project's ONNX, to one self-describing ONNX file, and the models that ship (`models/*.onnx`).

Nothing is imported here: the runtime looks up the shipped files beside this module and must not meet torch.
"""
