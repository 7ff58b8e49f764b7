"""Another project's `.onnx` file as a model of ours: what it does is found out by running it, never by its names.

foreign.py   reads the file: one input, one output, any size
layout.py    where its colours are, and how many
grid.py      the sizes that it takes, and the grid on which it can be shifted
meaning.py   the range it works in, and whether it gives the photo or the noise
reach.py     how far a change is felt
counted.py   parameters and multiply-adds
wrapped.py   the graph that keeps our contract
"""
