"""Model files: the card inside, the ONNX file around it, which of them ship, and which one a processor runs."""
