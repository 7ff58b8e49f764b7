"""What `denoisectl eval` was asked, turned into a protocol."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from denoisectl.errors import UsageError
from denoisectl_training.evaluation.protocols import Protocol, five_cases, literature, real_pairs
from denoisectl_training.evaluation.sources import Source, crop_names, crops, photos
from denoisectl_training.photos.finding import copies_among, find_photos, tell_copies, tell_left_out
from denoisectl_training.photos.pairs import Pair, match_folders, match_patterns


@dataclass(frozen=True, slots=True)
class EvaluationRequest:
    """Which photos, and what is done to them."""

    folders: tuple[Path, ...]
    protocol: Literal["five", "literature"] = "five"
    sigmas: tuple[float, ...] = (15.0, 25.0, 50.0)
    pairs: tuple[str, str] | None = None
    """Two folders, or two patterns inside `folders`; takes the place of `protocol`."""
    every: int = 1
    crops: int | None = None
    side: int = 128
    eight_bit: bool = False
    seed: int = 0

    def open(self) -> Protocol:
        """Find the photos; they are read one at a time, while they are measured.

        Raises:
            UsageError: no folder, one that does not exist, or flags that contradict each other.
            TrainingError: a folder without photos, or photos without partners.
        """
        if self.pairs is not None:
            return real_pairs(self._matched(*self.pairs), every=self.every)
        tell_left_out(self.folders)
        tell_copies(copies_among(self._found()))
        if self.protocol == "literature":
            return literature(self._source(), self.sigmas, eight_bit=self.eight_bit)
        return five_cases(self._source(), seed=self.seed, eight_bit=self.eight_bit)

    def names(self) -> list[str]:
        """What the images are called, in order; raises as `open` does."""
        if self.pairs is not None:
            return [noisy.name for noisy, _ in self._matched(*self.pairs)[:: self.every]]
        paths = self._paths()
        if self.crops is None:
            return [path.name for path in paths[:: self.every]]
        return crop_names(paths, self.crops)

    def _matched(self, noisy: str, clean: str) -> list[Pair]:
        if self.crops is not None or self.eight_bit:
            raise UsageError("--crops and --eight-bit are for made noise; leave them out with --pairs")
        if self.folders:
            return match_patterns(self.folders, noisy, clean)
        return match_folders(Path(noisy), Path(clean))

    def _paths(self) -> list[Path]:
        """Each photo once: a copy would make it count twice."""
        found = self._found()
        copies = {copy for copy, _ in copies_among(found)}
        return [photo for photo in found if photo not in copies]

    def _found(self) -> list[Path]:
        if not self.folders:
            raise UsageError(
                "no folder of photos given; for example: denoisectl eval ./kodak24 --model photo"
            )
        if self.crops is not None and self.every > 1:
            raise UsageError("--every is for whole photos; leave it out with --crops")
        return find_photos(self.folders)

    def _source(self) -> Source:
        paths = self._paths()
        return (
            photos(paths, every=self.every)
            if self.crops is None
            else crops(paths, self.crops, self.side, seed=self.seed)
        )
