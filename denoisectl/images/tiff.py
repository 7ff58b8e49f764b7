"""TIFF files (classic and Big): read whole, upright, with everything their directories say."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from denoisectl.errors import ImageError
from denoisectl.images import exif, photoshop, tiff_tags
from denoisectl.images.formats import Format
from denoisectl.images.ifd import Block, Directory
from denoisectl.images.limits import check_size
from denoisectl.images.opencv import STORED, decode_with
from denoisectl.images.photo import Alpha, Metadata, Origin, Photo, Pixels
from denoisectl.images.tag_codes import TagCode
from denoisectl.images.tiff_blocks import read_samples
from denoisectl.images.tiff_layout import BY_LIBTIFF, JPEG, NONE, PALETTE, WHITE_IS_ZERO, Layout, layout_of

_ALPHAS = {0: Alpha.UNSPECIFIED, 1: Alpha.PREMULTIPLIED, 2: Alpha.STRAIGHT}


def read(data: bytes, max_pixels: int | None) -> Photo:
    """Decode a TIFF file as stored: orientation is not applied yet.

    Raises:
        ImageError: damaged, cut short, several pages, a kind that is not processed, or too large.
        ValueError: a damaged structure.
    """
    block = Block(data)
    directory = block.directory(block.first)
    layout = layout_of(block, directory)
    extra_pages = _check_single(block, directory)
    check_size(layout.width, layout.height, max_pixels)
    if layout.compression in BY_LIBTIFF:
        pixels, alpha = _by_libtiff(data, block, directory, layout), None
    else:
        pixels, alpha = _interpreted(read_samples(data, block.order, layout), block, directory, layout)
    beyond = pixels.dtype == np.float32 and bool((pixels.min() < 0) or (pixels.max() > 1))
    left = (
        (["values outside 0 to 1"] if beyond else [])
        + (["layers"] if TagCode.PHOTOSHOP_LAYERS in directory.tags else [])
        + (["preview pages"] if extra_pages or TagCode.SUB_IFDS in directory.tags else [])
    )
    origin = Origin(
        Format.TIFF,
        layout.bits,
        "palette" if layout.photometric == PALETTE else "grey" if layout.colours == 1 else "rgb",
        Alpha.NONE if alpha is None else _ALPHAS.get(layout.extra or 0, Alpha.UNSPECIFIED),
        lossless=layout.compression != JPEG,
        compressed=layout.compression != NONE,
        left_behind=tuple(left),
    )
    return Photo(pixels, alpha, _metadata(block, directory), origin)


def _check_single(block: Block, directory: Directory) -> int:
    """Count the pages that are previews of the first; refuse the file if there are others."""
    seen, pages, previews, start = {block.first}, 1, 0, directory.next
    while start and start not in seen and len(seen) < 4096:
        seen.add(start)
        page = block.directory(start)
        reduced = _is_reduced(block, page)
        previews, pages, start = previews + reduced, pages + (not reduced), page.next
    if pages > 1:
        raise ImageError(
            f"a TIFF of {pages} pages is not processed; take the pages apart first, "
            "for example `magick IN.tif page-%03d.tif`"
        )
    return previews


def _is_reduced(block: Block, page: Directory) -> bool:
    """True for a smaller copy of another page, as the new tag or the old one says."""
    new, old = page.tags.get(TagCode.NEW_SUBFILE_TYPE), page.tags.get(TagCode.SUBFILE_TYPE)
    if new is not None and new.count:
        return bool(block.integers(new)[0] & 1)
    return old is not None and block.integers(old) == (2,)


def _by_libtiff(data: bytes, block: Block, directory: Directory, layout: Layout) -> Pixels:
    """Decode what only libtiff can: JPEG and fax compression, 8 bits or fewer."""
    if layout.bits > 8 or layout.samples > 3:
        raise ImageError(
            f"a TIFF of {layout.bits} bits and {layout.samples} channels with JPEG or fax compression "
            "is not processed; save it with another first"
        )
    if any(start + size > len(data) for start, size in zip(layout.starts, layout.sizes, strict=False)):
        raise ImageError("the file is cut short: a block of the image lies beyond its end")
    stored = bytearray(data)
    if (tag := directory.tags.get(TagCode.ORIENTATION)) is not None:  # libtiff would turn the image itself
        stored[tag.start : tag.start + 2] = (1).to_bytes(2, "little" if block.order == "<" else "big")
    pixels = decode_with(stored, STORED)
    if pixels.dtype != np.uint8 or pixels.shape[:2] != (layout.height, layout.width):
        raise ImageError("the image data is damaged")
    return pixels if pixels.ndim == 2 else np.ascontiguousarray(pixels[..., 2::-1])


def _interpreted(
    samples: NDArray[Any], block: Block, directory: Directory, layout: Layout
) -> tuple[Pixels, Pixels | None]:
    """Samples to pixels and alpha: palette looked up, black made zero, depths under 8 bits widened."""
    alpha = None if layout.extra is None else np.ascontiguousarray(samples[..., -1])
    colours = samples[..., : layout.colours]
    widening = np.uint8(255 // ((1 << layout.bits) - 1)) if layout.bits < 8 else None
    if widening and alpha is not None:
        alpha = alpha * widening
    if layout.photometric == PALETTE:
        pixels = _looked_up(colours[..., 0], block, directory)
        if alpha is not None and alpha.dtype != pixels.dtype:  # the table's colours have a depth of their own
            pixels, alpha = _in_16_bits(pixels), _in_16_bits(alpha)
        return pixels, alpha
    if widening:
        colours = colours * widening
    if layout.kind == 3:
        colours, alpha = _bright(_finite(colours)), None if alpha is None else _finite(alpha)
    if layout.photometric == WHITE_IS_ZERO:
        colours = np.invert(colours) if layout.kind == 1 else 1 - colours
    pixels = np.ascontiguousarray(colours[..., 0] if layout.colours == 1 else colours)
    return pixels, alpha


def _finite(samples: NDArray[Any]) -> NDArray[np.float32]:
    with np.errstate(over="ignore", invalid="ignore"):
        floats = samples.astype(np.float32, copy=False)
    if not np.isfinite(floats).all():
        raise ImageError("the image holds values that are no numbers (NaN or infinite); replace them first")
    return floats


def _bright(floats: NDArray[np.float32]) -> NDArray[np.float32]:
    """See that 1.0 is white, as far as an image can tell: highlights may be brighter, most of a photo is not."""
    if 2 * np.count_nonzero(floats > 1) > floats.size:
        raise ImageError(
            f"the image's numbers go up to {floats.max():.6g}, and in a float TIFF 1.0 is white; "
            "divide them by what white is in it, or save it with 16 bits"
        )
    return floats


def _looked_up(indices: NDArray[Any], block: Block, directory: Directory) -> Pixels:
    if TagCode.COLOR_MAP not in directory.tags:
        raise ImageError("the TIFF structure is damaged: it has no colour table")
    table = np.array(block.integers(directory.tags[TagCode.COLOR_MAP]), dtype=np.uint16)
    count, rest = divmod(len(table), 3)
    # Indices of fewer bits than a byte are in bytes by now; their table has a colour for each of those bits' values.
    whole = count.bit_count() == 1 if indices.itemsize == 1 else count == 1 << 8 * indices.itemsize
    if rest or not whole:
        raise ImageError("the TIFF structure is damaged: its colour table has the wrong size")
    colours = table.reshape(3, -1).T
    # Colour maps are 16-bit; most hold 8-bit colours, either repeated (257) or shifted (256).
    if not (colours % 257).any() or not (colours & 255).any():
        colours = (colours >> 8).astype(np.uint8)
    if int(indices.max()) >= len(colours):
        raise ImageError("the image data is damaged: a colour outside the colour table")
    return np.ascontiguousarray(colours[indices])


def _in_16_bits(levels: Pixels) -> Pixels:
    return levels if levels.dtype == np.uint16 else levels.astype(np.uint16) * np.uint16(257)


def _metadata(block: Block, directory: Directory) -> Metadata:
    def content(code: int) -> bytes | None:
        tag = directory.tags.get(code)
        return block.bytes_of(tag) or None if tag is not None else None

    resources, iptc = content(TagCode.PHOTOSHOP) or b"", content(TagCode.IPTC)
    if iptc and photoshop.find(resources, photoshop.IPTC) is None:
        resources += photoshop.from_iptc(iptc)
    carried = tiff_tags.exif_of(block, directory)
    found = Metadata(
        exif=carried,
        icc=content(TagCode.ICC_PROFILE),
        xmp=content(TagCode.XMP),
        photoshop=photoshop.without_thumbnails(resources) or None,
    )
    return replace(found, resolution=exif.resolution_of(carried))
