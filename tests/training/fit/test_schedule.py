import pytest

from denoisectl_training.fit.schedule import learning_rate
from denoisectl_training.photos.crops import crop_side
from denoisectl_training.recipes import DataSettings, ScheduleSettings


@pytest.mark.parametrize(
    ("images", "rate"), [(0, 2e-3), (99_999, 2e-3), (100_000, 1e-3), (250_000, 7e-4), (900_000, 1e-4)]
)
def test_the_texts_steps(images: int, rate: float) -> None:
    assert learning_rate(ScheduleSettings(name="steps"), 1.0, images, 500_000) == rate


def test_geometric_multiplies_by_the_factor() -> None:
    settings = ScheduleSettings(name="geometric", factor=0.1, every=1000)
    assert learning_rate(settings, 1e-2, 2500, 10_000) == pytest.approx(1e-4)


def test_cosine_warms_up_and_ends_at_its_share() -> None:
    settings = ScheduleSettings(name="cosine", warmup=99, final=0.1)
    rates = [learning_rate(settings, 1.0, images, 1099) for images in (0, 98, 99, 599, 1099, 5000)]
    assert rates == pytest.approx([0.01, 0.99, 1.0, 0.55, 0.1, 0.1])


def test_constant_stays() -> None:
    assert learning_rate(ScheduleSettings(name="constant"), 3e-4, 10**9, 10) == 3e-4


@pytest.mark.parametrize(("images", "side"), [(0, 96), (6_999, 96), (7_000, 128), (10_000, 128)])
def test_crops_grow_for_the_last_share_of_a_run(images: int, side: int) -> None:
    settings = DataSettings(crop=96, last_crop=128, last_share=0.3)
    assert crop_side(settings, images, 10_000) == side


def test_crops_keep_their_size_unless_told() -> None:
    assert crop_side(DataSettings(crop=96), 10_000, 10_000) == 96
