from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import denoisectl.images as images
from denoisectl.errors import ImageError
from tests.denoisectl.images.samples import full_jpeg, full_png, full_tiff


def test_every_public_name_exists_and_is_documented() -> None:
    assert sorted(images.__all__) == images.__all__
    assert all(getattr(images, name).__doc__ for name in images.__all__)


def test_importing_needs_nothing_heavy(cli_env: dict[str, str]) -> None:
    heavy = "{'torch', 'onnxruntime', 'PIL', 'tifffile'}"
    code = f"import sys, denoisectl.images; print(*sorted({heavy} & set(sys.modules)))"
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, env=cli_env, check=True, timeout=60)
    assert (done.stdout.strip(), done.stderr) == (b"", b"")


def test_nothing_is_written_on_the_terminal(capfd: pytest.CaptureFixture[str]) -> None:
    for whole in (full_jpeg(), full_png(), full_tiff(), b"BM" + bytes(12) + b"\x28" + bytes(90)):
        for data in (whole, whole[: len(whole) // 2], whole[:40]):
            try:
                images.encode(images.decode(data, name="a"))
            except ImageError:
                continue
    assert capfd.readouterr() == ("", "")


_MAKE = """
import sys
from pathlib import Path
import numpy as np
from denoisectl.images import Format, Photo, encode
noise = np.random.default_rng(0).integers(100, 140, (1500, 2000, 3), np.uint8)
Path(sys.argv[1]).write_bytes(encode(Photo(np.tile(noise, (4, 4, 1)), None), format=Format.JPEG, quality=92))
"""
_USE = """
import sys
from pathlib import Path
from denoisectl.images import decode, encode

def peak():
    return int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0]) * 1024

before = peak()
photo = decode(Path(sys.argv[1]).read_bytes(), name="a")
photo = photo.with_denoised(photo.for_network.copy())
encode(photo)
sys.stdout.write(str((peak() - before) / photo.pixels.nbytes))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="peak memory is read from /proc")
def test_a_jpeg_of_48_megapixels_takes_three_copies_of_itself(
    tmp_path: Path, cli_env: dict[str, str]
) -> None:
    for code in (_MAKE, _USE):
        command = [sys.executable, "-c", code, str(tmp_path / "48.jpg")]
        done = subprocess.run(command, check=True, timeout=120, env=cli_env, stdout=subprocess.PIPE)
    assert float(done.stdout) < 3.2
