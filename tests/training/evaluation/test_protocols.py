from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from denoisectl.errors import TrainingError, UsageError
from denoisectl_training.evaluation.metrics import Image, psnr, rms
from denoisectl_training.evaluation.protocols import FIVE_CASES, Sample, as_file, five_cases, literature
from denoisectl_training.evaluation.request import EvaluationRequest
from denoisectl_training.evaluation.sources import CleanImage, crops, photos, read_image
from denoisectl_training.photos.finding import find_photos


def one(image: Image, index: int = 0) -> Iterator[CleanImage]:
    yield CleanImage(index, "image", image)


GREY = np.full((200, 200, 3), 0.5, np.float32)


def test_the_five_cases_have_their_fixed_strengths() -> None:
    samples = {sample.case: sample for sample in five_cases(one(GREY)).samples}
    assert list(samples) == list(FIVE_CASES)
    assert psnr(samples["clean"].noisy, GREY) == 100.0
    assert rms(samples["gaussian"].noisy - GREY) == pytest.approx(25 / 255, rel=0.02)
    assert (samples["salt and pepper"].noisy != 0.5).mean() == pytest.approx(0.05, abs=0.005)
    assert (samples["knockout"].noisy == 0.0).mean() == pytest.approx(0.02, abs=0.008)
    np.testing.assert_allclose(samples["blur"].noisy, GREY, atol=1e-5)


def test_a_step_edge_is_blurred_by_the_stated_sigma() -> None:
    edge = np.zeros((64, 64, 3), np.float32)
    edge[:, 32:] = 1.0
    blurred = next(s.noisy for s in five_cases(one(edge)).samples if s.case == "blur")
    expected = cv2.GaussianBlur(edge, (9, 9), 1.5)
    np.testing.assert_allclose(blurred[20:40, 20:40], expected[20:40, 20:40], atol=5e-3)


def test_literature_noise_is_the_documented_one_and_not_clipped() -> None:
    white = np.ones((8, 8, 3), np.float32)
    (sample,) = literature(one(white, index=3), (25.0,)).samples
    expected = white + np.random.default_rng(3).normal(0.0, 25 / 255, white.shape)
    np.testing.assert_allclose(sample.noisy, expected, atol=1e-6)
    assert sample.noisy.max() > 1.0


def test_a_sigma_that_is_named_twice_counts_once() -> None:
    samples = literature(one(GREY), (25.0, 25.0, 50.0)).samples
    assert [sample.case for sample in samples] == ["sigma 25", "sigma 50"]


def test_eight_bit_noise_is_what_a_file_would_hold() -> None:
    for protocol in (literature(one(GREY), (50.0,), eight_bit=True), five_cases(one(GREY), eight_bit=True)):
        for sample in protocol.samples:
            levels = sample.noisy * 255.0
            assert levels.min() >= 0.0 and levels.max() <= 255.0
            np.testing.assert_allclose(levels, levels.round(), atol=1e-4)


def test_a_subset_keeps_the_noise_of_the_whole_set(test_photos: Path) -> None:
    paths = find_photos([test_photos])
    whole = list(literature(photos([*paths, *paths]), (25.0,)).samples)
    part = list(literature(photos([*paths, *paths], every=2), (25.0,)).samples)
    assert [sample.image for sample in part] == ["a.png", "a.png"]
    assert all(np.array_equal(found.noisy, whole[i].noisy) for found, i in zip(part, (0, 2), strict=True))


def test_crops_are_small_spread_and_repeatable(test_photos: Path) -> None:
    paths = find_photos([test_photos])
    first, again = list(crops(paths, 5, 32)), list(crops(paths, 5, 32))
    assert [crop.name.split("#")[0] for crop in first] == ["a.png"] * 3 + ["b.png"] * 2
    assert all(crop.pixels.shape == (32, 32, 3) for crop in first)
    assert all(np.array_equal(a.pixels, b.pixels) for a, b in zip(first, again, strict=True))
    assert not np.array_equal(first[0].pixels, first[1].pixels)
    few = crops([*paths, *paths, *paths], 2, 32)
    assert [crop.name for crop in few] == ["a.png#0", "b.png#1"], "the first and the fourth of six"


def test_a_photo_smaller_than_a_crop_is_refused(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "small.png"), np.zeros((40, 31, 3), np.uint8))
    assert len(list(crops([tmp_path / "small.png"], 2, 31))) == 2
    with pytest.raises(TrainingError, match=r"small\.png: is smaller than a crop of 32 pixels"):
        list(crops([tmp_path / "small.png"], 2, 32))


def test_sixteen_bit_photos_are_read_in_full(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "deep.png"), np.full((11, 11, 3), 1000, np.uint16))
    np.testing.assert_allclose(read_image(tmp_path / "deep.png"), 1000 / 65535, rtol=1e-6)


def test_a_test_photo_too_small_to_measure_is_named(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "small.png"), np.zeros((10, 40, 3), np.uint8))
    with pytest.raises(TrainingError, match=r"small.png: is smaller than the 11 pixels that SSIM looks at"):
        list(photos(find_photos([tmp_path])))


def test_an_unreadable_test_photo_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "text.png").write_text("not a photo")
    with pytest.raises(TrainingError, match=r"text\.png: not an image"):
        list(photos(find_photos([tmp_path])))


def test_a_test_photo_that_may_not_be_read_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", refuse)
    with pytest.raises(TrainingError, match=r"a\.png: cannot be read \(Permission denied\)"):
        read_image(tmp_path / "a.png")


def samples_of(request: EvaluationRequest) -> list[Sample]:
    return list(request.open().samples)


def test_real_pairs_are_matched_by_pattern_and_by_folder(real_photos: Path, test_photos: Path) -> None:
    by_pattern = samples_of(EvaluationRequest((real_photos,), pairs=("*_real.png", "*_mean.png")))
    assert [sample.image for sample in by_pattern] == ["a_real.png", "b_real.png"]
    assert all(psnr(sample.noisy, sample.clean) < 40 for sample in by_pattern)
    by_folder = samples_of(EvaluationRequest((), pairs=(str(test_photos), str(test_photos))))
    assert [sample.image for sample in by_folder] == ["a.png", "b.png"]


def test_pairs_of_different_sizes_are_named(tmp_path: Path) -> None:
    for name, side in (("x_real.png", 18), ("x_mean.png", 19)):
        cv2.imwrite(str(tmp_path / name), np.zeros((side, side, 3), np.uint8))
    with pytest.raises(TrainingError, match="differ in size: 18 x 18 against 19 x 19"):
        samples_of(EvaluationRequest((tmp_path,), pairs=("*_real.png", "*_mean.png")))


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        (EvaluationRequest(()), "no folder of photos given"),
        (EvaluationRequest((Path(),), crops=3, every=2), "--every is for whole photos"),
        (EvaluationRequest((Path(),), pairs=("*a", "*b"), eight_bit=True), "leave them out with --pairs"),
        (EvaluationRequest((Path(),), pairs=("real", "*b")), "a pattern needs one"),
    ],
)
def test_requests_that_make_no_sense_are_refused(request_: EvaluationRequest, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        request_.open()


def test_every_image_has_its_own_noise_and_every_seed_another(test_photos: Path) -> None:
    grey = [CleanImage(index, "grey", GREY[:32, :32]) for index in range(2)]
    for case in ("gaussian", "salt and pepper", "knockout"):
        first, second = (s.noisy for s in five_cases(iter(grey)).samples if s.case == case)
        assert not np.array_equal(first, second)
    asked = [EvaluationRequest((test_photos,), seed=seed, eight_bit=seed == 1) for seed in (0, 1)]
    one, other = (samples_of(request)[1].noisy for request in asked)
    assert not np.array_equal(as_file(one), other) and np.array_equal(other, as_file(other))
    places = [
        samples_of(EvaluationRequest((test_photos,), crops=2, side=16, seed=seed))[0] for seed in (0, 1)
    ]
    assert not np.array_equal(places[0].clean, places[1].clean)


def test_a_request_passes_on_sigmas_depth_and_subset(test_photos: Path) -> None:
    request = EvaluationRequest((test_photos,), "literature", (10.0, 20.0), every=2, eight_bit=True)
    samples = samples_of(request)
    assert [(sample.image, sample.case) for sample in samples] == [
        ("a.png", "sigma 10"),
        ("a.png", "sigma 20"),
    ]
    assert all(np.array_equal(sample.noisy, as_file(sample.noisy)) for sample in samples)
    assert request.names() == ["a.png"]


def test_of_a_pair_the_noisy_photo_is_denoised_and_the_other_is_the_truth(real_photos: Path) -> None:
    asked = EvaluationRequest((real_photos,), pairs=("*_real.png", "*_mean.png"), every=2)
    (sample,) = samples_of(asked)
    assert np.array_equal(sample.noisy, read_image(real_photos / "a_real.png"))
    assert np.array_equal(sample.clean, read_image(real_photos / "a_mean.png"))
    assert asked.names() == ["a_real.png"]
