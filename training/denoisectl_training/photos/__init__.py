"""Photos to train on: found, read, held out, cut into crops and batches; noisy and clean pairs; drawn images."""
