"""Options that occur in more than one command, each written once and named by its meaning."""

from __future__ import annotations

from typing import Annotated

import typer

from denoisectl.choices import OnCollision, Precision
from denoisectl.cli.sizes import tile_edge, views

_MAX_THREADS = 1024  # onnxruntime starts as many as it is told, and a slip of the finger takes all memory

ModelOpt = Annotated[
    str | None,
    typer.Option(
        "--model",
        "-m",
        metavar="NAME|FILE",
        envvar="DENOISECTL_MODEL",
        help="A shipped model's name or an .onnx file; `denoisectl models` lists what ships.",
        show_default="the shipped default",
    ),
]
DeviceOpt = Annotated[
    str,
    typer.Option(
        "--device",
        "-d",
        metavar="DEVICE",
        envvar="DENOISECTL_DEVICE",
        help="auto, cpu, cuda, cuda:N, cuda:0,1 for both, or tensorrt:N. One that is named is used or the "
        "command fails (exit 3).",
    ),
]
PrecisionOpt = Annotated[
    Precision,
    typer.Option(
        "--precision",
        help="Of shipped models: auto takes 8-bit integers on processors that are fast at them, and float32 on "
        "GPUs. What is named is used or the command fails.",
    ),
]
SelfEnsembleOpt = Annotated[
    int | None,
    typer.Option(
        "--self-ensemble",
        parser=views,
        metavar="1|2|4|8",
        help="Denoise each tile in so many flips and turns and average them: as many times slower, a little better.",
        show_default="the model's: 1 for most",
    ),
]
TileOpt = Annotated[
    int | None,
    typer.Option(
        "--tile",
        parser=tile_edge,
        metavar="auto|PIXELS",
        help="Edge of the squares that images are cut into; 0 for whole images. One that is given is never reduced.",
        show_default="auto",
    ),
]
ThreadsOpt = Annotated[
    int | None,
    typer.Option(
        "--threads",
        min=1,
        max=_MAX_THREADS,
        metavar="N",
        help="Processor threads of the network.",
        show_default="all cores",
    ),
]
JsonOpt = Annotated[bool, typer.Option("--json", help="Write JSON to stdout instead of text for people.")]
QuietOpt = Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing but errors and warnings.")]
VerboseOpt = Annotated[bool, typer.Option("--verbose", "-v", help="Say more on stderr.")]
RecursiveOpt = Annotated[
    bool,
    typer.Option(
        "--recursive", "-r", help="Enter subfolders; --out mirrors the tree.", rich_help_panel="Inputs"
    ),
]
IncludeOpt = Annotated[
    list[str] | None,
    typer.Option(
        metavar="GLOB",
        help="Only files in folders that match; repeatable. A glob with a slash looks at the path below the folder.",
        rich_help_panel="Inputs",
    ),
]
ExcludeOpt = Annotated[
    list[str] | None,
    typer.Option(
        metavar="GLOB",
        help="In folders, leave out files and subfolders that match; repeatable.",
        rich_help_panel="Inputs",
    ),
]
OnCollisionOpt = Annotated[
    OnCollision,
    typer.Option(
        help="When two inputs want one output: refuse the run, or tell them apart by their inputs' names.",
        rich_help_panel="Outputs",
    ),
]
SuffixOpt = Annotated[
    str,
    typer.Option(
        metavar="TEXT", help="Added to names: -clean makes a-clean.jpg of a.jpg.", rich_help_panel="Outputs"
    ),
]
