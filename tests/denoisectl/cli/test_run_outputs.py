"""What the results of `run` are called, and which format and metadata they have."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from tests.denoisectl.cli.conftest import Invoke, names
from tests.denoisectl.conftest import write_picture
from tests.denoisectl.images import samples


def test_names_and_formats(run: Invoke, photos: Path, out: Path) -> None:
    assert run(photos, "-o", out, "--format", "webp", "--suffix", "-clean", "--quality", "80").code == 0
    assert names(out) == ["a-clean.webp", "b-clean.webp"]


@pytest.mark.parametrize("name", ["x.heic", "x.gif", "x.dng"])
def test_an_output_of_a_kind_that_is_not_written_is_no_folder(
    run: Invoke, photos: Path, tmp_path: Path, name: str
) -> None:
    ended = run(photos / "a.png", "-o", tmp_path / name)
    assert ended.code == 2 and f"{name}: {Path(name).suffix} files are not written" in ended.stderr
    assert not (tmp_path / name).exists()


@pytest.mark.parametrize(("name", "meant"), [("x.jgp", "x.jpg"), ("x.pgn", "x.png"), ("x.TIFFF", "x.tiff")])
def test_a_misspelt_ending_of_an_output_makes_no_folder(
    run: Invoke, photos: Path, tmp_path: Path, name: str, meant: str
) -> None:
    ended = run(photos / "a.png", "-o", tmp_path / name)
    assert ended.code == 2 and f"write {tmp_path / meant} for a file" in ended.stderr
    assert not (tmp_path / name).exists()


def test_a_suffix_beside_the_name_of_the_output_is_refused(run: Invoke, photos: Path, tmp_path: Path) -> None:
    ended = run(photos / "a.png", "-o", tmp_path / "x.png", "--suffix=-clean")
    assert ended.code == 2 and "x.png names one file, and --suffix -clean is for a folder" in ended.stderr
    assert not (tmp_path / "x.png").exists()


@pytest.mark.parametrize("name", ["x.v2", "x.clean", "x.jgp/"])
def test_other_names_are_folders(run: Invoke, photos: Path, tmp_path: Path, name: str) -> None:
    assert run(photos / "a.png", "-o", f"{tmp_path}/{name}").code == 0
    assert (tmp_path / name / "a.png").is_file()


def test_an_encoder_that_refuses_names_the_photo(run: Invoke, tmp_path: Path, out: Path) -> None:
    write_picture(tmp_path / "in" / "wide.png", 1, 70_000)
    ended = run(tmp_path / "in", "-o", out, "--format", "jpeg")
    assert ended.code == 1 and "wide.png: JPEG allows 65,500 pixels a side; choose PNG" in ended.stderr


@pytest.mark.parametrize(
    ("flags", "kept"),
    [
        ([], {"EXIF:Make", "EXIF:GPSLatitude", "XMP:GPSLatitude", "XMP:Rating", "Comment", "ICC"}),
        (["--strip-gps"], {"EXIF:Make", "XMP:Rating", "Comment", "ICC"}),
        (["--metadata", "none"], {"ICC"}),
    ],
)
@pytest.mark.parametrize("strength", ["1", "0"])
def test_metadata_is_left_out_on_request(
    run: Invoke, tmp_path: Path, flags: list[str], kept: set[str], strength: str
) -> None:
    source, target = tmp_path / "a.jpg", tmp_path / "b.jpg"
    place = b'xmlns:exif="http://ns.adobe.com/exif/1.0/" exif:GPSLatitude="53,33.0N" xmp:Rating='
    source.write_bytes(
        samples.pil(
            samples.photo(), "JPEG", exif=samples.exif(), icc_profile=samples.icc(), comment=b"by hand",
            xmp=samples.XMP.replace(b"xmp:Rating=", place),
        )
    )  # fmt: skip
    assert run(source, "-o", target, "--strength", strength, *flags).code == 0
    with Image.open(target) as image:
        exif, xmp = image.getexif(), image.info.get("xmp", b"")
        found = {
            "EXIF:Make": 0x010F in exif,
            "EXIF:GPSLatitude": 2 in exif.get_ifd(0x8825),
            "XMP:GPSLatitude": b"GPS" in xmp,
            "XMP:Rating": b"Rating" in xmp,
            "Comment": "comment" in image.info,
            "ICC": "icc_profile" in image.info,
        }
    assert {name for name, there in found.items() if there} == kept
    if flags:
        assert b"GPS" not in target.read_bytes()


def test_a_format_by_the_name_of_its_files(run: Invoke, photos: Path, out: Path) -> None:
    assert run(photos, "-o", out, "--format", "tif").code == 0
    assert {path.suffix for path in out.glob("[!.]*")} == {".tif"}
