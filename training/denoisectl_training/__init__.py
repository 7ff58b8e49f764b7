"""Training: chapters 17 and 18 of the text in PyTorch."""
