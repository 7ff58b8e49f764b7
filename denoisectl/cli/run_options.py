"""The options of `denoisectl run`, grouped as its help shows them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from denoisectl.choices import IfExistsName, OnCollision
from denoisectl.cli.sizes import overlap, pixels, size_in_bytes

__all__ = [
    "BackupOpt",
    "BaseOpt",
    "BitDepthOpt",
    "ChromaOpt",
    "DryRunOpt",
    "ExcludeOpt",
    "FailFastOpt",
    "FailedToOpt",
    "FilesFromOpt",
    "FormatOpt",
    "IfExistsOpt",
    "InPlaceOpt",
    "IncludeOpt",
    "InputsArg",
    "JobsOpt",
    "LumaOpt",
    "MaxFailuresOpt",
    "MaxPixelsOpt",
    "MemoryOpt",
    "MetadataOpt",
    "NullOpt",
    "OnCollisionOpt",
    "OutOpt",
    "OverlapOpt",
    "OverwriteOpt",
    "PreserveTimesOpt",
    "QualityOpt",
    "RecursiveOpt",
    "SeamsOpt",
    "ShardOpt",
    "StrengthOpt",
    "StripGpsOpt",
    "SuffixOpt",
    "WatchOpt",
]

InputsArg = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="INPUT",
        help="Files, folders, quoted globs; - for one image on stdin. Names that begin with - go after --.",
    ),
]

_INPUTS = "Inputs"
RecursiveOpt = Annotated[
    bool,
    typer.Option(
        "--recursive", "-r", help="Enter subfolders; --out mirrors the tree.", rich_help_panel=_INPUTS
    ),
]
IncludeOpt = Annotated[
    list[str] | None,
    typer.Option(
        metavar="GLOB",
        help="Only files in folders that match; repeatable. A glob with a slash looks at the path below the folder.",
        rich_help_panel=_INPUTS,
    ),
]
ExcludeOpt = Annotated[
    list[str] | None,
    typer.Option(
        metavar="GLOB",
        help="Of what is in folders, no files and no subfolders that match; repeatable.",
        rich_help_panel=_INPUTS,
    ),
]
FilesFromOpt = Annotated[
    str | None,
    typer.Option(
        metavar="FILE|-",
        help="A list of files, one a line; --out mirrors their paths below --base.",
        rich_help_panel=_INPUTS,
    ),
]
NullOpt = Annotated[
    bool,
    typer.Option(
        "--null",
        "-0",
        help="Names in lists end with NUL, as `find -print0` writes them.",
        rich_help_panel=_INPUTS,
    ),
]
BaseOpt = Annotated[
    Path | None,
    typer.Option(
        metavar="DIR",
        help="Mirror named files from this folder on.",
        show_default="the current folder for lists; none for arguments",
        rich_help_panel=_INPUTS,
    ),
]
ShardOpt = Annotated[
    str | None,
    typer.Option(
        metavar="I/N|slurm",
        help="Do part I of N of the work, the same part every time.",
        rich_help_panel=_INPUTS,
    ),
]
WatchOpt = Annotated[
    bool,
    typer.Option(
        "--watch",
        help="Stay, and denoise what comes in, once it has stood still for a second. Ctrl-C ends it.",
        rich_help_panel=_INPUTS,
    ),
]

_OUTPUTS = "Outputs"
OutOpt = Annotated[
    str | None,
    typer.Option(
        "--out",
        "-o",
        metavar="DIR|FILE|-",
        help="The folder for the results; for one image also a file, or - for stdout.",
        rich_help_panel=_OUTPUTS,
    ),
]
InPlaceOpt = Annotated[
    bool,
    typer.Option(
        "--in-place",
        help="Results take their inputs' places; needs --backup. Run again, it does what is not done yet.",
        rich_help_panel=_OUTPUTS,
    ),
]
BackupOpt = Annotated[
    str | None,
    typer.Option(
        metavar="SUFFIX|DIR",
        help="Where --in-place keeps originals: .orig makes a.jpg.orig of a.jpg, a folder mirrors the tree.",
        rich_help_panel=_OUTPUTS,
    ),
]
IfExistsOpt = Annotated[
    IfExistsName | None,
    typer.Option(
        help="When an output is there already: skip makes it again only if its input, the settings or the "
        "model have changed; newer if the input was changed after it.",
        show_default="skip; error for a single file",
        rich_help_panel=_OUTPUTS,
    ),
]
OverwriteOpt = Annotated[
    bool, typer.Option("--overwrite", help="Short for --if-exists overwrite.", rich_help_panel=_OUTPUTS)
]
OnCollisionOpt = Annotated[
    OnCollision,
    typer.Option(
        help="When two inputs want one output: refuse the run, or tell them apart by their inputs' names.",
        rich_help_panel=_OUTPUTS,
    ),
]
FormatOpt = Annotated[
    Literal["keep", "jpeg", "jpg", "png", "tiff", "tif", "webp", "bmp"],
    typer.Option(
        metavar="keep|jpeg|png|tiff|webp|bmp", help="The format of the results.", rich_help_panel=_OUTPUTS
    ),
]
QualityOpt = Annotated[
    int | None,
    typer.Option(
        min=1,
        max=100,
        metavar="1..100",
        help="JPEG and WebP quality.",
        show_default="near the source's",
        rich_help_panel=_OUTPUTS,
    ),
]
BitDepthOpt = Annotated[
    Literal["keep", "8", "16"],
    typer.Option(
        help="Bits a sample of the results. 16 keeps what the network computed; PNG and TIFF hold it.",
        rich_help_panel=_OUTPUTS,
    ),
]
SuffixOpt = Annotated[
    str,
    typer.Option(
        metavar="TEXT", help="Added to names: -clean makes a-clean.jpg of a.jpg.", rich_help_panel=_OUTPUTS
    ),
]
MetadataOpt = Annotated[
    Literal["keep", "none"],
    typer.Option(
        help="none leaves out EXIF, XMP, IPTC and comments; the colour profile stays.",
        rich_help_panel=_OUTPUTS,
    ),
]
StripGpsOpt = Annotated[
    bool,
    typer.Option("--strip-gps", help="Leave out where a photo was taken.", rich_help_panel=_OUTPUTS),
]
PreserveTimesOpt = Annotated[
    bool,
    typer.Option(
        "--preserve-times", help="Give results the file times of their inputs.", rich_help_panel=_OUTPUTS
    ),
]
DryRunOpt = Annotated[
    bool,
    typer.Option(
        "--dry-run", "-n", help="Show what would be done, and write nothing.", rich_help_panel=_OUTPUTS
    ),
]

_STRENGTH = "Strength"
StrengthOpt = Annotated[
    float,
    typer.Option(
        min=0.0,
        max=1.0,
        metavar="0..1",
        help="How much of the correction is applied; 0 copies the file.",
        rich_help_panel=_STRENGTH,
    ),
]
LumaOpt = Annotated[
    float,
    typer.Option(
        min=0.0, max=1.0, metavar="0..1", help="The same for lightness alone.", rich_help_panel=_STRENGTH
    ),
]
ChromaOpt = Annotated[
    float,
    typer.Option(
        min=0.0, max=1.0, metavar="0..1", help="The same for colour alone.", rich_help_panel=_STRENGTH
    ),
]

_SPEED = "Speed and memory"
SeamsOpt = Annotated[
    Literal["auto", "exact"],
    typer.Option(
        help="exact overlaps tiles until cutting changes nothing, auto until nothing shows.",
        rich_help_panel=_SPEED,
    ),
]
OverlapOpt = Annotated[
    int | None,
    typer.Option(
        parser=overlap,
        metavar="auto|PIXELS",
        help="Pixels thrown away at each cut edge; fewer than the model's halo may show seams.",
        show_default="auto, by --seams",
        rich_help_panel=_SPEED,
    ),
]
MemoryOpt = Annotated[
    int | None,
    typer.Option(
        parser=size_in_bytes,
        metavar="SIZE",
        help="Memory for pixels and for the network together, such as 600M or 2G.",
        show_default="1G",
        rich_help_panel=_SPEED,
    ),
]
MaxPixelsOpt = Annotated[
    int | None,
    typer.Option(
        parser=pixels,
        metavar="PIXELS",
        help="The largest image that is opened, a guard against decompression bombs; 0 for any.",
        show_default="500M",
        rich_help_panel=_SPEED,
    ),
]
JobsOpt = Annotated[
    str,
    typer.Option(metavar="LOAD:SAVE", help="Threads that read, threads that write.", rich_help_panel=_SPEED),
]

_FAULTS = "Faults"
FailFastOpt = Annotated[
    bool, typer.Option("--fail-fast", help="Stop at the first failure (exit 5).", rich_help_panel=_FAULTS)
]
MaxFailuresOpt = Annotated[
    str | None,
    typer.Option(
        metavar="N|P%", help="Stop when more files than that failed (exit 5).", rich_help_panel=_FAULTS
    ),
]
FailedToOpt = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE", help="List the failed inputs here, for --files-from.", rich_help_panel=_FAULTS
    ),
]
