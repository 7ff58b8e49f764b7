"""Damage that codecs only grumble about: caught in a process of our own, and told to its own file."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import cv2
import pytest
from skimage.data import astronaut

from denoisectl.errors import ImageError
from denoisectl.images import decode
from denoisectl.images.jpeg_tail import check_said
from denoisectl.images.native import caught_warnings, listened
from tests.conftest import ROOT


def jpeg(progressive: int = 0) -> bytes:
    return bytes(
        cv2.imencode(".jpg", astronaut()[:160, :160], [cv2.IMWRITE_JPEG_PROGRESSIVE, progressive])[1]
    )


def broken(data: bytes) -> bytes:
    """A stretch of the scan replaced by bytes that mean something else, and no marker."""
    middle = len(data) // 2
    return data[:middle] + b"\x55" * 40 + data[middle + 40 :]


@pytest.mark.parametrize("progressive", [0, 1])
def test_a_damaged_scan_is_found(progressive: int, capfd: pytest.CaptureFixture[str]) -> None:
    data = jpeg(progressive)
    with caught_warnings():
        decode(data, name="a.jpg")
        with pytest.raises(ImageError, match=r"a\.jpg: the image data is damaged .*restore it from a backup"):
            decode(broken(data), name="a.jpg")
    assert capfd.readouterr().err == ""


def test_a_library_catches_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    decode(broken(jpeg()), name="a.jpg")
    assert "Corrupt JPEG data" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("said", "scans", "fine"),
    [
        ("", b"", True),
        ("Corrupt JPEG data: bad Huffman code\n", b"", False),
        ("Corrupt JPEG data: premature end of data segment\n", b"", False),
        ("Corrupt JPEG data: 3 extraneous bytes before marker 0xd9\n", b"\x17\x00\x00\x00\xff\xd9", True),
        ("Corrupt JPEG data: 3 extraneous bytes before marker 0xd9\n", b"\x17\x01\x02\x03\xff\xd9", False),
        ("Corrupt JPEG data: 3 extraneous bytes before marker 0xc4\n", b"\x17\x00\x00\x00\xff\xd9", False),
        ("Invalid SOS parameters for sequential JPEG\n", b"", True),
    ],
)
def test_what_is_said_is_weighed(said: str, scans: bytes, fine: bool) -> None:
    if fine:
        check_said(said, scans)
        return
    with pytest.raises(ImageError, match="the image data is damaged"):
        check_said(said, scans)


def test_padding_is_no_damage() -> None:
    data = jpeg()
    with caught_warnings():
        decode(data[:-2] + bytes(300) + data[-2:], name="a.jpg")


def test_threads_hear_their_own_files_only() -> None:
    good, bad = jpeg(), broken(jpeg())

    def fails(data: bytes) -> bool:
        try:
            decode(data, name="x")
        except ImageError:
            return True
        return False

    files = [bad if number % 3 == 0 else good for number in range(90)]
    with caught_warnings(), ThreadPoolExecutor(4) as threads:
        assert list(threads.map(fails, files)) == [data is bad for data in files]


def test_others_are_told_at_the_end(capfd: pytest.CaptureFixture[str]) -> None:
    with caught_warnings():
        os.write(2, b"a driver speaks\n")
        os.write(2, b"libpng warning: whatever\n")
        sys.stderr.write("so do we\n")
    assert capfd.readouterr().err == "so do we\na driver speaks\n"


def test_stderr_is_as_it_was(capfd: pytest.CaptureFixture[str]) -> None:
    before = sys.stderr
    with caught_warnings():
        assert listened(lambda: os.write(2, b"hm"))[1] == "hm"
    assert sys.stderr is before
    assert listened(lambda: os.write(2, b"hm")) == (2, "")
    assert capfd.readouterr().err == "hmhm" + "hm", "work that speaks is done twice"


def test_a_process_without_stderr_works() -> None:
    code = "import os; os.close(2)\nfrom denoisectl.images.native import caught_warnings\n"
    code += "with caught_warnings(): print('done')"
    ended = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, check=False)
    assert ended.stdout == b"done\n"
