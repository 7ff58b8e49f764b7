"""Photographs in and out of files: decoding, encoding and what must survive between them."""
