"""Nothing that a library prints reaches stdout."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from denoisectl.engine.silence import captured_stdout


def test_what_python_and_native_code_print_is_caught(capfd: pytest.CaptureFixture[str]) -> None:
    with captured_stdout() as printed:
        sys.stdout.write("from python\n")
        os.write(1, b"from the descriptor\n")
        subprocess.run([sys.executable, "-c", "print('from a child')"], check=True)
    sys.stdout.write("after\n")
    assert printed.getvalue() == "from python\nfrom the descriptor\nfrom a child\n"
    assert capfd.readouterr().out == "after\n"


def test_stdout_comes_back_after_an_error(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ValueError, match="inside"), captured_stdout():
        raise ValueError("inside")
    os.write(1, b"after\n")
    assert capfd.readouterr().out == "after\n"


def test_a_process_without_stdout_is_left_alone() -> None:
    code = (
        "import os, sys; os.close(1)\n"
        "from denoisectl.engine.silence import captured_stdout\n"
        "with captured_stdout() as printed: sys.stdout.write('x')\n"
        "sys.stderr.write(printed.getvalue()); os._exit(0)"
    )
    child = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert child.stderr == "x"
