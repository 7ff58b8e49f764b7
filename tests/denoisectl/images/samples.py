"""Small photos and files with everything in them, made by libraries other than the one under test."""

from __future__ import annotations

import io
import struct
import warnings
from functools import cache

import numpy as np
import tifffile
from numpy.typing import NDArray
from PIL import Image, ImageCms

XMP = (
    b'<?xpacket begin="\xef\xbb\xbf" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">'
    b'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" '
    b'xmlns:tiff="http://ns.adobe.com/tiff/1.0/" xmlns:xmp="http://ns.adobe.com/xap/1.0/" '
    b'xmlns:dc="http://purl.org/dc/elements/1.1/" xmp:Rating="4" tiff:Orientation="6">'
    b"<dc:subject><rdf:Bag><rdf:li>harbour</rdf:li><rdf:li>fog</rdf:li></rdf:Bag></dc:subject>"
    b'</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="w"?>'
)
IPTC = b"\x1c\x02\x05\x00\x05Fog 7\x1c\x02\x19\x00\x07harbour"


@cache
def photo(dtype: str = "uint8", height: int = 40, width: int = 56) -> NDArray:
    """A crop of a real photo, (H, W, 3), its full depth used."""
    from skimage import data

    crop = data.coffee()[100 : 100 + height, 200 : 200 + width]
    return deepened(crop, dtype)


def deepened(pixels: NDArray, dtype: str) -> NDArray:
    """8-bit pixels in another depth, the new low bits not all zero."""
    if dtype == "uint8":
        return pixels.copy()
    noise = np.random.default_rng(7).random(pixels.shape)
    fine = (pixels + noise) / 256
    return (fine * 65535).astype(np.uint16) if dtype == "uint16" else fine.astype(np.float32)


def alpha_of(pixels: NDArray) -> NDArray:
    """An alpha plane (H, W) of the same dtype with transparent, half transparent and opaque parts."""
    height, width = pixels.shape[:2]
    ramp = np.clip(np.linspace(-0.5, 1.5, width), 0, 1)
    white = 1 if pixels.dtype == np.float32 else np.iinfo(pixels.dtype).max
    return np.tile(ramp * white, (height, 1)).astype(pixels.dtype)


def pil(image: Image.Image | NDArray, format: str, **options: object) -> bytes:
    """A file written by Pillow."""
    out = io.BytesIO()
    made = image if isinstance(image, Image.Image) else Image.fromarray(image)
    made.save(out, format, **options)
    return out.getvalue()


def opened(data: bytes) -> NDArray:
    """Pixels as Pillow decodes them."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return np.asarray(Image.open(io.BytesIO(data)))


def tiff(pixels: NDArray, **options: object) -> bytes:
    """A file written by tifffile."""
    out = io.BytesIO()
    if pixels.ndim == 3 and options.get("planarconfig") != "separate":
        options.setdefault("planarconfig", "contig")
    tifffile.imwrite(out, pixels, **{"photometric": "rgb" if pixels.ndim == 3 else "minisblack", **options})
    return out.getvalue()


def tiff_pixels(data: bytes) -> NDArray:
    """Samples as tifffile decodes them."""
    return tifffile.imread(io.BytesIO(data))


@cache
def icc() -> bytes:
    """A real colour profile."""
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def exif(orientation: int = 1, width: int = 56, height: int = 40) -> Image.Exif:
    """EXIF of a camera: main, photo and GPS directories, a maker note."""
    block = Image.Exif()
    block[0x010F], block[0x0110] = "Maker", "Model 3"
    block[0x0112] = orientation
    block[0x011A], block[0x011B], block[0x0128] = 240.0, 240.0, 2
    block[0x013B], block[0x8298] = "A. Person", "(c) 2026"
    camera = block.get_ifd(0x8769)
    camera.update({0x829A: (1, 250), 0x8827: 3200, 0x9003: "2026:02:03 04:05:06", 0x927C: b"note" * 20})
    camera.update({0xA002: width, 0xA003: height})
    block.get_ifd(0x8825).update({1: "N", 2: (53.0, 33.0, 2.5), 3: "E", 4: (9.0, 59.0, 1.5)})
    return block


def exif_bytes(orientation: int = 1) -> bytes:
    """The same as a block that begins with its TIFF header."""
    return exif(orientation).tobytes().removeprefix(b"Exif\0\0")


def resources() -> bytes:
    """Photoshop resources: IPTC, a thumbnail, and one more."""
    out = b""
    for number, content in ((0x0404, IPTC), (0x040C, b"thumb" * 9), (0x03F3, bytes(9))):
        out += struct.pack(">4sHHI", b"8BIM", number, 0, len(content)) + content + bytes(len(content) % 2)
    return out


def with_segment(jpeg: bytes, marker: int, content: bytes) -> bytes:
    """A JPEG with one more segment, after the first."""
    at = 4 + int.from_bytes(jpeg[4:6], "big")
    return jpeg[:at] + bytes([0xFF, marker]) + (len(content) + 2).to_bytes(2, "big") + content + jpeg[at:]


def full_jpeg(orientation: int = 1, **options: object) -> bytes:
    """A JPEG with EXIF, ICC, XMP, IPTC, a comment and a density."""
    settings = {"quality": 92, "subsampling": 1, "dpi": (300, 300), "comment": b"by hand"} | options
    made = pil(photo(), "JPEG", exif=exif(orientation), icc_profile=icc(), xmp=XMP, **settings)
    return with_segment(made, 0xED, b"Photoshop 3.0\0" + resources())


def full_png(orientation: int = 1, pixels: NDArray | None = None) -> bytes:
    """A PNG with eXIf, iCCP, XMP, text and pHYs."""
    from PIL.PngImagePlugin import PngInfo

    info = PngInfo()
    info.add_itxt("XML:com.adobe.xmp", XMP.decode())
    info.add_text("Comment", "by hand")
    info.add_text("Title", "Harbour")
    info.add_text("Author", "Jörg", zip=True)
    made = photo() if pixels is None else pixels
    return pil(made, "PNG", exif=exif(orientation), icc_profile=icc(), pnginfo=info, dpi=(300, 300))


def full_webp(orientation: int = 1) -> bytes:
    """A lossless WebP with EXIF, ICC and XMP."""
    return pil(photo(), "WEBP", lossless=True, exif=exif(orientation), icc_profile=icc(), xmp=XMP)


def full_tiff(orientation: int = 1, pixels: NDArray | None = None, **options: object) -> bytes:
    """A TIFF by tifffile with resolution, ICC, XMP, IPTC and resources."""
    made = photo() if pixels is None else pixels
    tags = [
        (271, 2, 0, "Maker", True),
        (315, 2, 0, "A. Person", True),
        (700, 1, len(XMP), XMP, True),
        (33723, 7, len(IPTC), IPTC, True),
        (34377, 7, len(resources()), resources(), True),
        (34675, 7, len(icc()), icc(), True),
        (274, 3, 1, orientation, True),
    ]
    options = {"metadata": None, "description": "Harbour", "software": "scanner 1"} | options
    return tiff(made, extratags=tags, resolution=(300, 300), resolutionunit=2, **options)
