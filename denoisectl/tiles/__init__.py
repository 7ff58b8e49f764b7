"""An image in tiles: where they lie, what becomes of each, and several views of one averaged."""
