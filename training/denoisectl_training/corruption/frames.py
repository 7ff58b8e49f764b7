"""The size and sharpness of frames: photos enlarged or reduced as cameras and their owners do."""

from __future__ import annotations

from torch import Generator, Tensor
from torch.nn import functional as F

from denoisectl_training.corruption.basic import uniform


def enlarged(clean: Tensor, generator: Generator) -> Tensor:
    """The middle of each photo of a batch, enlarged 1 to 2.5 times to its size.

    Training photos are reduced, and sharper than any frame at the size it was taken in. Enlarged, their texture is as
    soft as a camera's. A network that never saw such takes it for noise, and fine noise for detail.
    """
    return resized(clean, float(uniform(clean[:1], generator, 1.0, 2.5))).clamp(0.0, 1.0)


def resized(images: Tensor, scale: float) -> Tensor:
    """Enlarge or reduce `(B, C, H, W)` and keep its size: the middle is cut out, or the edges are mirrored.

    Digital zoom and smaller files do this; enlarged noise is what a network trained on sharp noise leaves in.
    """
    height, width = images.shape[2:]
    scaled = F.interpolate(
        images, scale_factor=scale, mode="bicubic", antialias=scale < 1.0, align_corners=False
    )
    rows, columns = height - scaled.shape[2], width - scaled.shape[3]
    # A negative pad cuts; reflection needs it to be apart from a positive one, and here both have one sign.
    pads = (columns // 2, columns - columns // 2, rows // 2, rows - rows // 2)
    return F.pad(scaled, pads, mode="reflect" if rows > 0 or columns > 0 else "constant")
