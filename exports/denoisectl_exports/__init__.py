"""PyTorch to one self-describing ONNX file, and the models that ship."""
