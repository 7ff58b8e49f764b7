"""What a machine has to run on: its devices, their drivers, and proof of what they can do."""
