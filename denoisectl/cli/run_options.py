"""What `denoisectl run` can be asked for, in the order of its help."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import typer

from denoisectl.choices import IfExistsName, Seams
from denoisectl.cli.options import (
    DeviceOpt,
    ExcludeOpt,
    IncludeOpt,
    JsonOpt,
    ModelOpt,
    OnCollisionOpt,
    PrecisionOpt,
    QuietOpt,
    RecursiveOpt,
    SelfEnsembleOpt,
    SuffixOpt,
    ThreadsOpt,
    TileOpt,
    VerboseOpt,
)
from denoisectl.cli.sizes import overlap as overlap_of
from denoisectl.cli.sizes import pixels, share, size_in_bytes

_INPUTS, _OUTPUTS, _STRENGTH = "Inputs", "Outputs", "Strength"
_SPEED, _FAULTS = "Speed and memory", "Faults"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOptions:
    """The options as they were given."""

    inputs: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="INPUT",
            help="Files, folders, quoted globs; - for one image on stdin. Names that begin with - go after --.",
        ),
    ] = None
    recursive: RecursiveOpt = False
    include: IncludeOpt = None
    exclude: ExcludeOpt = None
    files_from: Annotated[
        str | None,
        typer.Option(
            metavar="FILE|-",
            help="A file with the names of photos, one a line; --out mirrors their paths below --base.",
            rich_help_panel=_INPUTS,
        ),
    ] = None
    null: Annotated[
        bool,
        typer.Option(
            "--null",
            "-0",
            help="Names in lists end with NUL, as `find -print0` writes them.",
            rich_help_panel=_INPUTS,
        ),
    ] = False
    base: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Results have the paths that inputs have below this folder.",
            show_default="the current folder for lists; none for arguments",
            rich_help_panel=_INPUTS,
        ),
    ] = None
    shard: Annotated[
        str | None,
        typer.Option(
            metavar="I/N|slurm",
            help="Do part I of N of the work, the same part every time; slurm takes both from the job array.",
            rich_help_panel=_INPUTS,
        ),
    ] = None
    watch: Annotated[
        bool,
        typer.Option(
            "--watch",
            help="Do not end: denoise photos as they arrive, once unchanged for a second, until Ctrl-C.",
            rich_help_panel=_INPUTS,
        ),
    ] = False
    out: Annotated[
        str | None,
        typer.Option(
            "--out",
            "-o",
            metavar="DIR|FILE|-",
            help="The folder for the results; for one image also a file, or - for stdout.",
            rich_help_panel=_OUTPUTS,
        ),
    ] = None
    in_place: Annotated[
        bool,
        typer.Option(
            "--in-place",
            help="Results take their inputs' places; needs --backup. Run again, it does what is not done yet.",
            rich_help_panel=_OUTPUTS,
        ),
    ] = False
    backup: Annotated[
        str | None,
        typer.Option(
            metavar="SUFFIX|DIR",
            help="Where --in-place keeps originals: .orig makes a.jpg.orig of a.jpg, a folder mirrors the tree.",
            rich_help_panel=_OUTPUTS,
        ),
    ] = None
    if_exists: Annotated[
        IfExistsName | None,
        typer.Option(
            help="When an output is there already: skip makes it again only if its input, the settings or the "
            "model have changed; newer if the input was changed after it.",
            show_default="skip; error where --out is a file",
            rich_help_panel=_OUTPUTS,
        ),
    ] = None
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Short for --if-exists overwrite.", rich_help_panel=_OUTPUTS)
    ] = False
    on_collision: OnCollisionOpt = "error"
    format: Annotated[
        Literal["keep", "jpeg", "jpg", "png", "tiff", "tif", "webp", "bmp"],
        typer.Option(
            metavar="keep|jpeg|png|tiff|webp|bmp", help="The format of the results.", rich_help_panel=_OUTPUTS
        ),
    ] = "keep"
    quality: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=100,
            metavar="1..100",
            help="JPEG and WebP quality.",
            show_default="near the source's",
            rich_help_panel=_OUTPUTS,
        ),
    ] = None
    bit_depth: Annotated[
        Literal["keep", "8", "16"],
        typer.Option(
            help="Bits a sample of the results. 16 keeps what the network computed; PNG and TIFF hold it.",
            rich_help_panel=_OUTPUTS,
        ),
    ] = "keep"
    suffix: SuffixOpt = ""
    metadata: Annotated[
        Literal["keep", "none"],
        typer.Option(
            help="none leaves out EXIF, XMP, IPTC and comments; the colour profile stays.",
            rich_help_panel=_OUTPUTS,
        ),
    ] = "keep"
    strip_gps: Annotated[
        bool,
        typer.Option("--strip-gps", help="Leave out where a photo was taken.", rich_help_panel=_OUTPUTS),
    ] = False
    preserve_times: Annotated[
        bool,
        typer.Option(
            "--preserve-times", help="Give results the file times of their inputs.", rich_help_panel=_OUTPUTS
        ),
    ] = False
    dry_run: Annotated[
        bool,
        typer.Option(
            "--dry-run", "-n", help="Show what would be done, and write nothing.", rich_help_panel=_OUTPUTS
        ),
    ] = False
    strength: Annotated[
        float,
        typer.Option(
            parser=share,
            metavar="0..1",
            help="How much of the correction is applied; 0 copies the file.",
            rich_help_panel=_STRENGTH,
        ),
    ] = 1.0
    luma: Annotated[
        float,
        typer.Option(
            parser=share, metavar="0..1", help="The same for lightness alone.", rich_help_panel=_STRENGTH
        ),
    ] = 1.0
    chroma: Annotated[
        float,
        typer.Option(
            parser=share, metavar="0..1", help="The same for colour alone.", rich_help_panel=_STRENGTH
        ),
    ] = 1.0
    model: ModelOpt = None
    device: DeviceOpt = "auto"
    precision: PrecisionOpt = "auto"
    self_ensemble: SelfEnsembleOpt = None
    threads: ThreadsOpt = None
    tile: TileOpt = None
    seams: Annotated[
        Seams,
        typer.Option(
            help="How far tiles overlap: auto until no seam shows, exact until the result is that of the whole image.",
            rich_help_panel=_SPEED,
        ),
    ] = "auto"
    overlap: Annotated[
        int | None,
        typer.Option(
            parser=overlap_of,
            metavar="auto|PIXELS",
            help="Pixels thrown away at each cut edge; fewer than the model's halo may show seams.",
            show_default="auto, by --seams",
            rich_help_panel=_SPEED,
        ),
    ] = None
    memory: Annotated[
        int | None,
        typer.Option(
            parser=size_in_bytes,
            metavar="SIZE",
            help="Memory for pixels and for the network together, such as 600M or 2G.",
            show_default="1G",
            rich_help_panel=_SPEED,
        ),
    ] = None
    max_pixels: Annotated[
        int | None,
        typer.Option(
            parser=pixels,
            metavar="PIXELS",
            help="The largest image that is opened, a guard against decompression bombs; 0 for any.",
            show_default="500M",
            rich_help_panel=_SPEED,
        ),
    ] = None
    jobs: Annotated[
        str,
        typer.Option(
            metavar="LOAD:SAVE", help="Threads that read, threads that write.", rich_help_panel=_SPEED
        ),
    ] = "2:2"
    fail_fast: Annotated[
        bool, typer.Option("--fail-fast", help="Stop at the first failure (exit 5).", rich_help_panel=_FAULTS)
    ] = False
    max_failures: Annotated[
        str | None,
        typer.Option(
            metavar="N|P%", help="Stop when more files than that failed (exit 5).", rich_help_panel=_FAULTS
        ),
    ] = None
    failed_to: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="List the failed inputs here, for --files-from.", rich_help_panel=_FAULTS
        ),
    ] = None
    json: JsonOpt = False
    quiet: QuietOpt = False
    verbose: VerboseOpt = False

    @property
    def names(self) -> list[str]:
        """The inputs; none for a list alone."""
        return self.inputs or []

    @property
    def piped(self) -> bool:
        """Whether one image comes from stdin or goes to stdout."""
        return "-" in self.names or self.out == "-"

    @property
    def policy(self) -> IfExistsName | None:
        """What is to be done about existing outputs; None if that was not said."""
        return "overwrite" if self.overwrite else self.if_exists
