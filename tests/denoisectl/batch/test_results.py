"""Results of earlier runs among the inputs of another one."""

from __future__ import annotations

from pathlib import Path

from denoisectl import Denoiser
from denoisectl.batch.inputs import Selection, find
from denoisectl.batch.library import denoise_folder
from tests.denoisectl.batch.conftest import OK
from tests.denoisectl.conftest import write_picture


def test_results_among_their_photos_are_not_denoised_again(
    denoiser: Denoiser, photos: Path, out: Path
) -> None:
    first = list(denoiser.folder(photos, photos, format="webp"))
    assert [result.status for result in first] == [OK] * 3
    notices: list[str] = []
    found = list(find([str(photos)], Selection(out=out), notices.append))
    assert [each.path.name for each in found] == ["a.png", "b.jpg", "c.png"]
    assert len(notices) == 1 and "3 files in it or below are left out, results" in notices[0]
    above = list(find([str(photos.parent)], Selection(recursive=True, out=out)))
    assert [each.path.name for each in above] == ["a.png", "b.jpg", "c.png"], (
        "and from above the photos are found"
    )
    write_picture(photos / "a.webp")
    changed = find([str(photos)], Selection(out=out))
    assert "a.webp" in [each.path.name for each in changed], "somebody else's by now"


def test_results_alone_are_photos_like_others(denoiser: Denoiser, photos: Path, out: Path) -> None:
    list(denoise_folder(denoiser, photos, out))
    assert len(list(find([str(out)], Selection()))) == 3


def test_photos_that_were_denoised_in_place_are_told_of(denoiser: Denoiser, photos: Path, out: Path) -> None:
    list(denoiser.in_place(photos, ".orig"))
    notices: list[str] = []
    assert len(list(find([str(photos)], Selection(out=out, exclude=("*.orig",)), notices.append))) == 3
    assert len(notices) == 1 and "were denoised in place by an earlier run" in notices[0]
    assert len(list(find([str(photos)], Selection(in_place=True, exclude=("*.orig",)), notices.append))) == 3
    assert len(notices) == 1
