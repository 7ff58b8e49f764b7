"""8-bit exports: what changes, what does not, and what is said about it."""

import logging
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
import skimage.data
import torch
from onnx import numpy_helper

from denoisectl import Denoiser
from denoisectl.errors import ExportError, TrainingError
from denoisectl.model_file.card_in_file import read_card
from denoisectl_exports import photos, write
from denoisectl_exports.facts import Facts
from denoisectl_exports.graph import network_of, to_onnx
from denoisectl_exports.int8 import SIDE, measured_ranges, to_int8
from denoisectl_exports.write import INT8_LIMIT, export_run, restamp
from denoisectl_training.networks.model import build_model
from denoisectl_training.quantised import evened, ranges_in_order, without_fake_quantization
from denoisectl_training.recipes import load_recipe, parse_recipe
from denoisectl_training.records.run_folder import RunFolder
from denoisectl_training.train import Photos, started, train
from denoisectl_training.weights.trained import load_teacher, load_trained
from tests import toy_models


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
    even = evened(model, [image])
    with torch.inference_mode():
        assert torch.allclose(even(image), model(image), atol=1e-5)
    assert not torch.equal(even.network.head.weight, model.network.head.weight)


@pytest.mark.parametrize(
    ("levels", "error", "refused"),
    [
        (0.0, 0.002, False),
        (0.6, 0.002, True),  # for the dB
        (2.0, 0.002, True),
        (0.6, 0.2, False),
        (2.0, 0.2, True),  # for the levels, which so large an error hides from the dB
    ],
)
def test_a_file_that_rounds_unlike_its_training_is_refused(
    levels: float, error: float, refused: bool
) -> None:
    grey = np.full((1, 3, 32, 32), 0.5, np.float32)
    signs = np.where(np.indices((32, 32)).sum(0) % 2, 1, -1)
    wrong = (grey + levels / 255 * signs).astype(np.float32)
    pairs = [photos.Pair(wrong, grey, True), photos.Pair(grey, grey + np.float32(error), True)]

    def check() -> None:
        write._check_rounding(torch.nn.Identity(), lambda _: wrong, pairs)  # the first one is as it should be

    if not refused:
        return check()
    with pytest.raises(ExportError, match=f"{levels:.2f} levels and .* dB from its training"):
        check()


def test_the_loss_is_what_rounding_takes_from_noisy_photos_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    grey = np.full((1, 3, 16, 16), 0.5, np.float32)
    pairs = [photos.Pair(grey, grey, False), photos.Pair(grey + np.float32(0.1), grey, True)]
    monkeypatch.setattr(
        write, "network_of", lambda left: lambda image: grey + np.float32(left) * (image - grey)
    )
    loss, measured_on = write._loss(0.1, 0.2, pairs)
    assert (loss, measured_on) == (pytest.approx(6.02, abs=0.01), "1 noisy photos")


def test_ranges_are_those_of_all_photos_but_for_a_few_values(tmp_path: Path) -> None:
    proto = onnx.load(toy_models.failing(tmp_path / "relu.onnx", "Relu"))
    ramp = np.linspace(0.0, 1.0, 3 * SIDE**2, dtype=np.float32).reshape(1, 3, SIDE, SIDE)
    for images in ([ramp, *[0.0 * ramp] * 4], [*[0.0 * ramp] * 4, ramp]):
        low, high = measured_ranges(proto, images)["x0"].range_value
        assert low == 0.0 and 0.99 < high < 1.0
    assert logging.getLogger("denoisectl").isEnabledFor(logging.WARNING), "what comes next is told again"


def test_evening_out_brings_an_8_bit_network_nearer_to_its_float_self() -> None:
    model, image = unet(), photo()
    with torch.inference_mode():
        expected = model(image).numpy()

    def error(network: torch.nn.Module) -> float:
        proto = to_onnx(network)
        ranges = measured_ranges(proto, [image.numpy()])
        found = network_of(to_int8(proto, ranges))(image.numpy())
        return float(np.abs(found - expected).mean())

    assert error(evened(model, [image])) < 0.7 * error(model)


def test_other_networks_are_left_as_they_are(run: RunFolder) -> None:
    model = load_trained(run.path).model
    assert evened(model, []) is model


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


def test_ranges_and_reach_are_measured_on_noisy_photos_too(
    run: RunFolder, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[list[np.ndarray]] = []

    def ranges(proto: onnx.ModelProto, images: list[np.ndarray]) -> object:
        seen.append(images)
        return measured_ranges(proto, images)

    monkeypatch.setattr(write, "measured_ranges", ranges)
    monkeypatch.setattr(write, "effective_halo", lambda _, images, **__: seen.append(images))
    export_run(run.path, out, precision="int8")
    assert len(seen) == 2
    for clean, noisy in seen:
        assert np.abs(noisy - clean).mean() > 0.01


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


def test_a_network_for_clean_photos_is_measured_on_those(
    run: RunFolder, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trained = load_trained(run.path)
    kinds = parse_recipe({"name": "x", "corruption": [{"kind": "clean"}]}, origin="x").corruption
    clean = replace(trained, recipe=trained.recipe.model_copy(update={"corruption": kinds}))
    monkeypatch.setattr(write, "load_trained", lambda _: clean)
    (limit,) = export_run(run.path, out, precision="int8").limits
    assert "clean photos" in limit and "nan" not in limit


@pytest.fixture(scope="module")
def rounded_run(run: RunFolder, tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """A toy U-net tuned with its rounding for ten steps: after two, rounding is too small to tell from chance."""
    folder, runs = Photos((run.path.parent.parent,)), tmp_path_factory.mktemp("runs")
    toy = ["model.widths=[8, 12, 16]", "data.crop=32", "data.validation_photos=1", "training.images=160"]
    quick = ["optimizer.lr=1e-2", "schedule.name=constant", "training.ema=0"]
    gaussian = {"corruption": load_recipe("photo").corruption[:1]}
    precise = started(
        folder, load_recipe("photo", [*toy, *quick]).model_copy(update=gaussian), runs, device="cpu"
    )
    train(precise)
    rounding = load_recipe("photo-int8", [*toy, "schedule.warmup=16"]).model_copy(update=gaussian)
    request = started(folder, rounding, runs, device="cpu")
    train(replace(request, source=precise.run.path))
    return request.run


def test_a_network_trained_in_8_bits_is_exported_with_its_own_rounding(
    rounded_run: RunFolder, out: Path
) -> None:
    card = export_run(rounded_run.path, out)
    assert card.precision == "int8" and "tuned with their rounding" in card.limits[0]
    model = load_trained(rounded_run.path).model
    image = photo()
    with torch.inference_mode():
        expected, precise = model(image).numpy(), without_fake_quantization(model)(image).numpy()
    found = network_of(onnx.load(out))(image.numpy())
    difference = 255 * np.abs(found - expected)  # values half way between levels may fall to either
    assert difference.max() <= 1.0 and difference.mean() < 0.1
    assert difference.mean() < 0.5 * 255 * np.abs(precise - expected).mean()


def test_its_loss_is_that_against_the_network_it_was_tuned_from(rounded_run: RunFolder, out: Path) -> None:
    description = export_run(rounded_run.path, out).limits[0]
    assert "below the float32 network that it was tuned from" in description
    teacher = load_teacher(rounded_run.path)
    source = load_trained(Path(rounded_run.description()["started_from"])).model
    image = photo()
    with torch.inference_mode():
        taught, began = teacher(image), source(image)
    assert (taught - began).abs().max() < 1e-4  # channels evened out, the same function
    with pytest.raises(TrainingError, match="was not tuned to 8 bits"):
        load_teacher(Path(rounded_run.description()["started_from"]))


def test_its_file_holds_the_ranges_of_the_training(rounded_run: RunFolder, out: Path) -> None:
    export_run(rounded_run.path, out)
    scales = {i.name: numpy_helper.to_array(i) for i in onnx.load(out).graph.initializer}
    model = load_trained(rounded_run.path).model
    for low, high in ranges_in_order(model):
        step = np.float32((high - low) / 255)
        assert any(value.shape == () and np.isclose(value, step, rtol=1e-5) for value in scales.values())


def test_it_is_not_exported_in_float(rounded_run: RunFolder, out: Path) -> None:
    with pytest.raises(ExportError, match="leave --precision out"):
        export_run(rounded_run.path, out, precision="float32")
    assert not out.exists()


def test_a_file_that_rounds_otherwise_is_not_written(
    rounded_run: RunFolder, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wide = [(-500.0, 500.0)] * len(ranges_in_order(load_trained(rounded_run.path).model))
    monkeypatch.setattr(write, "ranges_in_order", lambda model: wide)
    with pytest.raises(ExportError, match="dB from its training"):
        export_run(rounded_run.path, out)
    assert not out.exists()


def test_without_photos_it_is_refused(run: RunFolder, out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(photos, "_skimage_photos", list)
    with pytest.raises(ExportError, match="--photos FOLDER"):
        export_run(run.path, out, precision="int8")
    assert not out.exists()
