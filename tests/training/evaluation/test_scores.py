"""What a score is of, and what is quoted of scores, on candidates whose figures are known."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import skimage.data

from denoisectl_training.evaluation.candidates import Candidate, baselines
from denoisectl_training.evaluation.contact_sheet import _liveliest
from denoisectl_training.evaluation.measuring import Score, measure
from denoisectl_training.evaluation.metrics import Image
from denoisectl_training.evaluation.protocols import Protocol, Sample, five_cases, literature
from denoisectl_training.evaluation.sources import CleanImage
from denoisectl_training.evaluation.summary import summarise

PHOTO = skimage.data.coffee()[100:148, 200:264].astype(np.float32) / np.float32(255)
WHITE = np.ones((128, 128, 3), np.float32)


def candidate(denoise: Callable[[Image], Image], name: str = "one") -> Candidate:
    return Candidate(name, "model", denoise)


def test_outputs_are_clipped_in_the_literatures_protocol_and_not_rounded() -> None:
    protocol = literature(iter([CleanImage(0, "white", WHITE)]), (25.0,))
    (score,) = measure(protocol, [candidate(lambda noisy: noisy)])
    assert score.psnr == pytest.approx(20 * np.log10(255 / 25) + 3.01, abs=0.1), (
        "half of the noise is cut off"
    )
    assert score.correction == 0.0, "an input is seen clipped, too"
    assert score.noise == pytest.approx(25 / 255 / 2**0.5, rel=0.02)
    (score,) = measure(
        literature(iter([CleanImage(0, "coffee", PHOTO)]), (0.0,)), [candidate(_a_little_brighter)]
    )
    assert score.psnr == pytest.approx(20 * np.log10(255 / 0.3), abs=0.1)


def _a_little_brighter(noisy: Image) -> Image:
    return np.minimum(noisy + np.float32(0.3 / 255), 1.0)


def test_outputs_are_rounded_as_files_are_in_the_five_cases() -> None:
    scores = measure(five_cases(iter([CleanImage(0, "coffee", PHOTO)])), [candidate(_a_little_brighter)])
    assert scores[0].case == "clean" and scores[0].psnr == 50.0 and scores[0].psnr_to_input == 100.0


def test_what_was_changed_is_told_from_what_should_have_been() -> None:
    noisy = PHOTO + np.float32(0.01)
    sample = Sample("coffee", "real", noisy, PHOTO)
    most = candidate(lambda image: image - np.float32(0.008))
    (score,) = measure(Protocol("pairs", iter([sample]), rounded=False), [most])
    assert (score.correction, score.noise) == pytest.approx((0.008, 0.01), rel=0.05)
    assert (score.psnr, score.psnr_to_input) == pytest.approx((54.0, 41.9), abs=0.3)


def scored(who: Candidate, case: str, psnr: float, correction: float) -> Score:
    return Score(who, "coffee", case, psnr, psnr / 100, 45.0, correction, 0.1)


@pytest.mark.parametrize(
    ("gain", "correction", "identity"), [(0.5, 0.04, True), (0.5, 0.06, False), (2.0, 0.04, False)]
)
def test_a_model_passes_its_input_on_if_it_both_changes_and_gains_little(
    gain: float, correction: float, identity: bool
) -> None:
    before, after = baselines()[0], candidate(lambda noisy: noisy)
    cases = [("weak", 30.0, 0.01), ("strong", 20.0, correction)]
    scores = [scored(before, case, psnr, 0.0) for case, psnr, _ in cases]
    scores += [scored(after, case, psnr + gain, changed) for case, psnr, changed in cases]
    given, made = summarise(scores)
    assert (made.gain, made.correction) == (pytest.approx(gain), pytest.approx(correction / 0.1))
    assert (made.identity, given.identity) == (identity, False)
    assert made.psnr["strong"].mean == pytest.approx(20.0 + gain)
    assert made.ssim["mean"].mean == pytest.approx((25.0 + gain) / 100)


def test_the_filters_are_those_that_their_names_say() -> None:
    dot, block = np.zeros((9, 9, 3), np.float32), np.zeros((9, 9, 3), np.float32)
    dot[4, 4], block[3:6, 3:6] = 1.0, 1.0
    median, smooth = (each.denoise for each in baselines()[1:])
    assert not median(dot).any() and median(block)[4, 4, 0] == 1.0
    assert smooth(dot)[4, 4, 0] == pytest.approx(1 / (2 * np.pi), abs=2e-3)


def test_details_are_shown_where_there_is_most_contrast() -> None:
    image = np.full((200, 300, 3), 0.5, np.float32)
    image[120:160, 60:120] = skimage.data.astronaut()[:40, 200:260] / np.float32(255)
    rows, columns = _liveliest(image)
    assert (rows.stop - rows.start, columns.stop - columns.start) == (40, 60)
    assert 100 <= rows.start <= 140 and 30 <= columns.start <= 90
