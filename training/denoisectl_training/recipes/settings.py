"""The keys of a recipe: their types, ranges, defaults and meaning."""

from __future__ import annotations

import math
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

_CAMERA_BLOCK = 16  # pixels: a JPEG whose colour is halved has blocks of this side

Positive = Annotated[int, Field(gt=0)]
Share = Annotated[float, Field(ge=0.0, le=1.0)]
Decay = Annotated[float, Field(ge=0.0, lt=1.0)]
Weight = Annotated[float, Field(ge=0.0)]


class _Settings(BaseModel):
    """Frozen, strict about keys, and documented field by field."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True, allow_inf_nan=False)


class ModelSettings(_Settings):
    """What network is trained and what it sees (sections 17.1, 17.2 and 18.2 to 18.4)."""

    architecture: Literal["small", "noskip", "skip", "unet"] = "skip"
    """Figure 18.4's three autoencoders, of which `noskip` has no skip connections (section 18.3.1), or the U-net that
    ships."""
    colour: Literal["l", "lab", "rgb"] = "l"
    """The network works on L alone (A and B smoothed), on all of LAB, or on RGB."""
    chroma_sigma: Annotated[float, Field(gt=0.0)] = 3.0
    """Gaussian sigma in pixels that smooths A and B in mode `l`."""
    chroma_smoothing: Literal["gaussian", "guided"] = "gaussian"
    """Mode `l`: A and B are smoothed by a Gaussian, or by a filter that follows the edges of the clean L."""
    chroma_radius: Positive = 4
    """`guided`: radius of its windows in pixels; the halo grows by twice as much."""
    chroma_epsilon: Annotated[float, Field(gt=0.0)] = 3e-4
    """`guided`: variance of L in [0, 1] below which a window counts as flat."""
    input_scale: Literal["signed", "unit", "standardised"] = "signed"
    """The network's input range: [-1, 1], [0, 1], or mean 0 and deviation 1."""
    output: Literal["residual", "identity", "sigmoid", "tanh", "scaled_tanh", "relu_pair", "hard_clamp"] = (
        "scaled_tanh"
    )
    """From raw output to planes in [0, 1]; `scaled_tanh` is the text's a(tanh x + b)."""
    widths: Annotated[tuple[Positive, ...], Field(min_length=1)] = (32, 64, 128, 256)
    """Features at each level, finest first (section 17.1.2: more as blocks shrink)."""
    batch_norm: bool = True
    """Batch normalisation in the book's blocks (section 18.3.3); the U-net has none."""
    blocks: Positive = 1
    """Book: encoder blocks, and decoder blocks, at each level; depth at the same sizes."""
    shortcut: Literal["convolution", "identity", "none"] = "convolution"
    """Book: the residual connection of encoder blocks (section 18.3.2); `identity` is the text's V_w."""
    dropout: Annotated[float, Field(ge=0.0, lt=1.0)] = 0.0
    """Book: share of a block's output set to zero in training (section 17.4.4)."""
    encoder_blocks: tuple[Positive, ...] = (1, 1, 2)
    """U-net: residual blocks at each level on the way down, the bottom last."""
    decoder_blocks: tuple[Positive, ...] = (1, 1)
    """U-net: residual blocks at each level on the way up, finest first."""

    @property
    def multiple_of(self) -> int:
        """What the sides of a batch must divide by: each level but the finest halves them, the U-net's too."""
        halvings = len(self.widths) - (0 if self.architecture == "unet" else 1)
        return 1 << halvings

    @property
    def skip(self) -> bool:
        """Whether decoder blocks see the encoder's features (every architecture but `noskip`)."""
        return self.architecture != "noskip"

    @model_validator(mode="after")
    def _unet_has_no_book_blocks(self) -> ModelSettings:
        of_books = (self.blocks, self.shortcut, self.dropout)
        if self.architecture == "unet" and of_books != (1, "convolution", 0.0):
            raise ValueError(
                "blocks, shortcut and dropout are for small, noskip and skip; the U-net has none of them"
            )
        return self

    @model_validator(mode="after")
    def _levels_agree(self) -> ModelSettings:
        if self.architecture == "unet" and not (
            len(self.encoder_blocks) == len(self.widths) == len(self.decoder_blocks) + 1
        ):
            raise ValueError(
                f"widths has {len(self.widths)} levels, so encoder_blocks needs {len(self.widths)} numbers "
                f"and decoder_blocks {len(self.widths) - 1}"
            )
        return self


MAGNITUDES = {
    "gaussian": (0.0, 255.0),
    "poisson": (0.001, 1.0),
    "salt_and_pepper": (0.0, 1.0),
    "blur": (0.0, 100.0),
    "knockout": (1.0, 100.0),
}
"""The least and the most of each kind that has a magnitude: past it nothing is left of a photo, or one takes hours."""


class CorruptionSettings(_Settings):
    """One kind of corruption and how often it is drawn; `[[corruption]]` tables make the mixture."""

    kind: Literal[
        "clean", "gaussian", "poisson", "salt_and_pepper", "blur", "knockout", "camera", "developed"
    ]
    weight: Annotated[float, Field(gt=0.0)] = 1.0
    """Relative share of the samples of a batch."""
    magnitude: Annotated[float, Field(gt=0.0)] | None = None
    """Largest sigma (8-bit levels for `gaussian`, pixels for `blur`), share of pixels, or block side."""
    clipped: Share = 0.0
    """Share of the images whose noisy version is rounded and clipped to 8 bits, as a file would hold it."""

    @model_validator(mode="after")
    def _of_this_kind(self) -> CorruptionSettings:
        if self.kind not in MAGNITUDES:
            if self.magnitude is not None or self.clipped:
                raise ValueError(f"{self.kind} takes neither magnitude nor clipped")
        elif self.magnitude is not None:
            least, most = MAGNITUDES[self.kind]
            if not least <= self.magnitude <= most:
                raise ValueError(
                    f"magnitude is {self.magnitude:g}, and {self.kind} takes {least:g} to {most:g}"
                )
        return self


class LossSettings(_Settings):
    """Weights of the loss terms, which are means over the pixels of planes in [0, 1] (sections 17.4.1, 18.2, 18.4)."""

    ssd: Weight = 100.0
    """Of the squared residuals."""
    l1: Weight = 30.0
    """Of the absolute residuals."""
    out_of_range: Weight = 1.0
    """Of the squared excess below 0 and above 1, the text's L_ud."""
    psnr: Weight = 0.0
    """Of each crop's PSNR: a dB counts the same in little noise as in strong."""

    @model_validator(mode="after")
    def _something_is_learned(self) -> LossSettings:
        if not (self.ssd or self.l1 or self.psnr):
            raise ValueError(
                "ssd, l1 and psnr are all 0, so that nothing would be learned; give one a weight"
            )
        return self


class OptimizerSettings(_Settings):
    """How the gradient becomes a step (section 18.4.2)."""

    name: Literal["sgd", "momentum", "adam", "adamw", "muon"] = "adam"
    """`muon`: Muon for the convolutions, AdamW for the rest."""
    lr: Annotated[float, Field(gt=0.0)] = 1e-3
    """The learning rate, which a schedule changes (section 17.3.3)."""
    momentum: Decay = 0.9
    """Of `momentum` and `muon`: procedure 18.1's mu."""
    beta1: Decay = 0.9
    """Of `adam`, `adamw` and `muon`, as the next two: procedure 18.2's numbers."""
    beta2: Decay = 0.999
    epsilon: Annotated[float, Field(gt=0.0)] = 1e-8
    weight_decay: Weight = 0.0
    """How much weights are drawn to zero (section 17.4.4): `sgd`, `momentum` and `adam` add this times each weight to
    its gradient; `adamw` and `muon` shrink each weight by this times the rate, apart from the gradient."""
    clip_norm: Annotated[float, Field(gt=0.0)] | None = None
    """Gradients longer than this are shortened to it."""


class ScheduleSettings(_Settings):
    """The learning rate as a function of images seen (sections 17.3.3, 18.4)."""

    name: Literal["constant", "steps", "geometric", "cosine"] = "constant"
    rates: Annotated[tuple[Annotated[float, Field(gt=0.0)], ...], Field(min_length=1)] = (
        2e-3,
        1e-3,
        7e-4,
        3e-4,
        1e-4,
    )
    """`steps`: one rate after the other, in place of `optimizer.lr`."""
    every: Positive = 100_000
    """`steps` and `geometric`: images between changes."""
    factor: Annotated[float, Field(gt=0.0, lt=1.0)] = 0.3
    """`geometric`: what the rate is multiplied by."""
    warmup: Annotated[int, Field(ge=0)] = 0
    """`cosine`: images over which the rate rises from nothing."""
    final: Share = 0.0
    """`cosine`: share of `optimizer.lr` left at the end."""


class DataSettings(_Settings):
    """How photos become batches."""

    crop: Annotated[int, Field(ge=32)] = 128
    """Side of the square crops, in pixels."""
    last_crop: Annotated[int, Field(ge=32)] | None = None
    """Side of the crops at the end of a run, in pixels; None keeps `crop`. Small crops teach more photos in the same
    time, larger ones what lies further away."""
    last_share: Share = 0.3
    """Share of the images of a run that count as its end."""
    max_side: Positive = 1024
    """Photos with a longer side are reduced to it when read, which also averages their own noise away."""
    grey: Share = 0.0
    """Share of the images made grey after corruption: scans and old photographs have one channel."""
    graphics: Annotated[float, Field(ge=0.0, lt=1.0)] = 0.0
    """Share of the crops that show drawn text, screens, halftone and fabric, which few photos hold."""
    scale: tuple[Annotated[float, Field(gt=0.0)], Annotated[float, Field(gt=0.0)]] = (1.0, 1.0)
    """Crops are of photos resized by a random factor between these two."""
    flips: bool = True
    """Crops are mirrored at random."""
    turns: bool = True
    """Crops are turned by a random number of quarter turns."""
    brightness: Annotated[float, Field(ge=0.0, lt=1.0)] = 0.0
    """Crops are made brighter or darker by up to this share, before corruption."""
    validation_photos: Annotated[int, Field(ge=0)] | None = None
    """Photos set aside from training to be measured on, and to choose by (section 18.4.3); by default a fifth, at most
    24."""
    test_photos: Annotated[int, Field(ge=0)] = 0
    """Photos set aside from training and from choosing, for one final figure."""

    @property
    def largest_crop(self) -> int:
        """The side that every photo must have."""
        return max(self.crop, self.last_crop or 0)

    @model_validator(mode="after")
    def _scale_is_a_range(self) -> DataSettings:
        if self.scale[0] > self.scale[1]:
            raise ValueError(
                f"scale runs from {self.scale[0]} down to {self.scale[1]}; give the smaller first"
            )
        return self


class TrainingSettings(_Settings):
    """How long, in what portions, and how exactly."""

    images: Positive = 500_000
    """Crops seen in the whole run; the schedule counts them."""
    batch: Positive = 16
    """Crops whose mean loss gives the gradient of one step (section 17.3.2)."""
    seed: Annotated[int, Field(ge=0, lt=1 << 63)] = 0
    """Of all that is drawn: weights, crops, corruption, and which photos are set aside."""
    precision: Literal["auto", "float32", "bfloat16", "float16"] = "auto"
    """Autocast precision; `auto` is bfloat16 where the device multiplies it, else float16 on GPUs, float32 on CPUs."""
    ema: Annotated[float, Field(ge=0.0, lt=1.0)] = 0.0
    """Decay of the running average of the weights that is validated and exported; 0 keeps none."""
    frozen: Literal["nothing", "encoder"] = "nothing"
    """What fine-tuning (section 18.4.5) leaves as it was."""
    steady_share: Share = 0.0
    """Share of the images of a run, at its end, in which batch normalisation (section 18.3.3) no longer follows
    the batch: it uses what it has gathered, as it will in use."""
    quantise: Literal["nothing", "int8"] = "nothing"
    """U-net, fine-tuning only: learn, with the rounding that the 8-bit file will do, to match the float network."""
    log_every: Positive = 640
    """Images between records of the training loss (figure 17.4)."""
    validate_every: Positive = 6_400
    """Images between validations (figure 17.4)."""
    checkpoint_every: Positive = 12_800
    """Images between checkpoints."""


class Recipe(_Settings):
    """A whole training run."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]*$")]
    summary: str = ""
    model: ModelSettings = ModelSettings()
    corruption: Annotated[tuple[CorruptionSettings, ...], Field(min_length=1)]
    loss: LossSettings = LossSettings()
    optimizer: OptimizerSettings = OptimizerSettings()
    schedule: ScheduleSettings = ScheduleSettings()
    data: DataSettings = DataSettings()
    training: TrainingSettings = TrainingSettings()

    @model_validator(mode="after")
    def _crops_divide(self) -> Recipe:
        camera = any(each.kind in ("camera", "developed") for each in self.corruption)
        unit = math.lcm(self.model.multiple_of, _CAMERA_BLOCK if camera else 1)
        for name, side in (("crop", self.data.crop), ("last_crop", self.data.last_crop)):
            if side and side % unit:
                why = f"the network{' and the camera divide' if camera else ' divides'} crops by {unit}"
                raise ValueError(
                    f"data.{name} is {side}, and {why}; take {side - side % unit} or {side + unit - side % unit}"
                )
        return self

    @model_validator(mode="after")
    def _only_the_unet_learns_to_round(self) -> Recipe:
        if self.training.quantise != "nothing" and self.model.architecture != "unet":
            raise ValueError(
                f"training.quantise is for unet, and model.architecture is {self.model.architecture}"
            )
        return self
