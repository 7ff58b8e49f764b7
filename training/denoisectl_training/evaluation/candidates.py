"""Who is measured: the input itself, two plain filters, and any number of models.

A candidate maps `(H, W, 3)` float32, nominally [0, 1], to the same shape.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import cv2
import numpy as np
import torch

from denoisectl.denoiser import Denoiser
from denoisectl.errors import UsageError
from denoisectl.model_file.shipped import find_model
from denoisectl.pixels import load_planes, store_planes
from denoisectl.tiles.tiling import TileRules, cut
from denoisectl_training.devices import choose_device
from denoisectl_training.evaluation.metrics import Image
from denoisectl_training.networks.model import DenoisingAutoencoder
from denoisectl_training.weights.trained import load_trained

_TILE_PIXELS = 2**21  # torch holds 1,700 bytes for each with `book-skip`: 3.6 GB


@dataclass(frozen=True, slots=True)
class Candidate:
    """A named way to denoise."""

    name: str
    kind: Literal["input", "filter", "model"]
    denoise: Callable[[Image], Image]
    self_ensemble: int = 1
    """Views of each tile that it averages."""


def baselines() -> list[Candidate]:
    """The input itself, a 3 x 3 median and a Gaussian of sigma 1, both OpenCV's."""
    return [
        Candidate("input", "input", lambda noisy: noisy),
        Candidate("median 3x3", "filter", lambda noisy: np.asarray(cv2.medianBlur(noisy, 3), np.float32)),
        Candidate(
            "gaussian 1.0",
            "filter",
            lambda noisy: np.asarray(cv2.GaussianBlur(noisy, (0, 0), 1.0), np.float32),
        ),
    ]


def open_models(
    models: Sequence[str],
    *,
    device: str = "auto",
    threads: int | None = None,
    self_ensemble: int | None = None,
) -> list[Candidate]:
    """Open run folders and `.pt` checkpoints with torch, all else with `Denoiser`.

    Args:
        models: run folders, checkpoints, model files or shipped names.
        device: as for `Denoiser.open`.
        threads: as for `Denoiser.open`.
        self_ensemble: as for `Denoiser.open`, which alone can do it.

    Raises:
        UsageError: two models, or a model and a baseline, would bear one name; or a self-ensemble of a run.
        TrainingError: a run has no usable checkpoint.
        ModelError: no such model, or a file that cannot be used.
        DeviceError: the device asked for cannot be used.
    """
    stems = [
        Path(model).stem if Path(model).suffix in (".onnx", ".pt") else Path(model).name for model in models
    ]
    names = [stem if stems.count(stem) == 1 else model for stem, model in zip(stems, models, strict=True)]
    _refuse_one_name(models, names)
    return [
        _opened(name, model, device, threads, self_ensemble)
        for name, model in zip(names, models, strict=True)
    ]


def _refuse_one_name(models: Sequence[str], names: Sequence[str]) -> None:
    """Figures are gathered by name: two candidates of one name would be averaged into one."""
    holders = {baseline.name: f"the baseline {baseline.name}" for baseline in baselines()}
    for model, name in zip(models, names, strict=True):
        if name in holders:
            raise UsageError(
                f"--model {model} and {holders[name]} would both be called {name}; "
                "name each model once, and rename one that bears a baseline's name"
            )
        holders[name] = f"--model {model}"


def _opened(name: str, model: str, device: str, threads: int | None, self_ensemble: int | None) -> Candidate:
    path = Path(model)
    if path.is_dir() or path.suffix == ".pt":
        if self_ensemble is not None:
            raise UsageError(
                f"--self-ensemble is for model files: run `denoisectl export {shlex.quote(model)} --out FILE.onnx` "
                "first"
            )
        if threads is not None:
            torch.set_num_threads(threads)
        return Candidate(name, "model", as_function(load_trained(path).model, choose_device(device)))
    # As a path: the very model that is named, whatever precision a run of it would choose here.
    denoiser = Denoiser.open(find_model(model), device, threads=threads, self_ensemble=self_ensemble)
    return Candidate(
        name,
        "model",
        lambda noisy: np.asarray(denoiser.image(noisy), np.float32),
        denoiser.self_ensemble,
    )


def as_function(model: DenoisingAutoencoder, device: torch.device) -> Callable[[Image], Image]:
    """A torch model as what a candidate does, in tiles that change nothing where an image is large.

    The model is put into eval mode here and again before each image.
    """
    model.to(device)
    rules = TileRules(model.multiple_of, model.halo, tile=None, budget=_TILE_PIXELS)

    def denoise(noisy: Image) -> Image:
        model.eval()  # a training loop may own the model too, and batch statistics would change it
        clean, grid = np.empty_like(noisy), cut(*noisy.shape[:2], rules)
        planes = np.empty((3, *grid.shape), np.float32)
        for tile in grid:
            load_planes(noisy, grid.rows.pixels(tile.rows), grid.columns.pixels(tile.columns), planes)
            with torch.inference_mode():
                denoised = model(torch.from_numpy(planes)[None].to(device))[0].cpu().numpy()
            core = denoised[:, tile.rows.core_in_tile, tile.columns.core_in_tile]
            store_planes(core, clean, tile.rows.core, tile.columns.core)
        return clean

    return denoise
