"""Every kind of file through `run`: compared by programs that share no code with this one.

The network is the identity, so that every pixel has to come out again. Pixels are compared by Pillow and
tifffile, everything else field by field by exiftool.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from tests import toy_models
from tests.denoisectl.cli.conftest import Invoke
from tests.denoisectl.images import samples
from tests.denoisectl.images.exiftool import as_promised, fields_of, needs_exiftool
from tests.denoisectl.images.samples import alpha_of, full_tiff, photo, pil


def with_alpha(pixels: NDArray) -> NDArray:
    return np.dstack([pixels, alpha_of(pixels)])


def grey(dtype: str = "uint8") -> NDArray:
    return photo(dtype)[..., 1]


def jpegs() -> Iterator[tuple[str, bytes]]:
    for sampling, name in enumerate(("444", "422", "420")):
        yield f"rgb-{name}.jpg", samples.full_jpeg(subsampling=sampling)
    yield "progressive.jpg", samples.full_jpeg(progressive=True)
    yield "turned.jpg", samples.full_jpeg(6)
    yield "grey.jpg", pil(grey(), "JPEG", exif=samples.exif(), icc_profile=samples.icc(), xmp=samples.XMP)
    yield "bare.jpg", pil(photo(), "JPEG")


def pngs() -> Iterator[tuple[str, bytes]]:
    palette = Image.fromarray(photo()).quantize(60)
    kinds = {
        "rgb": photo(),
        "grey": grey(),
        "rgb-alpha": with_alpha(photo()),
        "grey-alpha": Image.fromarray(with_alpha(grey()), "LA"),
        "grey-16": grey("uint16"),
        "palette": palette,
    }
    for name, pixels in kinds.items():
        yield f"{name}.png", samples.full_png(pixels=pixels)
    yield "turned.png", samples.full_png(8)
    yield "bits.png", pil(Image.fromarray(grey()).convert("1"), "PNG", exif=samples.exif())
    yield "clear-palette.png", pil(palette, "PNG", transparency=3, exif=samples.exif())
    yield "bare.png", pil(photo(), "PNG")


def tiffs() -> Iterator[tuple[str, bytes]]:
    for dtype in ("uint8", "uint16", "float32"):
        for name, pixels in (("rgb", photo(dtype)), ("grey", grey(dtype))):
            for compression in (None, "zlib"):
                file = full_tiff(pixels=pixels, compression=compression)
                yield f"{name}-{dtype}-{compression or 'plain'}.tif", file
        straight = full_tiff(pixels=with_alpha(photo(dtype)), extrasamples=["unassalpha"])
        yield f"rgb-alpha-{dtype}.tif", straight
    yield "big.tif", full_tiff(bigtiff=True)
    yield "motorola.tif", full_tiff(byteorder=">", pixels=photo("uint16"))
    yield "planar.tif", full_tiff(pixels=np.moveaxis(photo("uint16"), 2, 0), planarconfig="separate")
    yield "tiled.tif", full_tiff(pixels=photo("uint16"), tile=(16, 16))
    yield "turned.tif", full_tiff(5)
    yield "camera.tif", pil(photo(), "TIFF", exif=samples.exif(), icc_profile=samples.icc())


def others() -> Iterator[tuple[str, bytes]]:
    yield "lossless.webp", samples.full_webp()
    yield "turned.webp", samples.full_webp(5)
    beside = {"exif": samples.exif(), "icc_profile": samples.icc(), "xmp": samples.XMP}
    yield "lossy.webp", pil(photo(), "WEBP", quality=92, **beside)
    yield "alpha.webp", pil(with_alpha(photo()), "WEBP", lossless=True, exact=True, **beside)
    yield "rgb.bmp", pil(photo(), "BMP", dpi=(200, 100))
    yield "grey.bmp", pil(grey(), "BMP", dpi=(200, 100))


FILES = dict([*jpegs(), *pngs(), *tiffs(), *others()])
REPACKED = {"palette.png", "clear-palette.png", "bits.png"}
"""Written with 8 bits a sample, since a denoised photo has more colours than a palette."""
SAMPLE_FORM = {"PNG:ColorType", "PNG:BitDepth", "PNG:Palette", "PNG:Transparency"}
LOSSY = {name for name in FILES if name.endswith(".jpg")} | {"lossy.webp"}


@dataclass(frozen=True, slots=True)
class Through:
    """The files, and a way to run over them."""

    folder: Path
    invoke: Invoke
    model: Path

    def run(self, out: Path, *flags: str) -> None:
        ended = self.invoke("run", self.folder, "-o", out, "-m", self.model, "-d", "cpu", *flags)
        assert ended.code == 0, ended.stderr
        assert len(list(out.glob("[!.]*"))) == len(list(self.folder.iterdir()))


@pytest.fixture
def through(tmp_path: Path, invoke: Invoke) -> Through:
    (tmp_path / "in").mkdir()
    for name, data in FILES.items():
        (tmp_path / "in" / name).write_bytes(data)
    return Through(tmp_path / "in", invoke, toy_models.identity(tmp_path / "identity.onnx"))


def pixels_of(path: Path) -> NDArray:
    """The pixels as seen, by tifffile where Pillow would cut their depth, in channels that say everything."""
    if path.suffix == ".tif":
        data = path.read_bytes()
        found = samples.tiff_pixels(data)
        turned = Image.open(io.BytesIO(data)).getexif().get(0x0112, 1) if path.name == "turned.tif" else 1
        planar = found.ndim == 3 and found.shape[0] == 3
        return turn(np.moveaxis(found, 0, 2) if planar else found, turned)
    with Image.open(path) as image:
        turned = image.getexif().get(0x0112, 1)
        wide = (
            image.convert("RGBA" if "transparency" in image.info else "RGB") if image.mode == "P" else image
        )
        return turn(np.asarray(wide.convert("L") if image.mode == "1" else wide), turned)


def turn(pixels: NDArray, orientation: int) -> NDArray:
    """Upright pixels, for the orientations that the samples use."""
    quarter = {1: 0, 6: 3, 8: 1}
    return pixels.swapaxes(0, 1) if orientation == 5 else np.rot90(pixels, quarter[orientation])


def test_every_pixel_arrives(through: Through, tmp_path: Path) -> None:
    through.run(tmp_path / "out")
    for name in FILES:
        before, after = pixels_of(through.folder / name), pixels_of(tmp_path / "out" / name)
        assert (after.shape, after.dtype) == (before.shape, before.dtype), name
        if name in LOSSY:
            assert np.abs(after.astype(int) - before).mean() < 3, name
        else:  # the mean of three equal floats may differ from them in the last bit
            assert np.allclose(after, before, rtol=1e-6 if after.dtype == np.float32 else 0, atol=0), name


@needs_exiftool
def test_every_field_arrives(through: Through, tmp_path: Path) -> None:
    through.run(tmp_path / "out")
    before, after = fields_of(through.folder), fields_of(tmp_path / "out")
    assert before.keys() == after.keys() == FILES.keys()
    different = {
        f"{name} {key}": (value, after[name].get(key))
        for name, fields in before.items()
        for key, value in as_promised(fields, turned=name.startswith("turned")).items()
        if after[name].get(key) != value and not (name in REPACKED and key in SAMPLE_FORM)
    }
    assert different == {}


DEPTH = {"PNG:BitDepth", "PNG:SignificantBits", "IFD0:BitsPerSample", "IFD0:SampleFormat"}


@needs_exiftool
@pytest.mark.parametrize("bits", [8, 16])
def test_every_field_arrives_at_another_depth(through: Through, tmp_path: Path, bits: int) -> None:
    for file in through.folder.iterdir():
        if file.suffix not in (".png", ".tif"):
            file.unlink()
    through.run(tmp_path / "out", "--bit-depth", str(bits))
    before, after = fields_of(through.folder), fields_of(tmp_path / "out")
    different = {
        f"{name} {key}": (value, after[name].get(key))
        for name, fields in before.items()
        for key, value in as_promised(fields, turned=name.startswith("turned")).items()
        if key not in DEPTH | SAMPLE_FORM and after[name].get(key) != value
    }
    assert different == {}
    depths = {str(fields.get("PNG:BitDepth", fields.get("IFD0:BitsPerSample"))) for fields in after.values()}
    assert {depth for text in depths for depth in text.split()} == {str(bits)}


# Where exiftool shows what each part of the metadata says, in any container.
_PARTS = {
    "EXIF": ("IFD0:Make", "IFD0:Artist", "ExifIFD:ISO", "ExifIFD:MakerNote", "GPS:GPSLatitude"),
    "XMP": ("XMP-xmp:Rating", "XMP-dc:Subject"),
    "IPTC": ("IPTC:Keywords", "IPTC:ObjectName"),
    "ICC": ("ICC_Profile:ProfileDescription", "ICC_Profile:MediaWhitePoint"),
}
_HELD = {
    "jpeg": ("EXIF", "XMP", "IPTC", "ICC"),
    "png": ("EXIF", "XMP", "ICC"),
    "tiff": ("EXIF", "XMP", "IPTC", "ICC"),
    "webp": ("EXIF", "XMP", "ICC"),
    "bmp": (),
}


@needs_exiftool
@pytest.mark.parametrize("target", _HELD)
def test_another_format_gets_every_field_that_it_can_hold(
    through: Through, tmp_path: Path, target: str
) -> None:
    for file in through.folder.iterdir():  # names that stay apart, and nothing that the format refuses
        if "alpha" in file.name or "clear" in file.name:
            file.unlink()
        else:
            file.rename(file.with_name(f"{file.stem}-{file.suffix[1:]}{file.suffix}"))
    through.run(tmp_path / "out", "--format", target)
    before = {Path(name).stem: fields for name, fields in fields_of(through.folder).items()}
    after = {Path(name).stem: fields for name, fields in fields_of(tmp_path / "out").items()}
    assert before.keys() == after.keys() and len(before) > 30
    different = {
        f"{name} {key}": (fields[key], after[name].get(key))
        for name, fields in before.items()
        for part in _HELD[target]
        for key in _PARTS[part]
        if key in fields and after[name].get(key) != fields[key]
    }
    assert different == {}
