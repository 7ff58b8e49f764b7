"""A model file of another project: one input, one output, its sizes set free, ready to run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import onnx.inliner
import onnxruntime
from onnx import TensorProto

from denoisectl.errors import ExportError, UsageError
from denoisectl.model_file.card import CARD_KEY
from denoisectl.model_file.onnx_file import metadata, read_model

Array = npt.NDArray[np.float32]
Network = Callable[[Array], Array]
"""Maps `(B, 3, h, w)` to the same shape."""

_FATAL = 4  # sizes that do not fit are tried on purpose; onnxruntime would tell each on stderr
_OLDEST_OPSET = 7  # the oldest that onnxruntime promises to run
_FIRST_WITH_CONSTANTS = 4  # the format in which an initializer need not be an input as well


@dataclass(frozen=True, slots=True)
class Foreign:
    """The file in memory, its weights inside and its sizes free."""

    name: str
    """What messages call it."""
    proto: onnx.ModelProto
    session: Any
    input: str
    output: str
    axes: tuple[int, ...]
    """What it said of its input's shape, 0 where an axis is open; empty if it said nothing."""

    def run(self, array: Array) -> Array:
        """What the network makes of `array`, in its own layout and range.

        Raises:
            ExportError: it does not take this shape; the message is onnxruntime's reason in one line.
        """
        try:
            result: Array = self.session.run([self.output], {self.input: array})[0]
        except Exception as error:  # onnxruntime has no public base of its exceptions
            raise ExportError(_one_line(error)) from error
        return result


def read_foreign(path: Path) -> Foreign:
    """Read a file that another project made.

    Raises:
        ModelError: there is no such file, or it is not ONNX.
        UsageError: it has our card.
        ExportError: it cannot be loaded, or has other inputs and outputs than one image each.
    """
    if CARD_KEY in metadata(read_model(path), str(path)):
        raise UsageError(
            f"{path}: is a model file already; export takes a run folder, a .pt checkpoint, or an .onnx file of "
            "another project"
        )
    proto = _loaded(path)
    _check_opset(path, proto)
    entry, result = _only_input(path, proto.graph), _only_output(path, proto.graph)
    axes = tuple(axis.dim_value for axis in entry.type.tensor_type.shape.dim)
    _set_free(proto, entry, result)
    try:
        session = open_session(proto)
    except Exception as error:
        raise ExportError(f"{path}: onnxruntime cannot load it: {_one_line(error)}") from error
    return Foreign(str(path), proto, session, entry.name, result.name, axes)


def open_session(proto: onnx.ModelProto) -> Any:
    """A session on the processor that says nothing on stderr."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = _FATAL
    return onnxruntime.InferenceSession(
        proto.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )


def _loaded(path: Path) -> onnx.ModelProto:
    """The file with weights that lie in files beside it, and with its functions written out."""
    try:
        proto = onnx.load(path)
    except OSError as error:
        raise _weights_missing(path, error) from error
    except onnx.checker.ValidationError as error:  # what onnx raises for weights that are not there
        raise _weights_missing(path, error) from error
    except Exception as error:  # protobuf's decode error is not public
        raise ExportError(f"{path}: not an ONNX file ({_one_line(error)})") from error
    return onnx.inliner.inline_local_functions(proto) if proto.functions else proto


def _weights_missing(path: Path, error: Exception) -> ExportError:
    return ExportError(
        f"{path}: its weights lie in another file, which cannot be read ({_one_line(error)}); put it beside "
        f"{path.name}, or save the model as one file"
    )


def _check_opset(path: Path, proto: onnx.ModelProto) -> None:
    opset = next((each.version for each in proto.opset_import if each.domain in ("", "ai.onnx")), 0)
    if opset < _OLDEST_OPSET:
        raise ExportError(
            f"{path}: is of opset {opset}, and {_OLDEST_OPSET} is the oldest that is taken; convert it with "
            "onnx.version_converter.convert_version"
        )


def _only_input(path: Path, graph: onnx.GraphProto) -> onnx.ValueInfoProto:
    constants = {tensor.name for tensor in graph.initializer}
    inputs: list[onnx.ValueInfoProto] = [value for value in graph.input if value.name not in constants]
    if len(inputs) != 1:
        raise ExportError(
            f"{path}: takes {len(inputs)} inputs ({_names(inputs)}), and a model takes one image; bake the others in, "
            "such as a noise level, as constants (as initializers of the same names)"
        )
    (entry,) = inputs
    _check_float32(path, "input", entry)
    kind = entry.type.tensor_type
    if kind.HasField("shape") and len(kind.shape.dim) != 4:
        raise ExportError(
            f"{path}: its input {entry.name} has {len(kind.shape.dim)} axes, and an image has four: batch, channels, "
            "height, width"
        )
    return entry


def _only_output(path: Path, graph: onnx.GraphProto) -> onnx.ValueInfoProto:
    if len(graph.output) != 1:
        raise ExportError(
            f"{path}: gives {len(graph.output)} outputs ({_names(graph.output)}), and a model gives one image; keep "
            "one, with onnx.utils.extract_model"
        )
    result: onnx.ValueInfoProto = graph.output[0]
    _check_float32(path, "output", result)
    return result


def _check_float32(path: Path, which: str, value: onnx.ValueInfoProto) -> None:
    kind = value.type.tensor_type.elem_type
    if kind != TensorProto.FLOAT:
        name = TensorProto.DataType.Name(kind).lower() if kind else "no tensor"
        raise ExportError(
            f"{path}: its {which} {value.name} is {name}, and must be float32; export the network in float32 from "
            "where it was made"
        )


def _names(values: Sequence[onnx.ValueInfoProto]) -> str:
    return ", ".join(value.name for value in values) or "none"


def _set_free(proto: onnx.ModelProto, entry: onnx.ValueInfoProto, result: onnx.ValueInfoProto) -> None:
    """Forget all shapes that the file states, so that running it tells which there are."""
    for value in (entry, result):
        value.type.tensor_type.ClearField("shape")
    del proto.graph.value_info[:]
    # Weights that are inputs as well could be handed in from outside, and would count as inputs.
    del proto.graph.input[:]
    proto.graph.input.append(entry)
    proto.ir_version = max(proto.ir_version, _FIRST_WITH_CONSTANTS)


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:300]
