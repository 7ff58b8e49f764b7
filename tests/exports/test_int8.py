"""8-bit exports: what changes, what does not, and what is said about it."""

from pathlib import Path

import numpy as np
import onnx
import pytest
import skimage.data
import torch

from denoisectl import Denoiser
from denoisectl.errors import ExportError
from denoisectl.shipped import read_card
from denoisectl_exports import photos
from denoisectl_exports.equalise import equalised
from denoisectl_exports.facts import Facts
from denoisectl_exports.graph import network_of, to_onnx
from denoisectl_exports.int8 import to_int8
from denoisectl_exports.write import INT8_LIMIT, export_run, restamp
from denoisectl_training.model import build_model
from denoisectl_training.recipes import load_recipe
from denoisectl_training.run_folder import RunFolder
from denoisectl_training.trained import load_trained


def unet() -> torch.nn.Module:
    """A small U-net with uneven channels."""
    torch.manual_seed(0)
    settings = load_recipe("photo").model.model_copy(update={"widths": (8, 16, 16)})
    model = build_model(settings).eval()
    with torch.no_grad():
        model.network.tail[0].weight.normal_(std=0.01)
        for conv in (m for m in model.modules() if isinstance(m, torch.nn.Conv2d)):
            conv.weight *= torch.logspace(-1, 0.5, len(conv.weight)).view(-1, 1, 1, 1)
    return model


def photo() -> torch.Tensor:
    return torch.from_numpy(skimage.data.astronaut()[:256, :256].copy()).permute(2, 0, 1)[None] / 255.0


def test_evening_out_channels_changes_nothing_but_the_weights() -> None:
    model, image = unet(), photo()
    even = equalised(model, [image])
    with torch.inference_mode():
        assert torch.allclose(even(image), model(image), atol=1e-5)
    assert not torch.equal(even.network.head.weight, model.network.head.weight)


def test_evening_out_brings_an_8_bit_network_nearer_to_its_float_self() -> None:
    model, image = unet(), photo()
    with torch.inference_mode():
        expected = model(image).numpy()

    def error(network: torch.nn.Module) -> float:
        found = network_of(to_int8(to_onnx(network), [image.numpy()]))(image.numpy())
        return float(np.abs(found - expected).mean())

    assert error(equalised(model, [image])) < 0.7 * error(model)


def test_other_networks_are_left_as_they_are(run: RunFolder) -> None:
    model, _, _ = load_trained(run.path)
    assert equalised(model, []) is model


def test_an_8_bit_export_says_so_and_stays_near_float32(run: RunFolder, out: Path) -> None:
    precise = export_run(run.path, out.with_name("float.onnx"))
    card = export_run(run.path, out, precision="int8")
    assert read_card(out) == card
    assert (precise.precision, card.precision) == ("float32", "int8")
    assert precise.limits == () and card.limits[0].startswith(INT8_LIMIT)
    noisy = skimage.data.chelsea()[:120, :90]
    exact = Denoiser.open(out.with_name("float.onnx"), "cpu", threads=1).image(noisy)
    found = Denoiser.open(out, "cpu", threads=1).image(noisy)
    assert 0 < np.abs(found.astype(int) - exact).mean() < 4


def test_the_ends_stay_in_float(run: RunFolder, out: Path) -> None:
    export_run(run.path, out, precision="int8")
    convolutions = [node for node in onnx.load(out).graph.node if node.op_type == "Conv"]
    quantised = [node.input[1].endswith("DequantizeLinear_Output") for node in convolutions]
    own = [q for node, q in zip(convolutions, quantised, strict=True) if "network." in node.input[1]]
    assert own == [False] + [True] * (len(own) - 2) + [False]
    assert sum(quantised) == len(own) - 2  # the smoothing of colour stays in float too


def test_the_measured_loss_outlives_a_new_card(run: RunFolder, out: Path) -> None:
    measured = export_run(run.path, out, precision="int8").limits
    assert restamp(out, Facts(limits=("dogs",))).limits == ("dogs", *measured)


def test_without_photos_it_is_refused(run: RunFolder, out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(photos, "_skimage_photos", list)
    with pytest.raises(ExportError, match="--photos FOLDER"):
        export_run(run.path, out, precision="int8")
    assert not out.exists()
