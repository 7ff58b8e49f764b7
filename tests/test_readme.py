"""The README holds what it says: its commands are the ones that run, and none is made up."""

import re
from pathlib import Path

import pytest

from denoisectl.cli.main import _COMMANDS
from tests.conftest import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_continuous_integration_runs_the_readmes_own_test_command() -> None:
    (command,) = [line.strip() for line in README.splitlines() if line.strip().endswith(".venv/bin/pytest")]
    assert command in (ROOT / ".ci" / "run").read_text().splitlines()


def test_every_command_in_the_readme_exists() -> None:
    named = set(re.findall(r"(?:^|[`$/] ?)denoisectl ([a-z]+)", README, flags=re.MULTILINE))
    assert named and named <= set(_COMMANDS)


@pytest.mark.parametrize(
    "page", ["README.md", *(f"docs/{page.name}" for page in (ROOT / "docs").glob("*.md"))]
)
def test_every_link_leads_somewhere(page: str) -> None:
    file = ROOT / page
    links = [link.partition("#") for link in re.findall(r"\]\(([^)\s]+)\)", file.read_text(encoding="utf-8"))]
    assert not [
        path for path, _, _ in links if not path.startswith("http") and not (file.parent / path).exists()
    ]
    assert not [
        mark
        for path, _, mark in links
        if mark and mark not in _headings(file.parent / path if path else file)
    ]


def _headings(file: Path) -> set[str]:
    """Anchors as code hosts make them of headings."""
    titles = re.findall(r"^#+ (.*)$", file.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}
