"""Messages that the command line and programs share: what they tell to give, both can give."""

from __future__ import annotations

import ast
import inspect
import re

from denoisectl import Denoiser
from tests.conftest import ROOT

_COMMAND_LINE = {"base", "files-from", "max-failures", "shard", "suffix"}
_PIP = {"force-reinstall", "upgrade"}


def _flags() -> set[str]:
    """Long flags in all strings of the runtime, but for the command line's own, the demo's and docstrings."""
    flags: set[str] = set()
    for file in (ROOT / "denoisectl").rglob("*.py"):
        if not {"cli", "report"} & set(file.parts):
            tree = ast.parse(file.read_text(encoding="utf-8"))
            docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
            for node in ast.walk(tree):
                if (
                    isinstance(node, ast.Constant)
                    and isinstance(node.value, str)
                    and id(node) not in docstrings
                ):
                    flags |= set(re.findall(r"(?<![\w-])--([a-z][a-z-]*)", node.value))
    return flags


def test_a_flag_in_a_message_is_an_argument_too() -> None:
    methods = (Denoiser.open, Denoiser.file, Denoiser.folder, Denoiser.in_place)
    arguments = {name for method in methods for name in inspect.signature(method).parameters}
    flags = _flags()
    assert {"bit-depth", "recursive", "memory"} <= flags, "they are found"
    assert {flag for flag in flags if flag.replace("-", "_") not in arguments} == _COMMAND_LINE | _PIP
