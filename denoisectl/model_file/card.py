"""The card that every model file carries: what it is, how to run it, how it was made and measured.

The card is JSON under the metadata key `denoisectl.card` of the `.onnx` file. Fields are only ever added, so
a reader passes over keys it does not know; a change that an old reader would get wrong raises
`contract_version` instead, which old readers refuse.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from denoisectl.errors import ModelError
from denoisectl.model_file.card_json import parsed, read, value_of

CARD_KEY = "denoisectl.card"
CONTRACT_VERSION = 1
ADOPTED = "adopted"
"""The architecture of a model that another project made."""
VIEWS = (1, 2, 4, 8)
"""How many views of a tile a self-ensemble can average."""

COLOURS = ("l", "lab", "rgb")
_MOST = 4096  # of `multiple_of`: twelve halvings; a tile of a larger grid fits no memory


@dataclass(frozen=True, slots=True)
class DataSource:
    """One set of photos that the network learned from."""

    source: str
    files: int
    licence: str


@dataclass(frozen=True, slots=True)
class Score:
    """One measurement of the exported file: `metric` of the noisy `input` and of the denoised `value`."""

    set: str
    condition: str
    metric: str
    input: float
    value: float
    command: str


@dataclass(frozen=True, slots=True)
class ModelCard:
    """What a caller must know about a model file. All sizes are pixels of the image."""

    name: str
    version: str
    summary: str
    architecture: str
    colour: str
    """What the network changes: "l" (lightness alone), "lab" or "rgb". Input and output are RGB always."""
    multiple_of: int
    """Height and width of the input must divide by this."""
    halo: int
    """Receptive-field radius: no output pixel depends on an input pixel further away along an axis.

    Derived from the layers, measured for an adopted model, and 0 for one that is not tileable."""
    effective_halo: int | None
    """Smallest overlap at which no pixel of a set of real photos moves by half an 8-bit level."""
    tileable: bool
    """False if the network looks at the whole image: then no overlap makes tiles exact."""
    precision: str
    fp16_safe: bool
    fp16_error: float | None
    """Largest difference between float16 and float32 output in [0, 1]; None if not measured."""
    parameters: int
    macs_per_pixel: float
    images_seen: int
    recipe: Mapping[str, Any] = field(default_factory=dict)
    """The training recipe as it was resolved; empty for an adopted model."""
    recipe_digest: str = ""
    data: tuple[DataSource, ...] = ()
    scores: tuple[Score, ...] = ()
    limits: tuple[str, ...] = ()
    tool_version: str = ""
    bytes_per_pixel: int | None = None
    """Working memory of the runtime per pixel of a tile; None if not measured."""
    float32_twin: str = ""
    """Shipped float32 model of the same purpose: computes tiles again in which this one's precision breaks down."""
    self_ensemble: int = 1
    """Views of each tile that are denoised and averaged where nothing else is asked for; one of `VIEWS`."""

    def __post_init__(self) -> None:
        """Reject what no file may say, whichever way the card was made."""
        _require(self.colour in COLOURS, "colour", f'one of {", ".join(COLOURS)}, got "{self.colour}"')
        _require(self.multiple_of >= 1, "multiple_of", f"at least 1, got {self.multiple_of}")
        _require(self.multiple_of <= _MOST, "multiple_of", f"at most {_MOST}, got {self.multiple_of}")
        _require(self.halo >= 0, "halo", f"at least 0, got {self.halo}")
        effective = self.effective_halo
        _require(effective is None or effective >= 0, "effective_halo", f"at least 0, got {effective}")
        per_pixel = self.bytes_per_pixel
        _require(per_pixel is None or per_pixel > 0, "bytes_per_pixel", f"above 0, got {per_pixel}")
        views = self.self_ensemble
        _require(views in VIEWS, "self_ensemble", f"one of {', '.join(map(str, VIEWS))}, got {views}")

    def to_json(self) -> str:
        """The card as the exporter writes it into `metadata_props[CARD_KEY]`."""
        fields = asdict(self) | {"contract_version": CONTRACT_VERSION, "recipe": dict(self.recipe)}
        return json.dumps(fields, indent=1, sort_keys=True, allow_nan=False)

    @classmethod
    def from_json(cls, text: str) -> ModelCard:
        """Read a card, naming the key of whatever is wrong.

        Raises:
            ModelError: not JSON, a key missing or ill-typed, or a contract version this tool does not know.
        """
        values = parsed(text)
        _check_contract(value_of(int, values, "contract_version"))
        return read(cls, values, later=("float32_twin", "self_ensemble"))


def _require(condition: bool, key: str, expected: str) -> None:
    if not condition:
        raise ModelError(f'card key "{key}" must be {expected}')


def _check_contract(version: int) -> None:
    if version != CONTRACT_VERSION:
        raise ModelError(
            f"the model's card has contract version {version} and this denoisectl reads version "
            f"{CONTRACT_VERSION}; upgrade with `pip install --upgrade denoisectl`"
        )
