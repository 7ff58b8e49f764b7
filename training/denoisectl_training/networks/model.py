"""A denoiser of RGB photos: colour conversion, input scale, network and output map in one module.

What the network sees and predicts are planes: RGB, LAB or L alone (section 18.2), scaled so that their
nominal range is [0, 1]. The loss is taken on planes; `forward` goes from RGB to RGB and is what is exported.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from denoisectl_training.networks.autoencoders import BookAutoencoder, UNet
from denoisectl_training.networks.blocks import BlockKind
from denoisectl_training.networks.chroma import GaussianSmoothing, GuidedSmoothing
from denoisectl_training.networks.colour import lab_to_rgb, rgb_to_lab
from denoisectl_training.networks.outputs import OUTPUT_MAPS
from denoisectl_training.recipes import ModelSettings

_AB_SPAN = 255.0  # a and b lie in about -128..127
_PLANES = {"rgb": 3, "lab": 3, "l": 1}


class DenoisingAutoencoder(nn.Module):
    """`(B, 3, H, W)` float32 sRGB in [0, 1], noisy, to the same shape, clean.

    In eval mode the result is clipped to [0, 1]; in train mode it is not, so that the out-of-range penalty
    has a gradient. H and W must divide by `multiple_of`; `halo` is the receptive-field radius in pixels.
    """

    def __init__(self, network: BookAutoencoder | UNet, settings: ModelSettings) -> None:
        super().__init__()
        self.network = network
        self.settings = settings
        self.chroma = _smoothing(settings)
        self._output_map = OUTPUT_MAPS[settings.output]

    @property
    def multiple_of(self) -> int:
        """What H and W must divide by."""
        return self.settings.multiple_of

    @property
    def halo(self) -> int:
        """Receptive-field radius in pixels, smoothing of A and B included."""
        if self.settings.colour != "l":
            return self.network.halo
        return self.chroma.guide_halo(self.network.halo)

    def planes(self, rgb: Tensor) -> Tensor:
        """`(B, 3, H, W)` sRGB to the `(B, C, H, W)` planes that the network works on, nominally [0, 1]."""
        if self.settings.colour == "rgb":
            return rgb
        lab = rgb_to_lab(rgb)
        lightness = lab[:, 0:1] / 100.0
        if self.settings.colour == "l":
            return lightness
        return torch.cat([lightness, (lab[:, 1:3] + 128.0) / _AB_SPAN], dim=1)

    def predict(self, planes: Tensor) -> Tensor:
        """Noisy `(B, C, H, W)` planes to clean ones, float32."""
        return self._output_map(self.raw(planes), planes)

    def raw(self, planes: Tensor) -> Tensor:
        """What the network makes of `(B, C, H, W)` planes before its output map, float32."""
        raw: Tensor = self.network(self._scale(planes)).float()
        return raw

    def _scale(self, planes: Tensor) -> Tensor:
        if self.settings.input_scale == "signed":
            return 2.0 * planes - 1.0
        if self.settings.input_scale == "standardised":
            return (planes - 0.45) / 0.25  # L of 43 training photos: mean 0.44, deviation 0.27
        return planes

    def to_rgb(self, planes: Tensor, noisy: Tensor) -> Tensor:
        """Clean planes back to `(B, 3, H, W)` sRGB; mode `l` takes A and B from the noisy image."""
        if self.settings.colour == "rgb":
            return planes
        if self.settings.colour == "l":
            chroma = self.chroma(rgb_to_lab(noisy)[:, 1:3], planes)
            return lab_to_rgb(torch.cat([planes * 100.0, chroma], dim=1))
        return lab_to_rgb(torch.cat([planes[:, 0:1] * 100.0, planes[:, 1:3] * _AB_SPAN - 128.0], dim=1))

    def forward(self, rgb: Tensor) -> Tensor:
        """Noisy sRGB to clean sRGB."""
        clean = self.to_rgb(self.predict(self.planes(rgb)), rgb)
        return clean if self.training else clean.clamp(0.0, 1.0)


def _smoothing(settings: ModelSettings) -> GaussianSmoothing | GuidedSmoothing:
    if settings.chroma_smoothing == "guided":
        return GuidedSmoothing(settings.chroma_radius, settings.chroma_epsilon)
    return GaussianSmoothing(settings.chroma_sigma)


def build_model(settings: ModelSettings) -> DenoisingAutoencoder:
    """Build the network of a recipe with fresh weights from torch's global generator."""
    channels = _PLANES[settings.colour]
    network: BookAutoencoder | UNet
    if settings.architecture == "unet":
        network = UNet(channels, settings.widths, settings.encoder_blocks, settings.decoder_blocks)
    else:
        kind = BlockKind(settings.batch_norm, settings.shortcut, settings.dropout)
        network = BookAutoencoder(
            channels, settings.widths, skip=settings.skip, blocks=settings.blocks, kind=kind
        )
    model = DenoisingAutoencoder(network, settings)
    if settings.output == "residual":
        _start_at_identity(network)
    return model


def _start_at_identity(network: BookAutoencoder | UNet) -> None:
    """Zero the last convolution, so that an untrained residual model returns its input."""
    last = network.tail[0] if isinstance(network, UNet) else network.head
    assert isinstance(last, nn.Conv2d)
    nn.init.zeros_(last.weight)
    assert last.bias is not None
    nn.init.zeros_(last.bias)
