import struct
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest
import tifffile
import torch
from PIL import Image

from denoisectl.errors import TrainingError
from denoisectl_training.evaluation.sources import read_image
from denoisectl_training.photos.crops import random_crops, step_generator
from denoisectl_training.photos.finding import find_photos
from denoisectl_training.photos.photo_set import PhotoSet, load_pairs, load_photos
from denoisectl_training.recipes import DataSettings


def load(paths: list[Path], **settings: object) -> PhotoSet:
    return load_photos(paths, DataSettings.model_validate({"crop": 64, **settings}), seed=0)


def test_photos_are_split_by_photo_and_small_ones_are_padded(photo_folder: Path) -> None:
    photos = load(find_photos([photo_folder]), max_side=1024, validation_photos=1)
    assert (len(photos.training), len(photos.validation)) == (2, 1)
    for photo in (*photos.training, *photos.validation):
        assert photo.dtype == torch.uint8 and min(photo.shape[1:]) >= 64


def many(count: int, folder: Path) -> list[Path]:
    """Files of small photos, each of a shade of its own."""
    paths = [folder / f"{number:03}.png" for number in range(count)]
    for number, path in enumerate(paths):
        cv2.imwrite(str(path), np.full((64, 64, 3), number, np.uint8))
    return paths


def test_too_few_photos_to_hold_one_out_are_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    photos = many(4, tmp_path)
    load(photos, validation_photos=None)
    assert "too few photos to hold any out (4)" in caplog.text
    caplog.clear()
    load(photos, validation_photos=0)
    assert "too few" not in caplog.text, "asked for"


@pytest.mark.parametrize(("count", "held"), [(1, 0), (4, 0), (5, 1), (50, 10), (200, 24)])
def test_a_fifth_is_set_aside_where_the_recipe_does_not_say(count: int, held: int, tmp_path: Path) -> None:
    photos = load(many(count, tmp_path), validation_photos=None)
    assert (len(photos.training), len(photos.validation)) == (count - held, held)


def test_large_photos_are_reduced(photo_folder: Path) -> None:
    photos = load(find_photos([photo_folder]), max_side=100, validation_photos=0)
    assert max(max(photo.shape[1:]) for photo in photos.training) == 100


def test_the_digest_follows_the_pixels(photo_folder: Path, tmp_path: Path) -> None:
    photo = cv2.imread(str(photo_folder / "astronaut.png"))
    cv2.imwrite(str(tmp_path / "same.png"), photo)
    photo[3, 4, 1] += 1
    cv2.imwrite(str(tmp_path / "other.png"), photo)
    before, same, other = (
        load([path], validation_photos=0).digest
        for path in (photo_folder / "astronaut.png", tmp_path / "same.png", tmp_path / "other.png")
    )
    assert before == same != other


def test_unreadable_files_are_left_out_and_said_once(
    photo_folder: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "text.jpg").write_text("not a photo")
    (tmp_path / "empty.png").touch()
    photos = load(find_photos([photo_folder, tmp_path]), max_side=1024, validation_photos=0)
    assert len(photos.training) == 3
    messages = [record.getMessage() for record in caplog.records if "unreadable" in record.getMessage()]
    assert messages == [
        f"unreadable files are left out (2), the first is {tmp_path / 'empty.png'}: the file is empty; "
        "restore it from a backup"
    ]


def test_a_file_that_may_not_be_read_is_left_out(
    photo_folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    read = Path.read_bytes

    def refuse(path: Path) -> bytes:
        if path.name == "coffee.jpg":
            raise PermissionError(13, "Permission denied")
        return read(path)

    monkeypatch.setattr(Path, "read_bytes", refuse)
    photos = load(find_photos([photo_folder]), validation_photos=0)
    assert len(photos.training) == 2
    reason = "cannot be read (Permission denied)"
    assert (
        f"unreadable files are left out (1), the first is {photo_folder / 'coffee.jpg'}: {reason}"
        in caplog.messages
    )


def test_a_line_of_pixels_is_reduced_to_a_line(photo_folder: Path, tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "line.png"), np.zeros((1, 3000, 3), np.uint8))
    photos = load([photo_folder / "coffee.jpg", tmp_path / "line.png"], max_side=1000, validation_photos=0)
    assert photos.training[1].shape == (3, 64, 1000)


def test_a_photo_of_more_pixels_than_opencv_takes_is_left_out(
    photo_folder: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    netpbm, png = tmp_path / "huge.png", tmp_path / "vast.png"
    netpbm.write_bytes(b"P6 40000 40000 255\n" + bytes(99))  # OpenCV goes by the first bytes, not by the name
    cv2.imwrite(str(png), np.zeros((64, 64, 3), np.uint8))
    stored = png.read_bytes()
    header = b"IHDR" + struct.pack(">II", 40_000, 40_000) + stored[24:29]
    png.write_bytes(stored[:12] + header + struct.pack(">I", zlib.crc32(header)) + stored[33:])
    photos = load([photo_folder / "coffee.jpg", netpbm, png], validation_photos=0)
    assert len(photos.training) == 1
    assert any(
        f"unreadable files are left out (2), the first is {netpbm}: " in each for each in caplog.messages
    )
    for huge in (netpbm, png):
        with pytest.raises(TrainingError, match=huge.name):
            read_image(huge)


def test_what_run_refuses_is_left_out_of_training_and_ends_an_evaluation(
    photo_folder: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    pages = tmp_path / "pages.tif"
    tifffile.imwrite(pages, np.zeros((2, 64, 64, 3), np.uint8), photometric="rgb")
    photos = load([photo_folder / "coffee.jpg", pages], validation_photos=0)
    assert len(photos.training) == 1
    assert any(f"the first is {pages}: " in message and "pages" in message for message in caplog.messages)
    with pytest.raises(TrainingError, match=r"pages\.tif: .* take it out of the test set"):
        read_image(pages)


def test_photos_are_read_as_run_reads_them(tmp_path: Path) -> None:
    """Transparency does not darken a TIFF's colours, 16 bits are rounded, and grey has three channels."""
    colours = np.random.default_rng(0).integers(0, 65536, (64, 64, 3)).astype(np.uint16)
    alpha = np.full((64, 64, 1), 20_000, np.uint16)
    tifffile.imwrite(tmp_path / "a.tif", np.dstack([colours, alpha]), photometric="rgb", extrasamples=[2])
    Image.fromarray(np.full((64, 64), 77, np.uint8)).save(tmp_path / "b.png")
    seen, grey = load([tmp_path / "a.tif", tmp_path / "b.png"], validation_photos=0).training
    np.testing.assert_array_equal(seen.permute(1, 2, 0).numpy(), np.rint(colours / 257).astype(np.uint8))
    assert grey.shape == (3, 64, 64) and (grey == 77).all()


def test_photos_none_of_which_can_be_read_are_told(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(b"no photo")
    with pytest.raises(TrainingError, match="none of the photos can be read"):
        load(find_photos([tmp_path]), validation_photos=0)


def test_too_few_photos_for_a_validation_set_is_an_error(photo_folder: Path) -> None:
    with pytest.raises(TrainingError, match="none left to train on"):
        load(find_photos([photo_folder]), max_side=1024, validation_photos=3)


def test_no_fewer_than_no_photos_are_set_aside(photo_folder: Path) -> None:
    with pytest.raises(
        TrainingError, match="readable photos: 3, of them set aside for validation: 0, for the test: 16"
    ):
        load(find_photos([photo_folder]), validation_photos=None, test_photos=16)


def test_crops_are_a_function_of_seed_and_step(photo_folder: Path) -> None:
    photos = load(find_photos([photo_folder]), max_side=1024, validation_photos=0)
    first, again, other = (
        random_crops(photos.training, 4, DataSettings(crop=64), step_generator(7, step)) for step in (5, 5, 6)
    )
    assert first.shape == (4, 3, 64, 64) and first.dtype == torch.float32
    assert first.min() >= 0.0 and first.max() <= 1.0
    assert torch.equal(first, again) and not torch.equal(first, other)


def test_photos_for_the_test_are_in_no_other_part(photo_folder: Path) -> None:
    photos = load(find_photos([photo_folder]), validation_photos=1, test_photos=1)
    parts = photos.training, photos.validation, photos.test
    assert [len(part) for part in parts] == [1, 1, 1]
    assert len({photo.numpy().tobytes() for part in parts for photo in part}) == 3
    without = load(find_photos([photo_folder]), validation_photos=1)
    assert torch.equal(photos.validation[0], without.validation[0])


def test_photos_smaller_than_the_crop_are_said_once(
    photo_folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    load(find_photos([photo_folder]), validation_photos=0)
    (record,) = caplog.records
    assert record.getMessage().startswith("padded photos smaller than 64 pixels: 1, the first is ")
    assert record.getMessage().endswith("cat.png")


def save(path: Path, pixels: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]) -> None:
    path.parent.mkdir(exist_ok=True)
    cv2.imwrite(str(path), pixels)


def test_pairs_are_cut_and_turned_together(tmp_path: Path) -> None:
    clean = np.random.default_rng(0).integers(0, 128, (70, 80, 3), dtype=np.uint8)
    save(tmp_path / "noisy" / "a.png", clean + 100)
    save(tmp_path / "clean" / "a.png", clean)
    settings = DataSettings(crop=32, validation_photos=0, scale=(0.5, 1.0), brightness=0.0)
    photos = load_pairs([(tmp_path / "noisy/a.png", tmp_path / "clean/a.png")], settings, seed=0)
    crops = random_crops(photos.training, 8, settings, step_generator(0, 0))
    noisy, target = crops.chunk(2, dim=1)
    assert photos.paired and crops.shape == (8, 6, 32, 32)
    torch.testing.assert_close(noisy - target, torch.full_like(target, 100 / 255), atol=1e-5, rtol=0)


def test_a_pair_of_two_sizes_is_named(tmp_path: Path) -> None:
    save(tmp_path / "noisy" / "a.png", np.zeros((8, 8, 3), np.uint8))
    save(tmp_path / "clean" / "a.png", np.zeros((9, 8, 3), np.uint8))
    with pytest.raises(TrainingError, match="8 x 8 against 8 x 9"):
        load_pairs([(tmp_path / "noisy/a.png", tmp_path / "clean/a.png")], DataSettings(), seed=0)


def crops_with(**settings: object) -> torch.Tensor:
    """Crops of a photo that says where its pixels come from: red grows downwards, green to the right."""
    rows, columns = torch.meshgrid(torch.arange(200), torch.arange(200), indexing="ij")
    photo = torch.stack([rows, columns, torch.full_like(rows, 100)]).to(torch.uint8)
    chosen = DataSettings.model_validate({"crop": 32, **settings})
    return random_crops([photo], 64, chosen, step_generator(0, 0)) * 255.0


def test_without_flips_and_turns_crops_are_upright() -> None:
    crops = crops_with(flips=False, turns=False)
    assert (crops[:, 0, 1, 0] - crops[:, 0, 0, 0]).round().eq(1).all()
    assert (crops[:, 1, 0, 1] - crops[:, 1, 0, 0]).round().eq(1).all()


def test_crops_are_mirrored_and_turned_into_all_eight_positions() -> None:
    crops = crops_with()
    steps = torch.stack([crops[:, 0, 1, 0] - crops[:, 0, 0, 0], crops[:, 1, 0, 1] - crops[:, 1, 0, 0]], 1)
    sideways = torch.stack([crops[:, 0, 0, 1] - crops[:, 0, 0, 0], crops[:, 1, 1, 0] - crops[:, 1, 0, 0]], 1)
    positions = {tuple(row) for row in torch.cat([steps, sideways], 1).round().int().tolist()}
    assert len(positions) == 8


def test_crops_of_reduced_photos_show_more_of_them() -> None:
    crops = crops_with(scale=(0.25, 0.5), flips=False, turns=False)
    slopes = (crops[:, 0, 30, 0] - crops[:, 0, 1, 0]) / 29
    assert slopes.min() > 1.9 and slopes.max() < 4.1
    assert slopes.std() > 0.1


def test_brightness_changes_all_channels_of_a_crop_alike() -> None:
    blue = crops_with(brightness=0.2)[:, 2]
    assert blue.amin() >= 79.9 and blue.amax() <= 120.1
    assert (blue.amax((1, 2)) - blue.amin((1, 2))).max() < 1e-3
    assert blue.std() > 5
