"""Reads the metadata of an `.onnx` file without the `onnx` package and without building a session.

An ONNX file is one protobuf message. Of its top-level fields only two matter here: the graph, whose presence
tells a model from any other file, and `metadata_props`. Everything else is stepped over unread.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from pathlib import Path

from denoisectl.errors import ModelError

_GRAPH_FIELD = 7  # ModelProto.graph
_METADATA_FIELD = 14  # ModelProto.metadata_props, each a StringStringEntryProto { key = 1, value = 2 }
_PROTOBUF_LIMIT = 2**31 - 1  # bytes in one protobuf message


def read_model(path: Path) -> bytes:
    """The bytes of a model file.

    Raises:
        ModelError: there is no such file, or it cannot be read or cannot be a model.
    """
    try:
        if path.stat().st_size > _PROTOBUF_LIMIT:
            raise ModelError(f"{path} is not an ONNX model: it is larger than 2 GiB")
        if path.suffix == ".pt" and path.is_file():
            file, made = shlex.quote(str(path)), shlex.quote(f"{path.stem}.onnx")
            raise ModelError(
                f"{path} is a checkpoint, not an ONNX model; `denoisectl export {file} --out {made}` makes one of it"
            )
        return path.read_bytes()
    except FileNotFoundError:
        raise ModelError(f"no model file at {path}") from None
    except IsADirectoryError:
        raise ModelError(
            f"{path} is a folder, and a model is one file; a training run becomes one by `denoisectl export "
            f"{shlex.quote(str(path))}`"
        ) from None
    except OSError as error:
        raise ModelError(f"cannot read the model file {path}: {error.strerror or error}") from None


def metadata(model: bytes, name: str) -> dict[str, str]:
    """The `metadata_props` of the model; `name` is what messages call it.

    Raises:
        ModelError: the bytes are not an ONNX model, or the file is cut short.
    """
    props: dict[str, str] = {}
    has_graph = False
    try:
        for number, value in _fields(memoryview(model)):
            has_graph |= number == _GRAPH_FIELD
            if number == _METADATA_FIELD:
                entry = dict(_fields(value))
                props[str(entry[1], "utf-8")] = str(entry.get(2, b""), "utf-8")
    except (ValueError, KeyError):  # UnicodeDecodeError is a ValueError
        raise ModelError(f"{name} is not an ONNX model, or it is damaged or cut short") from None
    if not has_graph:
        raise ModelError(f"{name} is not an ONNX model")
    return props


def _fields(message: memoryview) -> Iterator[tuple[int, memoryview]]:
    """Field number and payload of each field; the payload of a number is empty, none is needed here."""
    at = 0
    while at < len(message):
        key, at = _varint(message, at)
        match key & 7:
            case 0:
                _, at = _varint(message, at)
                start = at
            case 1:
                start = at = at + 8
            case 2:
                size, start = _varint(message, at)
                at = start + size
            case 5:
                start = at = at + 4
            case _:
                raise ValueError("no such wire type")
        if at > len(message):
            raise ValueError("field runs past the end")
        yield key >> 3, message[start:at]


def _varint(message: memoryview, at: int) -> tuple[int, int]:
    """The base-128 number at `at`, and where it ends."""
    value = 0
    for shift in range(0, 70, 7):
        if at >= len(message):
            raise ValueError("number runs past the end")
        byte = message[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
    raise ValueError("number too long")
