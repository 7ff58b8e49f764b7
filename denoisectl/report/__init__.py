"""Pictures and tables that show what a denoiser did."""
