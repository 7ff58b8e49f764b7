"""The page about runs names tests and flags that there are."""

from __future__ import annotations

import re

from denoisectl.batch.failure_code import FailureCode
from tests.conftest import ROOT
from tests.denoisectl.cli.conftest import Invoke

PAGE = ROOT / "docs" / "batch.md"


def test_every_want_has_tests_that_exist() -> None:
    rows = re.findall(r"^\| (\d+) \|(.*)$", PAGE.read_text(), re.MULTILINE)
    assert [int(number) for number, _ in rows] == list(range(1, 31))
    for number, row in rows:
        tests = re.findall(r"`([\w/]+\.py)::(\w+)`", row)
        assert tests, f"want {number} names no test"
        for file, name in tests:
            text = (ROOT / "tests" / "denoisectl" / file).read_text()
            assert re.search(rf"def {name}\(", text), f"want {number}: {file} has no {name}"


def test_every_flag_on_the_page_exists(invoke: Invoke) -> None:
    flags = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", PAGE.read_text()))
    text = invoke("run", "--help").stdout
    assert flags and {flag for flag in flags if flag not in text} == set()


def test_every_code_of_a_failure_is_on_the_page() -> None:
    text = PAGE.read_text()
    assert [code for code in FailureCode if f"`{code}`" not in text] == []
