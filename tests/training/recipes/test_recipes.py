from pathlib import Path

import pytest
import torch

from denoisectl.errors import ConfigError
from denoisectl_training.networks.model import DenoisingAutoencoder, build_model
from denoisectl_training.recipes import changed, load_recipe, parse_recipe, shipped_recipes


@pytest.mark.parametrize("name", shipped_recipes())
def test_every_shipped_recipe_loads_under_its_own_name(name: str) -> None:
    recipe = load_recipe(name)
    assert recipe.name == name
    assert recipe.summary


def test_a_book_recipe_answers_to_its_short_name() -> None:
    assert load_recipe("skip") == load_recipe("book-skip")


def test_overrides_reach_nested_keys_of_every_type() -> None:
    recipe = load_recipe(
        "skip", ["optimizer.lr=1e-4", "model.colour=lab", "model.widths=[8, 16]", "training.batch=2"]
    )
    assert recipe.optimizer.lr == 1e-4
    assert recipe.model.colour == "lab"
    assert recipe.model.widths == (8, 16)
    assert recipe.training.batch == 2


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("optimizer.lrr=1", "unknown key optimizer.lrr; did you mean optimizer.lr?"),
        ("images=3", "unknown key images; did you mean training.images?"),
        ("training.image=3", "unknown key training.image; did you mean training.images?"),
        ("optimiser.lr=1", "unknown key optimiser; did you mean optimizer?"),
        ("optimizer.lr=fast", "optimizer.lr: input should be a valid number"),
        ("optimizer.lr=-1", "optimizer.lr: input should be greater than 0 (got -1)"),
        ("model.architecture=big", "model.architecture"),
        ("schedule.rates=[]", "schedule.rates: tuple should have at least 1 item"),
        ("model.widths=[]", "model.widths: tuple should have at least 1 item"),
        ("optimizer.momentum=1", "optimizer.momentum: input should be less than 1"),
        ("optimizer.beta1=1", "optimizer.beta1: input should be less than 1"),
        ("optimizer.beta2=1", "optimizer.beta2: input should be less than 1"),
        ("optimizer.lr=inf", "optimizer.lr: input should be a finite number"),
        ("schedule.rates=[inf]", "schedule.rates.0: input should be a finite number"),
        ("loss={ssd=0.0, l1=0.0}", "ssd, l1 and psnr are all 0, so that nothing would be learned"),
        ("loss.ssd=nan", "loss.ssd: input should be a finite number"),
        (f"training.seed={1 << 63}", "training.seed: input should be less than 9223372036854775808"),
        ("training.seed=-1", "training.seed: input should be greater than or equal to 0"),
        (
            'corruption=[{kind="salt_and_pepper", magnitude=5.0}]',
            "magnitude is 5, and salt_and_pepper takes 0 to 1",
        ),
        ('corruption=[{kind="knockout", magnitude=0.5}]', "magnitude is 0.5, and knockout takes 1 to 100"),
        ('corruption=[{kind="camera", magnitude=1.0}]', "camera takes neither magnitude nor clipped"),
        ('corruption=[{kind="developed", clipped=0.5}]', "developed takes neither magnitude nor clipped"),
        ("optimizer", "expected KEY=VALUE"),
        ("name.first=1", "name is not a section"),
    ],
)
def test_a_bad_key_is_named(override: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_recipe("skip", [override])
    assert message in str(caught.value)


def test_a_rate_that_would_only_rise_is_refused_in_a_new_run_and_read_from_an_old_one() -> None:
    message = r"schedule\.warmup is 12000 and training\.images 5000, .* only rise; schedule\.warmup=500 fits"
    with pytest.raises(ConfigError, match=message):
        load_recipe("photo", ["training.images=5000"])
    short = load_recipe("photo", ["training.images=5000", "schedule.warmup=500"])
    with pytest.raises(ConfigError, match=r"schedule\.warmup is 5000"):
        changed(short, ["schedule.warmup=5000"])
    old = short.model_dump() | {"schedule": {"name": "cosine", "warmup": 12_000}}
    assert parse_recipe(old, origin="run.json").schedule.warmup == 12_000


def test_a_unets_levels_must_agree() -> None:
    with pytest.raises(ConfigError, match="widths has 2 levels"):
        load_recipe("photo", ["model.widths=[8, 16]"])


def test_unknown_names_and_files_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="did you mean photo"):
        load_recipe("foto")
    with pytest.raises(ConfigError, match="does not exist"):
        load_recipe(str(tmp_path / "mine.toml"))
    (tmp_path / "broken.toml").write_text("name = ")
    with pytest.raises(ConfigError, match="not valid TOML"):
        load_recipe(str(tmp_path / "broken.toml"))


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("skp", "no recipe named 'skp'; did you mean skip? (all: denoisectl train --list)"),
        ("exp-bas", "no recipe named 'exp-bas'; did you mean exp-base? (all: denoisectl train --list)"),
        ("gone/skp.toml", "recipe file gone/skp.toml does not exist; did you mean skip?"),
        ("qqq", "no recipe named 'qqq'; there are: photo, photo-best"),
    ],
)
def test_a_recipe_that_is_not_there_is_answered_by_the_nearest_or_those_of_models(
    name: str, message: str
) -> None:
    with pytest.raises(ConfigError) as raised:
        load_recipe(name)
    assert str(raised.value).startswith(message) and ", exp-" not in str(raised.value)


def test_a_recipe_may_extend_another_and_hold_what_differs(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(
        'extends = "skip"\nname = "mine"\n[optimizer]\nlr = 1e-4\n[[corruption]]\nkind = "blur"\n'
    )
    mine, skip = load_recipe(str(tmp_path / "mine.toml")), load_recipe("skip")
    assert (mine.name, mine.optimizer.lr, mine.optimizer.name) == ("mine", 1e-4, skip.optimizer.name)
    assert [entry.kind for entry in mine.corruption] == ["blur"]
    assert mine.model == skip.model
    assert mine.schedule.rates[0] == 1e-4, "the rate of a schedule in steps is the one that is asked for"


def test_later_rates_follow_a_first_one_that_is_given_anywhere(tmp_path: Path) -> None:
    base = load_recipe("book-small")
    faster = tuple(pytest.approx(5.0 * rate) for rate in base.schedule.rates)
    rate = 5.0 * base.schedule.rates[0]
    (tmp_path / "mid.toml").write_text(f'extends = "book-small"\n[optimizer]\nlr = {rate}\n')
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "leaf.toml").write_text('extends = "../mid.toml"\n[training]\nbatch = 2\n')
    (tmp_path / "own.toml").write_text(
        f'extends = "mid.toml"\n[optimizer]\nlr = {rate}\n[schedule]\nrates = [0.5, 0.25]\n'
    )
    for name in ("mid.toml", "sub/leaf.toml"):
        assert load_recipe(str(tmp_path / name)).schedule.rates == faster
    assert load_recipe(str(tmp_path / "own.toml")).schedule.rates == (0.5, 0.25)
    (tmp_path / "part.toml").write_text("[optimizer]\nlr = 0.5\n")
    (tmp_path / "whole.toml").write_text(
        'extends = "part.toml"\nname = "whole"\n[[corruption]]\nkind = "gaussian"\n[schedule]\nname = "steps"\n'
    )
    assert load_recipe(str(tmp_path / "whole.toml")).schedule.rates[0] == 0.5
    table = f'optimizer={{name="adam", lr={rate}}}'
    assert load_recipe("book-small", [table]).schedule.rates == faster


def test_recipes_that_extend_each_other_are_an_error(tmp_path: Path) -> None:
    first, second = tmp_path / "first.toml", tmp_path / "second.toml"
    first.write_text(f'extends = "{second}"\n')
    second.write_text(f'extends = "{first}"\n')
    with pytest.raises(ConfigError, match="extends itself"):
        load_recipe(str(first))


def test_a_parsed_recipe_can_be_changed() -> None:
    assert changed(load_recipe("skip"), ["loss.l1=0"]).loss.l1 == 0.0
    with pytest.raises(ConfigError, match=r"did you mean loss\.l1"):
        changed(load_recipe("skip"), ["loss.l=0"])


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("data.scale=[1.0, 0.5]", "give the smaller first"),
        ("model.dropout=1.0", "model.dropout"),
        ("model.shortcut=conv", "model.shortcut"),
    ],
)
def test_the_newer_keys_are_checked_too(override: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        load_recipe("skip", [override])


def test_the_unet_has_no_book_blocks() -> None:
    with pytest.raises(ConfigError, match="the U-net has none of them"):
        load_recipe("photo", ["model.dropout=0.1"])


def test_a_recipe_written_before_a_key_came_is_read_with_its_default() -> None:
    values = load_recipe("skip").model_dump(mode="json")
    for section, key in (("model", "shortcut"), ("data", "scale"), ("training", "frozen")):
        del values[section][key]
    assert parse_recipe(values, origin="old") == load_recipe("skip")


@pytest.mark.parametrize(
    ("recipe", "override", "message"),
    [
        (
            "book-skip",
            "data.crop=100",
            "data.crop is 100, and the network divides crops by 8; take 96 or 104",
        ),
        (
            "photo",
            "data.crop=104",
            "data.crop is 104, and the network and the camera divide crops by 16; take 96",
        ),
        ("photo", "data.last_crop=130", "data.last_crop is 130"),
    ],
)
def test_crops_that_cannot_be_divided_are_refused(recipe: str, override: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message) as caught:
        load_recipe(recipe, [override])
    assert "(got" not in str(caught.value), "not the whole recipe"


@pytest.mark.parametrize("name", ["book-small", "book-skip", "photo", "photo-best"])
def test_a_recipe_knows_what_its_network_divides_by(name: str) -> None:
    model = build_model(load_recipe(name).model).eval()
    taken = [side for side in (2, 4, 8, 16, 32) if _keeps(model, side)]
    assert taken[0] == model.multiple_of


def _keeps(model: DenoisingAutoencoder, side: int) -> bool:
    """Whether the network takes images of a side and gives them back as large."""
    images = torch.rand(1, 3, side, side)
    try:
        with torch.no_grad():
            return model(images).shape == images.shape
    except RuntimeError:
        return False
