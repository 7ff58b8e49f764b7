"""The file that native code's words go to."""

import os
import tempfile

import pytest

from denoisectl.descriptors import nameless_file


def _written_and_read() -> bytes:
    with nameless_file() as file:
        os.write(file.fileno(), b"said")
        file.seek(0)
        return file.read()


@pytest.mark.skipif(not hasattr(os, "memfd_create"), reason="files in memory are Linux's")
def test_no_folder_need_be_writable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", "/gone")
    assert _written_and_read() == b"said"


def test_elsewhere_it_is_a_temporary_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "memfd_create", raising=False)
    assert _written_and_read() == b"said"
