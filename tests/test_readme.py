"""The README holds what it says: its commands are the ones that run, and none is made up."""

import re

import pytest

from denoisectl.cli.main import _COMMANDS
from tests.conftest import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_continuous_integration_runs_the_readmes_own_test_command() -> None:
    (command,) = [line.strip() for line in README.splitlines() if line.strip().endswith(".venv/bin/pytest")]
    assert command in (ROOT / ".ci" / "run").read_text().splitlines()


def test_every_command_in_the_readme_exists() -> None:
    named = set(re.findall(r"(?:^|[`$/] ?)denoisectl ([a-z]+)", README, flags=re.MULTILINE))
    assert named and named <= {name for name, _ in _COMMANDS}


@pytest.mark.parametrize("link", re.findall(r"\]\(([^)]+)\)", README))
def test_every_link_in_the_readme_leads_somewhere(link: str) -> None:
    assert link.startswith("http") or (ROOT / link).exists()
