"""What a machine has to run on: devices by name, its processors, its GPUs and their driver."""
