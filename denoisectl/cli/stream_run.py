"""A run over one image where stdin or stdout takes part: `denoisectl run - --out -`."""

from __future__ import annotations

import sys
from pathlib import Path

from denoisectl.batch.one_image import denoise_bytes
from denoisectl.batch.settings import Settings, format_of
from denoisectl.cli import console
from denoisectl.cli.opening import ToldOpening
from denoisectl.cli.run_options import RunOptions
from denoisectl.cli.stdout import data_stdout
from denoisectl.errors import ImageError, UsageError
from denoisectl.images.native import caught_warnings
from denoisectl.whole_file import check_place, write_whole


def stream(asked: RunOptions, settings: Settings, opening: ToldOpening) -> None:
    """Denoise one image from or to a pipe."""
    names, out = asked.names, asked.out or "-"
    _check(names, out, overwrite=asked.policy == "overwrite", json=asked.json)
    if out != "-":
        settings = settings.named_by(Path(out))
    with data_stdout() as write, caught_warnings():
        data, lost = denoise_bytes(opening, _read(names[0]), settings, name=_called(names[0]))
        for loss in lost:
            console.warn(f"{_called(names[0])}: the result does not hold its {loss}")
        if out == "-":
            write(data)
        else:
            _put(Path(out), data)


def _check(names: list[str], out: str, *, overwrite: bool, json: bool) -> None:
    if len(names) != 1:
        raise UsageError("a pipe carries one image: give one INPUT with -, or a folder as --out")
    if Path(names[0]).is_dir():
        raise UsageError(
            f"{names[0]}: is a folder, and a pipe carries one image; name a file, or give --out a folder"
        )
    if json and out == "-":
        raise UsageError("--json and --out - both want stdout; give the image a file, or leave out --json")
    if json:
        raise UsageError(
            "--json reports on files, and a pipe has none: its exit code tells; leave out --json"
        )
    if names == ["-"] and sys.stdin is None:
        raise UsageError("INPUT -: stdin is closed; pipe an image in, or name a file")
    if out == "-" and sys.stdout is not None and sys.stdout.isatty():
        raise UsageError("--out -: stdout is a terminal; pipe the image on, or give --out a file")
    if names == ["-"] and sys.stdin.isatty():
        raise UsageError(
            "INPUT -: stdin is a terminal; pipe an image in, or name a file; `denoisectl run -h` helps"
        )
    if out != "-" and (Path(out).is_dir() or not format_of(Path(out))):
        raise UsageError(
            f"--out {out}: an image from stdin has no name; give a file such as {Path(out) / 'image.png'}, or -"
        )
    if out != "-" and Path(out).exists() and not overwrite:
        raise UsageError(f"{out} exists already; --overwrite replaces it")
    if out != "-":
        check_place(Path(out).parent, f"--out {out}: its folder")


def _read(name: str) -> bytes:
    try:
        data = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
    except FileNotFoundError:
        raise UsageError(f"{name}: no such file; check the name") from None
    except OSError as error:
        raise ImageError(f"{_called(name)}: cannot be read: {error.strerror}") from None
    if name == "-" and not data:
        raise ImageError("stdin: nothing came in; did the command before it fail?")
    return data


def _put(target: Path, data: bytes) -> None:
    try:
        write_whole(target, data)
    except OSError as error:
        raise ImageError(f"{target}: cannot be written: {error.strerror}") from error


def _called(name: str) -> str:
    return "stdin" if name == "-" else name
