"""Lets onnxruntime keep its blocked memory layout where a U-net's skip connections join.

On processors onnxruntime runs convolutions on channels in blocks. Its pixel shuffle knows only the plain
layout, and so everything that is added to the shuffle's result has to leave the blocks too, and to enter them
again. A convolution that changes nothing, between the shuffle and the sum, is the border instead: the sum
becomes a part of it, and the skip stays in blocks. Float32 results are equal but for rounding.
"""

from __future__ import annotations

import numpy as np
import onnx
from onnx import helper, numpy_helper


def with_blocked_skips(proto: onnx.ModelProto) -> onnx.ModelProto:
    """A copy of a float32 graph in which what joins a skip connection is a convolution of ones."""
    copied = onnx.ModelProto()
    copied.CopyFrom(proto)
    graph = copied.graph
    channels = _channels(copied)
    shuffled = {name for node in graph.node if node.op_type == "DepthToSpace" for name in node.output}
    nodes: list[onnx.NodeProto] = []
    for node in graph.node:
        if node.op_type == "Add" and not any(value.name in node.input for value in graph.input):
            for place, name in enumerate(node.input):
                if name in shuffled and name in channels:
                    nodes.append(_same(graph, name, channels[name]))
                    node.input[place] = nodes[-1].output[0]
        nodes.append(node)
    del graph.node[:]
    graph.node.extend(nodes)
    return copied


def _channels(proto: onnx.ModelProto) -> dict[str, int]:
    """How many channels each tensor has, where that is known."""
    inferred = onnx.shape_inference.infer_shapes(proto).graph
    shapes = ((value.name, value.type.tensor_type.shape.dim) for value in inferred.value_info)
    return {name: axes[1].dim_value for name, axes in shapes if len(axes) == 4 and axes[1].dim_value}


def _same(graph: onnx.GraphProto, name: str, channels: int) -> onnx.NodeProto:
    """A 1 x 1 convolution, channel by channel, that gives back its input."""
    weight, output = f"{name}_ones", f"{name}_same"
    graph.initializer.append(numpy_helper.from_array(np.ones((channels, 1, 1, 1), np.float32), weight))
    return helper.make_node(
        "Conv", [name, weight], [output], name=output, group=channels, kernel_shape=[1, 1]
    )
