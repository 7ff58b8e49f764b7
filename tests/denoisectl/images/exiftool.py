"""What exiftool, a program that shares no code with this one, finds in image files."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

needs_exiftool = pytest.mark.skipif(shutil.which("exiftool") is None, reason="exiftool is not installed")

Fields = dict[str, Any]

# Not the photo's: the file itself, how it is stored, and what is promised to change.
_FILE_GROUPS = ("File", "System", "ExifTool", "Composite", "SourceFile")
_STORAGE = (
    *("TileOffsets", "TileByteCounts", "TileWidth", "TileLength"),
    *("StripOffsets", "StripByteCounts", "RowsPerStrip", "Compression", "Predictor", "SampleFormat"),
    *("PhotoshopThumbnail", "JFIFVersion", "FillOrder", "ColorTransform", "Interlace", "Filter"),
    *("PlanarConfiguration", "SubfileType", "VP8Version", "AlphaIsUsed", "ImageSizeByteCount"),
    *("BMPVersion", "ImageLength", "NumColors", "NumImportantColors", "WebP_Flags", "YCbCrSubSampling"),
)


def fields_of(folder: Path) -> dict[str, dict[str, Any]]:
    command = ["exiftool", "-j", "-a", "-G1", "-n", "-struct", "-b", "-q", str(folder)]
    listed = json.loads(subprocess.run(command, capture_output=True, check=True, timeout=60).stdout)
    return {Path(fields["SourceFile"]).name: fields for fields in listed}


def as_promised(fields: dict[str, Any], *, turned: bool) -> dict[str, Any]:
    """The input's fields as the output should have them; a turned photo stands 56 high and 40 wide."""
    expected = {}
    for key, value in fields.items():
        group, _, tag = key.partition(":")
        if group in _FILE_GROUPS or tag in _STORAGE:
            continue
        if tag == "Orientation" and (turned or group != "XMP-tiff"):
            value = 1
        if turned and tag in ("ImageWidth", "ExifImageWidth"):
            value = 40
        if turned and tag in ("ImageHeight", "ExifImageHeight"):
            value = 56
        expected[key] = value
    return expected
