"""Who imports whom: what denoises never what trains, what trains never what exports, nobody the command line."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from graphlib import TopologicalSorter
from itertools import permutations
from pathlib import Path

import pytest

from tests.conftest import ROOT


def imports_of(file: Path) -> Iterator[str]:
    """Full names of all that a file imports, inside its functions too."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: a relative import"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def importers(folder: str, module: str) -> set[str]:
    """Files below `folder` that import `module` or something in it."""
    files = (ROOT / folder).rglob("*.py")
    found = (file for file in files if any(f"{name}.".startswith(f"{module}.") for name in imports_of(file)))
    return {file.relative_to(ROOT).as_posix() for file in found}


def outside_the_command_line(files: set[str]) -> set[str]:
    return {file for file in files if not file.startswith("denoisectl/cli/")}


@pytest.mark.parametrize("package", ["denoisectl_training", "denoisectl_exports"])
def test_only_commands_import_training_and_exports(package: str) -> None:
    # No exceptions: `model_file.shipped` asks where the exports lie, for the models among them, and imports nothing.
    found = importers("denoisectl", package)
    assert found and outside_the_command_line(found) == set()


def test_training_imports_no_exports_and_exports_import_training() -> None:
    assert importers("training", "denoisectl_exports") == set()
    assert importers("exports", "denoisectl_training")


def test_only_the_entry_point_imports_the_command_line() -> None:
    folders = ("denoisectl", "training", "exports", "benchmarks")
    found = set().union(*(importers(folder, "denoisectl.cli") for folder in folders))
    assert outside_the_command_line(found) == {"denoisectl/__main__.py"}


def test_no_module_imports_itself_by_way_of_others() -> None:
    """At the top of files, where a circle fails or works by the order of chance."""
    folders = {"denoisectl": ROOT, "training/denoisectl_training": ROOT / "training"}
    folders |= {"exports/denoisectl_exports": ROOT / "exports"}
    names: dict[str, Path] = {}
    for folder, root in folders.items():
        for file in (ROOT / folder).rglob("*.py"):
            parts = file.relative_to(root).with_suffix("").parts
            names[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = file
    graph = {name: {_module(each, names) for each in _at_the_top(file)} for name, file in names.items()}
    order = TopologicalSorter({name: needed - {name, None} for name, needed in graph.items()})
    assert len(list(order.static_order())) == len(names)  # raises CycleError


@pytest.mark.parametrize("package", ["denoisectl", "training/denoisectl_training"])
def test_no_two_rooms_import_each_other(package: str) -> None:
    folder = ROOT / package
    rooms = [each.name for each in folder.iterdir() if each.is_dir()]
    imported = {
        room: [name for file in (folder / room).rglob("*.py") for name in imports_of(file)] for room in rooms
    }

    def knows(one: str, other: str) -> bool:
        return any(name.startswith(f"{folder.name}.{other}.") for name in imported[one])

    assert [
        (one, other) for one, other in permutations(rooms, 2) if knows(one, other) and knows(other, one)
    ] == []


def _at_the_top(file: Path) -> Iterator[str]:
    for node in ast.parse(file.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _module(name: str, names: dict[str, Path]) -> str | None:
    """The module that an imported name is or lies in."""
    while name and name not in names:
        name = name.rpartition(".")[0]
    return name or None
