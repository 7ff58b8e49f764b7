"""Round the weights of an 8-bit file anew, in steps at which no processor clips a sum, without its float weights.

    python benchmarks/round_anew.py MODEL.onnx --photos PHOTOS --out NEW.onnx

Files that were tuned before `weight_steps` kept clear of clipping are brought to it so. Rounding twice would cost some
quality, so each weight is rounded with regard to the others: what it is off is made good by those that are not rounded
yet, as far as the layer's inputs on noisy photos go together (Frantar et al., "GPTQ: Accurate Post-Training
Quantization for Generative Pre-trained Transformers", 2022). What the mean of the output moved is taken from the bias.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
import onnxruntime
import torch
from onnx import numpy_helper
from torch.nn import functional as F

from denoisectl_training.photos.batches import training_batch
from denoisectl_training.photos.finding import find_photos
from denoisectl_training.photos.photo_set import load_photos
from denoisectl_training.quantised import weight_steps
from denoisectl_training.recipes import load_recipe

Array = npt.NDArray[np.float64]

BATCHES, SAMPLES = 16, 3000  # of 16 crops; pixels of each layer in half a batch
DAMPING = 0.01  # of the mean variance: inputs that never differ leave a choice
MOST, MOST_OF_TWO = 127, 128  # whole steps


@dataclass(frozen=True)
class Layer:
    """An 8-bit convolution: its node, and the initializers of its weights and bias with their steps."""

    node: onnx.NodeProto
    weight: tuple[onnx.TensorProto, onnx.TensorProto]
    bias: tuple[onnx.TensorProto, onnx.TensorProto]


def main() -> None:
    """Write the new file; its card stays."""
    options = _options()
    model = onnx.load(options.model)
    layers = list(_layers(model.graph))
    for layer, (mean, spread) in zip(layers, _inputs(model, layers, options.photos), strict=True):
        _round(layer, mean, spread)
    onnx.save(model, options.out)


def _layers(graph: onnx.GraphProto) -> Iterator[Layer]:
    tensors = {tensor.name: tensor for tensor in graph.initializer}
    writers = {name: node for node in graph.node for name in node.output}

    def stored(name: str) -> tuple[onnx.TensorProto, onnx.TensorProto]:
        values, steps = writers[name].input[:2]
        return tensors[values], tensors[steps]

    for node in graph.node:
        if node.op_type == "Conv" and node.input[1] in writers:
            yield Layer(node, stored(node.input[1]), stored(node.input[2]))


def _inputs(model: onnx.ModelProto, layers: list[Layer], photos: Path) -> Iterator[tuple[Array, Array]]:
    """Mean and covariance of what each layer's weights are multiplied by, in the order of `_as_rows`."""
    told = onnx.ModelProto()
    told.CopyFrom(model)
    names = list(dict.fromkeys(layer.node.input[0] for layer in layers))
    told.graph.output.extend(onnx.ValueInfoProto(name=name) for name in names)
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(
        told.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    generator = torch.Generator().manual_seed(0)
    sums: list[list[Array]] = [[] for _ in layers]
    for noisy in _noisy_crops(photos):
        found = dict(zip(names, session.run(names, {"image": noisy}), strict=True))
        for layer, moments in zip(layers, sums, strict=True):
            rows = _patches(layer, torch.from_numpy(found[layer.node.input[0]]))
            picked = rows[torch.randint(len(rows), (SAMPLES,), generator=generator)].double()
            ones = torch.cat([picked, torch.ones(SAMPLES, 1, dtype=torch.float64)], dim=1)
            moments[:] = [sum(moments, (ones.T @ ones).numpy() / SAMPLES)]
    for (total,) in sums:
        moment = total / total[-1, -1]
        mean = moment[-1, :-1]
        yield mean, moment[:-1, :-1] - np.outer(mean, mean)


def _noisy_crops(photos: Path) -> Iterator[npt.NDArray[np.float32]]:
    recipe = load_recipe("photo-int8", ["data.crop=128", "data.last_share=0"])
    known = load_photos(find_photos([photos])[::4], recipe.data, seed=0)
    for step in range(BATCHES):
        noisy = training_batch(recipe, known, step, torch.device("cpu"))[0]
        yield from np.split(noisy.numpy(), 2)


def _patches(layer: Layer, images: torch.Tensor) -> torch.Tensor:
    """What each output pixel is made of, `(pixels, taps x channels)`."""
    given = {each.name: onnx.helper.get_attribute_value(each) for each in layer.node.attribute}
    height, width = layer.weight[0].dims[2:]
    top, left, bottom, right = given.get("pads", [0, 0, 0, 0])
    columns = F.unfold(F.pad(images, (left, right, top, bottom)), (height, width), stride=given["strides"])
    taps = columns.reshape(len(images), images.shape[1], height * width, -1)
    return taps.permute(0, 3, 2, 1).flatten(2).flatten(0, 1)


def _round(layer: Layer, mean: Array, spread: Array) -> None:
    (integers, steps), (bias, bias_steps) = (
        [numpy_helper.to_array(part).astype(np.float64) for part in both]
        for both in (layer.weight, layer.bias)
    )
    wanted = _as_rows(integers)
    wider = np.maximum(1.0, MOST * weight_steps(torch.from_numpy(integers)).numpy() / (MOST + 0.5))
    rounded = _rounded(wanted / wider[:, None], spread)
    moved = (rounded * wider[:, None] - wanted) * steps[:, None]
    output, inputs, height, width = integers.shape
    _store(layer.weight[0], rounded.reshape(output, height, width, inputs).transpose(0, 3, 1, 2), np.int8)
    _store(layer.weight[1], steps * wider, np.float32)
    _store(layer.bias[0], np.rint((bias * bias_steps - moved @ mean) / (bias_steps * wider)), np.int32)
    _store(layer.bias[1], bias_steps * wider, np.float32)


def _as_rows(weights: Array) -> Array:
    """`(O, I, h, w)` to `(O, taps x I)`, as onnxruntime multiplies them, two by two."""
    return weights.transpose(0, 2, 3, 1).reshape(len(weights), -1)


def _rounded(rows: Array, spread: Array) -> Array:
    """Whole steps, column by column; no two neighbours of one sign exceed `MOST_OF_TWO`."""
    left, result = rows.copy(), np.zeros_like(rows)
    damped = spread + DAMPING * np.diag(spread).mean() * np.eye(len(spread))
    follow = np.linalg.cholesky(np.linalg.inv(damped)).T
    for column in range(rows.shape[1]):
        before = result[:, column - 1] if column % 2 else np.zeros(len(rows))
        highest = np.minimum(MOST, MOST_OF_TWO - before.clip(min=0))
        lowest = np.maximum(-MOST, -MOST_OF_TWO - before.clip(max=0))
        result[:, column] = np.rint(left[:, column]).clip(lowest, highest)
        off = (left[:, column] - result[:, column]) / follow[column, column]
        left[:, column + 1 :] -= off[:, None] * follow[column, column + 1 :]
    return result


def _store(tensor: onnx.TensorProto, values: npt.NDArray[np.generic], kind: type[np.generic]) -> None:
    tensor.CopyFrom(numpy_helper.from_array(np.ascontiguousarray(values.astype(kind)), tensor.name))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("model", type=Path, metavar="MODEL.onnx")
    parser.add_argument("--photos", type=Path, required=True, help="folder of clean photos")
    parser.add_argument("--out", type=Path, required=True)
    return parser.parse_args()


if __name__ == "__main__":
    main()
