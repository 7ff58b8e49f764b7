"""The training loop and what it is made of: loss, optimiser, schedule, validation, reasons to stop."""
