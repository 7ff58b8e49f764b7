"""denoisectl: cleans folders of noisy photographs. The library front door is `Denoiser`."""
