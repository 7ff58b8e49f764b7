"""A camera: from a clean photo back to raw, noise where the sensor makes it, and forward to a JPEG again.

Noise of real photographs is signal-dependent, spread over neighbours by demosaicing and in-camera denoising,
stronger in chroma and compressed. Adding Gaussian noise to the finished photo shows a network none of that.
The order of stages and the shot and read noise model follow Brooks et al., "Unprocessing Images for Learned
Raw Denoising" (2019); the target is the same photo through the same camera without noise, before JPEG.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Generator, Tensor
from torch.nn import functional as F

from denoisectl_training.corruption.basic import chance, gaussian_blur, uniform
from denoisectl_training.corruption.demosaic import (
    bayer_masks,
    demosaic_bilinear,
    demosaic_gradient_corrected,
)
from denoisectl_training.corruption.frames import enlarged, resized
from denoisectl_training.corruption.jpeg import saved
from denoisectl_training.corruption.left_alone import left_alone
from denoisectl_training.networks.colour import linear_to_srgb, srgb_to_linear


@dataclass(frozen=True, slots=True)
class _Sensor:
    """What one camera does to colour: each image of the batch has its own."""

    gains: Tensor  # (B, 3, 1, 1): white balance, green = 1
    matrix: Tensor  # (B, 3, 3): camera RGB to linear sRGB, rows sum to 1
    exposure: Tensor  # (B, 1, 1, 1): brightness of the raw frame relative to the photo
    contrast: Tensor  # (B, 1, 1, 1): 1 where the tone curve is an S, 0 where it is plain


def _draw_sensor(clean: Tensor, generator: Generator) -> _Sensor:
    batch, device = len(clean), clean.device
    gains = torch.cat(
        [
            uniform(clean, generator, 1.2, 2.3),
            torch.ones((batch, 1, 1, 1), device=device),
            uniform(clean, generator, 1.2, 2.1),
        ],
        dim=1,
    )
    # Colour matrices subtract each channel's neighbours, which is what makes chroma noise strong.
    leaks = 0.05 + 0.45 * torch.rand((batch, 3, 2), generator=generator, device=device)
    matrix = torch.eye(3, device=device).repeat(batch, 1, 1)
    for row, others in enumerate(((1, 2), (0, 2), (0, 1))):
        matrix[:, row, others[0]] = -leaks[:, row, 0]
        matrix[:, row, others[1]] = -0.5 * leaks[:, row, 1]
        matrix[:, row, row] = 1.0 + leaks[:, row, 0] + 0.5 * leaks[:, row, 1]
    contrast = (uniform(clean, generator, 0.0, 1.0) < 0.5).float()
    return _Sensor(gains, matrix, uniform(clean, generator, 0.5, 1.0), contrast)


def _transform(images: Tensor, matrix: Tensor) -> Tensor:
    return torch.einsum("bij,bjhw->bihw", matrix, images)


def _to_raw(clean: Tensor, sensor: _Sensor) -> Tensor:
    """SRGB in [0, 1] to linear camera RGB before white balance, clipped to [0, 1]."""
    # The inverse of 3x^2 - 2x^3; the sine keeps it closed-form.
    flat = 0.5 - torch.sin(torch.asin((1.0 - 2.0 * clean).clamp(-1.0, 1.0)) / 3.0)
    linear = srgb_to_linear(torch.lerp(clean, flat, sensor.contrast))
    return (_transform(linear, torch.linalg.inv(sensor.matrix)) / sensor.gains * sensor.exposure).clamp(
        0.0, 1.0
    )


def _to_linear(raw: Tensor, sensor: _Sensor) -> Tensor:
    """Linear camera RGB to linear sRGB: white balance and colour matrix; noise leaves [0, 1]."""
    return _transform(raw * sensor.gains / sensor.exposure, sensor.matrix)


def _to_srgb(linear: Tensor, sensor: _Sensor) -> Tensor:
    """Linear sRGB to sRGB in [0, 1]: gamma and tone curve."""
    srgb = linear_to_srgb(linear.clamp(0.0, 1.0))
    return torch.lerp(srgb, srgb * srgb * (3.0 - 2.0 * srgb), sensor.contrast)


def _sensor_noise(mosaic: Tensor, generator: Generator) -> Tensor:
    """Shot and read noise of about ISO 100 to 25,600, and now and then row noise, on a `(B, 1, H, W)` mosaic."""
    # Read noise grows with shot noise as the analogue gain does: log-linear with scatter (Brooks et al.).
    log_shot = uniform(mosaic, generator, -10.0, -4.4)
    scatter = torch.randn(log_shot.shape, generator=generator, device=mosaic.device)
    shot, read = log_shot.exp(), (2.18 * log_shot + 1.2 + 0.26 * scatter).exp()
    noise = torch.randn(mosaic.shape, generator=generator, device=mosaic.device)
    rows = torch.randn((len(mosaic), 1, mosaic.shape[2], 1), generator=generator, device=mosaic.device)
    banding = (uniform(mosaic, generator, 0.0, 1.0) < 0.15).float() * 0.4 * read.sqrt()
    return _hot_pixels(mosaic + noise * (shot * mosaic + read).sqrt() + banding * rows, generator)


def _hot_pixels(mosaic: Tensor, generator: Generator) -> Tensor:
    """Photosites that leak, in every fifth frame: up to one in a thousand, bright whatever the light."""
    share = 1e-3 * uniform(mosaic, generator, -4.0, 1.0).clamp(min=0.0)
    hit = torch.rand(mosaic.shape, generator=generator, device=mosaic.device) < share
    level = torch.rand(mosaic.shape, generator=generator, device=mosaic.device)
    return torch.where(hit, torch.maximum(mosaic, level), mosaic)


def _in_camera_denoise(noisy: Tensor, clean: Tensor, generator: Generator) -> Tensor:
    """Smooth the noise, not the picture: what a good in-camera denoiser leaves is a correlated residue.

    Luma keeps some of its sharp grain beside the smoothed; chroma is smoothed over more pixels, to blotches; and there
    are pixels that it leaves alone. Both images are linear, as in cameras: behind the tone curve noise is no longer
    zero in the mean, and a network would learn to move the brightness of whole areas.
    """
    noise = noisy - clean
    luma = noise.mean(dim=1, keepdim=True)
    smooth = gaussian_blur(luma, uniform(noisy, generator, 0.3, 2.0))
    # Squared: sharp grain has far more power than smoothed, and would hide it unless little of it is kept.
    grain = torch.lerp(smooth, luma, 0.7 * uniform(noisy, generator, 0.0, 1.0).square())
    blotches = gaussian_blur(noise - luma, uniform(noisy, generator, 0.5, 4.0))
    keep_grain, keep_blotches = uniform(noisy, generator, 0.3, 1.0), uniform(noisy, generator, 0.1, 1.0)
    left = keep_grain * grain + keep_blotches * blotches
    return clean + torch.lerp(left, noise, left_alone(noise, clean, generator))


def _sharpen(images: Tensor, amount: Tensor) -> Tensor:
    """Unsharp masking with a 3 x 3 neighbourhood; `amount` is `(B, 1, 1, 1)`."""
    mean = F.avg_pool2d(F.pad(images, (1, 1, 1, 1), mode="replicate"), 3, stride=1)
    return images + amount * (images - mean)


def camera(clean: Tensor, generator: Generator, *, rescaled: bool = True) -> tuple[Tensor, Tensor]:
    """A photo as a random camera takes it, and the same without noise.

    Args:
        clean: `(B, 3, H, W)` float32 sRGB in [0, 1]; H and W multiples of 16.
        generator: of the device that `clean` is on.
        rescaled: whether some frames show a part of the photo enlarged, or the photo reduced; if not, every pixel
            stays where it is.

    Returns:
        `(noisy, target)`, each like `clean`.
    """
    if rescaled and chance(clean, generator, 0.6):
        clean = enlarged(clean, generator)
    sensor = _draw_sensor(clean, generator)
    # Lens and antialiasing filter: without them sharp photos alias as no camera does.
    raw = gaussian_blur(_to_raw(clean, sensor), uniform(clean, generator, 0.4, 1.0))
    masks = bayer_masks(raw, generator)
    mosaic = (raw * masks).sum(dim=1, keepdim=True)  # (B, 1, H, W)
    both = torch.cat([_sensor_noise(mosaic, generator), mosaic])
    demosaic = demosaic_bilinear if chance(clean, generator, 0.4) else demosaic_gradient_corrected
    noisy, target = _to_linear(demosaic(both, masks.repeat(2, 1, 1, 1)), _twice(sensor)).chunk(2)
    if chance(clean, generator, 0.8):
        noisy = _in_camera_denoise(noisy, target, generator)
    noisy, target = _to_srgb(torch.cat([noisy, target]), _twice(sensor)).chunk(2)
    if chance(clean, generator, 0.5):
        amount = uniform(clean, generator, 0.0, 1.2).repeat(2, 1, 1, 1)
        noisy, target = _sharpen(torch.cat([noisy, target]), amount).chunk(2)
    if chance(clean, generator, 0.15):  # saved before it is resized, and saved again
        noisy = saved(noisy, generator)
    if rescaled and chance(clean, generator, 0.4):
        scale = float(uniform(clean[:1], generator, 0.75, 1.9))
        noisy, target = resized(torch.cat([noisy, target]), scale).chunk(2)
    if chance(clean, generator, 0.75):
        noisy = saved(noisy, generator)
    return noisy.clamp(0.0, 1.0), target.clamp(0.0, 1.0)


def _twice(sensor: _Sensor) -> _Sensor:
    """The same sensors for a batch that holds noisy frames first and clean ones after."""
    return _Sensor(
        gains=sensor.gains.repeat(2, 1, 1, 1),
        matrix=sensor.matrix.repeat(2, 1, 1),
        exposure=sensor.exposure.repeat(2, 1, 1, 1),
        contrast=sensor.contrast.repeat(2, 1, 1, 1),
    )
