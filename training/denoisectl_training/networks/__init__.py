"""The networks: blocks, autoencoders, colour conversion, and the denoiser that is made of them."""
