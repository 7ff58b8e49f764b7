"""Which file of a shipped model runs: float32, or its twin in 8-bit integers where the processor is fast at them.

GPUs are not: onnxruntime has no kernels for 8-bit convolutions there, and computes them in float32 and rounds.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from denoisectl.choices import Precision, Seams
from denoisectl.errors import UsageError
from denoisectl.machine.processors import fast_at_8_bits
from denoisectl.model_file.card_in_file import read_card
from denoisectl.model_file.onnx_file import read_model
from denoisectl.model_file.shipped import find_model, float32_twin, int8_twin, is_shipped


@dataclass(frozen=True, slots=True)
class ModelFiles:
    """The files of the model that is meant: one for GPUs, one for processors, which may be the same."""

    gpu: Path
    processor: Path
    choice: tuple[Path, ...]
    """What there was to choose `processor` from: by `auto` a model and its 8-bit twin, else one file."""
    asked: Precision = "auto"
    told: str = ""
    """What to tell whoever runs `gpu`, which is another model than the one that was named; else empty."""

    @classmethod
    def find(cls, model: str | Path | None, precision: Precision = "auto") -> ModelFiles:
        """The files of a shipped name, or of the default for None; a path is run as it is.

        Args:
            model: as for `find_model`.
            precision: "auto" takes 8-bit integers on a processor that is fast at them, if the model ships so, and on a
                GPU the float32 twin of a model in 8-bit integers; what is named is used or refused.

        Raises:
            ModelError: no such model, or a file whose precision cannot be told.
            UsageError: the model is not there in the precision that is asked for.
        """
        if precision not in get_args(Precision):
            raise UsageError(f"no such precision: {precision}; there are {', '.join(get_args(Precision))}")
        named = find_model(model)
        twin = None if precision == "float32" else int8_twin(named, model)
        if precision == "auto":
            gpu = _float32_file(named, model)
            processor = twin if twin and fast_at_8_bits() else named
            choice = (named, twin) if twin else (named,)
            return cls(gpu, processor, choice, told="" if gpu == named else _instead(named, gpu))
        chosen = twin or named
        if (card := read_card(chosen)).precision != precision:
            instead = (
                f"--model {card.float32_twin}"
                if card.float32_twin
                else "a file that `denoisectl export` makes"
            )
            raise UsageError(
                f"--precision {precision}: {model or named.stem} is in {card.precision}; "
                f"leave it out, or take {instead}"
            )
        return cls(chosen, chosen, (chosen,), precision)

    def digest(
        self, seams: Seams = "auto", overlap: int | None = None, self_ensemble: int | None = None
    ) -> str:
        """Names the model for the journal. What `auto` chose does not show, and is left out; what was asked is not.

        Args:
            seams: as for `Denoiser.open`.
            overlap: as for `Denoiser.open`.
            self_ensemble: as for `Denoiser.open`.

        Raises:
            ModelError: there is no such file.
        """
        digest = hashlib.sha256()
        for file in self.choice:
            digest.update(read_model(file))
        asked: list[str] = [] if self.asked == "auto" else [self.asked]
        if (seams, overlap) != ("auto", None):
            asked.append(str((seams, overlap)))
        if self_ensemble is not None and {self_ensemble} != {
            read_card(file).self_ensemble for file in self.choice
        }:
            asked.append(f"self-ensemble {self_ensemble}")
        return " ".join([digest.hexdigest(), *asked])


def _float32_file(named: Path, model: str | Path | None) -> Path:
    """The file in float32 that a GPU runs faster than a shipped one in 8-bit integers; a path is run as it is."""
    return (float32_twin(read_card(named)) if is_shipped(model) else None) or named


def _instead(named: Path, gpu: Path) -> str:
    return (
        f"{named.stem} is in 8-bit integers, which gain nothing on a GPU: {gpu.stem}, its float32 twin, runs "
        f"instead; --precision int8 runs {named.stem} itself"
    )
