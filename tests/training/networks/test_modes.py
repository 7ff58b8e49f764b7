"""No path evaluates or exports a network in train mode (section 18.3.3), and frozen parts stay frozen."""

from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from denoisectl.errors import ExportError
from denoisectl_exports.graph import to_onnx
from denoisectl_exports.write import export_run
from denoisectl_training.evaluation.candidates import as_function, open_models
from denoisectl_training.fit.state import TrainingState
from denoisectl_training.fit.validation import validate
from denoisectl_training.networks.model import DenoisingAutoencoder, build_model
from denoisectl_training.networks.modes import evaluating, freeze_batch_norm, train_mode
from denoisectl_training.networks.profile import profile
from denoisectl_training.recipes import Recipe, parse_recipe
from denoisectl_training.records.checkpoint import save_checkpoint
from denoisectl_training.weights.trained import load_trained

CPU = torch.device("cpu")


def recipe() -> Recipe:
    return parse_recipe(
        {
            "name": "toy",
            "model": {"architecture": "small", "widths": [4, 8], "colour": "rgb", "dropout": 0.3},
            "corruption": [{"kind": "gaussian"}],
        },
        origin="toy",
    )


@pytest.fixture
def model() -> DenoisingAutoencoder:
    """In train mode, where both batch normalisation and dropout would show."""
    torch.manual_seed(0)
    return build_model(recipe().model).train()


def statistics(model: nn.Module) -> list[Tensor]:
    return [buffer.clone() for buffer in model.buffers()]


def test_validation_uses_eval_mode_and_gives_the_mode_back(
    model: DenoisingAutoencoder, photo: Tensor
) -> None:
    photos, before = [(photo[0] * 255).to(torch.uint8)], statistics(model)
    first, again = (validate(model, photos, recipe(), CPU) for _ in range(2))
    assert first == again == validate(model.eval(), photos, recipe(), CPU)
    assert all(torch.equal(a, b) for a, b in zip(before, statistics(model), strict=True))
    assert all(module.training for module in model.train().modules())


@pytest.mark.parametrize(("levels", "side"), [(7, 64), (10, 512)])
def test_a_network_of_many_levels_is_validated_on_what_it_divides(levels: int, side: int) -> None:
    deep = {**recipe().model_dump(), "model": {"architecture": "noskip", "widths": [2] * levels}}
    asked = parse_recipe({**deep, "data": {"crop": side}}, origin="deep")
    photo = torch.zeros(3, side + 40, side + 60, dtype=torch.uint8)
    assert validate(build_model(asked.model), [photo], asked, CPU).psnr > 0


def test_evaluation_uses_eval_mode(model: DenoisingAutoencoder, photo: Tensor) -> None:
    noisy = photo[0].permute(1, 2, 0).numpy()
    denoise, before = as_function(model, CPU), statistics(model)
    first = denoise(noisy)
    model.train()
    assert (denoise(noisy) == first).all()
    assert all(torch.equal(a, b) for a, b in zip(before, statistics(model), strict=True))


def test_profiling_uses_eval_mode_and_gives_the_mode_back(model: DenoisingAutoencoder) -> None:
    before = statistics(model)
    profile(model)
    assert all(module.training for module in model.modules())
    assert all(torch.equal(a, b) for a, b in zip(before, statistics(model), strict=True))


def test_exporting_a_network_in_train_mode_is_refused(model: DenoisingAutoencoder) -> None:
    with pytest.raises(ExportError, match="in train mode"):
        to_onnx(model)
    model.eval().network.encoder[0].train()
    with pytest.raises(ExportError, match="in train mode"):
        to_onnx(model)


def test_checkpoints_are_loaded_and_exported_in_eval_mode(tmp_path: Path, photo: Tensor) -> None:
    save_checkpoint(tmp_path / "last.pt", TrainingState.start(recipe(), CPU, "float32").to_checkpoint())
    loaded = load_trained(tmp_path / "last.pt").model
    assert not any(module.training for module in loaded.modules())
    export_run(tmp_path / "last.pt", tmp_path / "toy.onnx")
    noisy = photo[0].permute(1, 2, 0).contiguous().numpy()
    torch_says, onnx_says = (
        candidate.denoise(noisy)
        for candidate in open_models(
            [str(tmp_path / "last.pt"), str(tmp_path / "toy.onnx")], device="cpu", threads=1
        )
    )
    assert abs(torch_says - onnx_says).max() < 1e-4


def test_modes_are_given_back_one_by_one(model: DenoisingAutoencoder) -> None:
    train_mode(model, "encoder")
    before = [module.training for module in model.modules()]
    with evaluating(model):
        assert not any(module.training for module in model.modules())
    assert [module.training for module in model.modules()] == before
    assert True in before and False in before


def test_statistics_are_held_while_weights_learn(model: DenoisingAutoencoder, photo: Tensor) -> None:
    model.train()
    model(photo)
    freeze_batch_norm(model)
    before = statistics(model)
    model(photo).sum().backward()
    assert all(torch.equal(a, b) for a, b in zip(before, statistics(model), strict=True))
    assert model.training and all(weight.grad is not None for weight in model.parameters())
