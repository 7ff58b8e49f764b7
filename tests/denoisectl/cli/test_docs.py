"""The pages about runs name tests and flags that there are."""

from __future__ import annotations

import re

from denoisectl.batch.failure_code import FailureCode
from tests.conftest import ROOT
from tests.denoisectl.cli.conftest import Invoke

PAGE = (ROOT / "docs" / "batch.md").read_text(encoding="utf-8")
REQUIREMENTS = (ROOT / "docs" / "requirements.md").read_text(encoding="utf-8")


def test_every_want_has_tests_that_exist() -> None:
    rows = re.findall(r"^\| (\d+) \|(.*)$", REQUIREMENTS, re.MULTILINE)
    assert [int(number) for number, _ in rows] == list(range(1, 31))
    for number, row in rows:
        tests = re.findall(r"`([\w/]+\.py)::(\w+)`", row)
        assert tests, f"want {number} names no test"
        for file, name in tests:
            text = (ROOT / "tests" / "denoisectl" / file).read_text()
            assert re.search(rf"def {name}\(", text), f"want {number}: {file} has no {name}"


def test_every_flag_on_the_pages_exists(invoke: Invoke) -> None:
    flags = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", PAGE + REQUIREMENTS))
    text = invoke("run", "--help").stdout
    assert flags and {flag for flag in flags if flag not in text} == set()


def test_every_code_of_a_failure_is_on_the_page() -> None:
    assert [code for code in FailureCode if f"`{code}`" not in PAGE] == []
