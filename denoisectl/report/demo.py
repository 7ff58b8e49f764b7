"""Real photographs made noisy, cleaned by the same code as `run`, measured and put side by side. No network.

The photographs come with scikit-image. The noise is Gaussian with a sigma of 25 8-bit levels, rounded and
clipped as a file would hold it, from a fixed seed: everybody sees the same pictures and figures.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from denoisectl.batch.journal import Journal
from denoisectl.batch.library import denoise_folder
from denoisectl.batch.result import FileResult, Status
from denoisectl.denoiser import Denoiser
from denoisectl.errors import ImageError, UsageError
from denoisectl.images import decode
from denoisectl.report.before_after import Comparison, Pixels, before_after
from denoisectl.whole_file import write_whole

SIGMA = 25.0
PICTURE = "before-after.png"
_DETAIL = {"astronaut": (40, 150), "cat": (60, 120), "coffee": (140, 180), "rocket": (150, 250)}
_SIDE = 160


@dataclass(frozen=True, slots=True)
class Measured:
    """What became of one photo: PSNR in dB of the noisy and of the clean version, and the network's speed."""

    name: str
    noisy_psnr: float
    clean_psnr: float
    megapixels_per_second: float


def run_demo(denoiser: Denoiser, out: Path, *, seed: int = 0) -> list[Measured]:
    """Write `out/noisy`, `out/clean` and a before/after picture; returns the figures.

    Raises:
        UsageError: `out` cannot be written, or holds files that no demo wrote.
        ImageError: a photo could not be denoised.
    """
    originals = dict(_photographs())
    noisy = {
        name: _add_noise(photo, np.random.default_rng(seed + i))
        for i, (name, photo) in enumerate(originals.items())
    }
    if strange := next(_not_the_demos(out, noisy), None):
        raise UsageError(f"--out {out}: {strange} is not the demo's; give --out a new or empty folder")
    for name, photo in noisy.items():
        _write(out / "noisy" / f"{name}.png", photo)
    results = list(denoise_folder(denoiser, out / "noisy", out / "clean", if_exists="overwrite"))
    clean = {Path(result.source).stem: _cleaned(result) for result in results}
    _write(out / PICTURE, _picture(originals, noisy, clean))
    speeds = {Path(result.source).stem: _speed(result) for result in results}
    return [
        Measured(name, psnr(noisy[name], photo), psnr(clean[name], photo), speeds[name])
        for name, photo in originals.items()
    ]


def psnr(photo: Pixels, original: Pixels) -> float:
    """Peak signal-to-noise ratio in dB over all pixels and channels, of 8-bit images of one shape."""
    return float(cv2.PSNR(photo, original))


def _photographs() -> Iterator[tuple[str, Pixels]]:
    import skimage.data

    sources: dict[str, Callable[[], Pixels]] = {
        "astronaut": skimage.data.astronaut,
        "cat": skimage.data.chelsea,
        "coffee": skimage.data.coffee,
        "rocket": skimage.data.rocket,
    }
    for name, load in sources.items():
        yield name, load()


def _add_noise(photo: Pixels, generator: np.random.Generator) -> Pixels:
    noisy = photo + generator.normal(0.0, SIGMA, photo.shape)
    return np.clip(np.rint(noisy), 0, 255).astype(np.uint8)


def _not_the_demos(out: Path, noisy: dict[str, Pixels]) -> Iterator[Path]:
    """What lies where the demo reads and writes, and was not put there by an earlier one."""
    photos = {out / "noisy" / f"{name}.png": photo for name, photo in noisy.items()}
    made = Journal(out / "clean", "").made
    for path in _visible(out / "noisy"):
        if path not in photos or not _shows(path, photos[path]):
            yield path
    for path in _visible(out / "clean"):
        if path.stem not in noisy or not made(path):
            yield path
    if (out / PICTURE).exists() and not all(path.exists() for path in photos):
        yield out / PICTURE


def _visible(folder: Path) -> list[Path]:
    """Everything in a folder but hidden entries, which no run looks at."""
    return sorted(path for path in folder.glob("*") if not path.name.startswith("."))


def _shows(path: Path, photo: Pixels) -> bool:
    """Whether a file holds these pixels; its bytes may be another encoder's."""
    try:
        return np.array_equal(decode(path.read_bytes(), name=str(path)).pixels, photo)
    except (OSError, ImageError):
        return False


def _write(path: Path, pixels: Pixels) -> None:
    try:
        written, data = cv2.imencode(".png", pixels[..., ::-1])
        assert written
        write_whole(path, data.tobytes())  # half a photo would pass for the user's own next time
    except OSError as error:
        raise UsageError(f"{path}: cannot be written: {error.strerror}; give --out another folder") from error


def _cleaned(result: FileResult) -> Pixels:
    if result.status is not Status.OK or result.target is None:
        raise ImageError(result.reason)
    pixels = decode(result.target.read_bytes(), name=str(result.target)).pixels
    return pixels.astype(np.uint8, copy=False)


def _speed(result: FileResult) -> float:
    """Megapixels a second of the network, tiling and colour included, files not."""
    return result.width * result.height / 1e3 / result.milliseconds["infer"]


def _picture(originals: dict[str, Pixels], noisy: dict[str, Pixels], clean: dict[str, Pixels]) -> Pixels:
    rows = []
    for name, photo in originals.items():
        panels = (
            (f"noisy {psnr(noisy[name], photo):.1f} dB", noisy[name]),
            (f"clean {psnr(clean[name], photo):.1f} dB", clean[name]),
            (f"original: {name}", photo),
        )
        rows.append(Comparison(panels).detail(*_DETAIL[name], _SIDE))
    return before_after(rows, scale=2)
