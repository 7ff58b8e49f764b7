"""What an import may cost."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

import denoisectl

HEAVY = {"torch", "onnx", "onnxruntime", "cv2", "numpy", "rich"}


def _imported(statement: str, env: dict[str, str]) -> set[str]:
    code = f"import sys\n{statement}\nsys.stdout.write(' '.join(sys.modules))"
    return set(subprocess.check_output([sys.executable, "-c", code], env=env, text=True).split())


@pytest.mark.parametrize(
    ("statement", "heavy"),
    [
        ("import denoisectl", set()),
        ("from denoisectl import ModelCard", set()),
        ("from denoisectl import FileResult, Status", set()),
        ("import denoisectl.cli.models, denoisectl.cli.doctor", set()),
        ("import denoisectl.model_file.shipped", set()),
        ("from denoisectl import Denoiser", {"cv2", "onnxruntime", "numpy"}),
    ],
)
def test_no_more_is_imported_than_is_used(statement: str, heavy: set[str], cli_env: dict[str, str]) -> None:
    assert _imported(statement, cli_env) & HEAVY == heavy


def test_the_public_names_are_there() -> None:
    assert denoisectl.__all__ == ["Denoiser", "FileResult", "ModelCard", "Status", "__version__"]
    assert denoisectl.Denoiser.__name__ == "Denoiser"
    assert denoisectl.ModelCard.__name__ == "ModelCard"
    assert denoisectl.FileResult.__name__ == "FileResult" and list(denoisectl.Status) == [
        "ok",
        "skipped",
        "failed",
    ]
    with pytest.raises(AttributeError, match="'denoisectl' has no attribute 'Denoise'"):
        denoisectl.Denoise  # noqa: B018


def test_help_shows_the_public_names_before_they_are_used(cli_env: dict[str, str]) -> None:
    code = "import denoisectl, pydoc; print(pydoc.render_doc(denoisectl, renderer=pydoc.plaintext))"
    page = subprocess.check_output([sys.executable, "-c", code], env=cli_env, text=True)
    assert {"Denoiser", "FileResult", "ModelCard", "Status"} <= set(re.findall(r"class (\w+)\(", page))
