"""Weights: fresh, of a trained network, and of one made deeper, narrower or ready for 8 bits."""
