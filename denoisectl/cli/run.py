"""`denoisectl run`: gathers its options into settings; `batch_run` and `stream_run` do the work."""

from __future__ import annotations

import os

import typer

from denoisectl.cli import console
from denoisectl.cli import run_options as o
from denoisectl.cli.options import (
    DeviceOpt,
    JsonOpt,
    ModelOpt,
    PrecisionOpt,
    QuietOpt,
    ThreadsOpt,
    TileOpt,
    VerboseOpt,
)
from denoisectl.errors import UsageError

__all__ = ["run"]

_MEMORY = 2**30
_FOR_TILES = 35 / 64  # of it, as much as the library takes by default; the rest is for images on their way
_MAX_PIXELS = 500_000_000


def run(
    inputs: o.InputsArg = None,
    *,
    recursive: o.RecursiveOpt = False,
    include: o.IncludeOpt = None,
    exclude: o.ExcludeOpt = None,
    files_from: o.FilesFromOpt = None,
    null: o.NullOpt = False,
    base: o.BaseOpt = None,
    shard: o.ShardOpt = None,
    watch: o.WatchOpt = False,
    out: o.OutOpt = None,
    in_place: o.InPlaceOpt = False,
    backup: o.BackupOpt = None,
    if_exists: o.IfExistsOpt = None,
    overwrite: o.OverwriteOpt = False,
    on_collision: o.OnCollisionOpt = "error",
    format: o.FormatOpt = "keep",
    quality: o.QualityOpt = None,
    bit_depth: o.BitDepthOpt = "keep",
    suffix: o.SuffixOpt = "",
    metadata: o.MetadataOpt = "keep",
    strip_gps: o.StripGpsOpt = False,
    preserve_times: o.PreserveTimesOpt = False,
    dry_run: o.DryRunOpt = False,
    strength: o.StrengthOpt = 1.0,
    luma: o.LumaOpt = 1.0,
    chroma: o.ChromaOpt = 1.0,
    model: ModelOpt = None,
    device: DeviceOpt = "auto",
    precision: PrecisionOpt = "auto",
    threads: ThreadsOpt = None,
    tile: TileOpt = None,
    seams: o.SeamsOpt = "auto",
    overlap: o.OverlapOpt = None,
    memory: o.MemoryOpt = None,
    max_pixels: o.MaxPixelsOpt = None,
    jobs: o.JobsOpt = "2:2",
    fail_fast: o.FailFastOpt = False,
    max_failures: o.MaxFailuresOpt = None,
    failed_to: o.FailedToOpt = None,
    json: JsonOpt = False,
    quiet: QuietOpt = False,
    verbose: VerboseOpt = False,
) -> None:
    """Denoise photos: files, whole folders, or one image through a pipe.

    Every input ends as done, skipped or failed with a reason; one bad file does not stop the others. Results
    are written aside and renamed, so a killed run leaves whole files only, and the same command goes on with
    what is missing.

    [bold]Examples[/bold]

      # every photo in a folder; again later, for what is new or changed
      denoisectl run photos -o clean

      # the whole tree, mirrored, but for some
      denoisectl run -r photos -o clean --exclude '*.png'

      # one photo, gently; or its colour noise alone
      denoisectl run a.jpg -o a-clean.jpg --strength 0.7
      denoisectl run a.jpg -o a-clean.jpg --luma 0

      # in their own places, each original kept beside it
      denoisectl run -r photos --in-place --backup .orig

      # in a pipe
      cat a.png | denoisectl run - -o - | display

      # what find finds, with whatever names
      find . -name '*.tif' -print0 | denoisectl run --files-from - -0 -o clean

      # the failed ones again, once they are mended
      denoisectl run photos -o clean --failed-to failed.txt
      denoisectl run --files-from failed.txt --base photos -o clean

      # for scripts: one JSON object a file
      denoisectl run photos -o clean --json | jq -r .status

      # a quarter of the work on each of four machines
      denoisectl run -r photos -o clean --shard 1/4

    [bold]Exit codes[/bold]

      0  all done or skipped          5    stopped: failure limit, full disk
      1  some inputs failed           70   internal error; a log is named
      2  usage, name collision,       130  Ctrl-C
         or nothing to do             143  SIGTERM
      3  device unusable              141  reader of stdout gone
      4  model unusable
    """
    console.set_loudness(quiet=quiet, verbose=verbose)
    names = list(inputs or ())
    piped = "-" in names or out == "-"
    policy = "overwrite" if overwrite else if_exists
    _refuse(
        (
            "" in names or out == "",
            f"{'INPUT' if '' in names else '--out'} is empty: is a variable unset? . is the current folder",
        ),
        ("/dev/stdin" in names, "/dev/stdin: write - for an image from stdin"),
        (out == "/dev/stdout", "--out /dev/stdout: write --out - for stdout"),
        (
            bool({"/", os.sep} & set(suffix)),
            f"--suffix {suffix} is added to names, and names hold no folders; give folders to --out",
        ),
        (
            base is not None and not base.is_dir(),
            f"--base {base}: is not a folder; give the one below which the inputs lie",
        ),
        (
            failed_to is not None and failed_to.is_dir(),
            f"--failed-to {failed_to}: is a folder; name the file to write",
        ),
        (
            not names and files_from is None,
            "nothing to denoise: name files or folders, or give --files-from; `denoisectl run -h` helps",
        ),
        (
            out is None and not in_place,
            "say where results go: --out FOLDER, or --in-place --backup .orig to replace the inputs",
        ),
        (
            in_place and bool(out is not None or "-" in names),
            "--in-place replaces the inputs: it goes with neither --out nor -; leave one out",
        ),
        (
            in_place and backup is None,
            "--in-place needs --backup, since nothing brings noise back: a suffix such as .orig, or a folder",
        ),
        (backup is not None and not in_place, "--backup is for --in-place; leave it out, or give both"),
        (
            in_place and bool(suffix or watch or policy or format != "keep" or on_collision != "error"),
            "--in-place keeps names and formats, and does what is not done yet: it goes with neither --suffix, "
            "--format, --on-collision, --if-exists, --overwrite nor --watch",
        ),
        (
            overwrite and if_exists not in (None, "overwrite"),
            f"--overwrite contradicts --if-exists {if_exists}; give one of them",
        ),
        (
            watch and bool(dry_run or failed_to or files_from == "-"),
            "--watch goes with neither --dry-run, --failed-to nor --files-from -; leave one out",
        ),
        (
            overlap is not None and seams == "exact",
            "--overlap contradicts --seams exact; give one of them",
        ),
        (
            fail_fast and max_failures is not None,
            "--fail-fast contradicts --max-failures; give one of them",
        ),
        (
            piped and bool(files_from is not None or dry_run or watch),
            "a pipe carries one image: - goes with neither --files-from, --dry-run nor --watch",
        ),
        (
            piped and bool(suffix or shard or failed_to or preserve_times or policy in ("skip", "newer")),
            "a pipe carries one image, without name and time: - goes with neither --suffix, --shard, --failed-to, "
            "--preserve-times, nor --if-exists skip or newer",
        ),
        (
            watch and policy == "error",
            "--watch makes again what changes: it does not go with --if-exists error",
        ),
    )

    # From here on the work begins, and with it the imports that take time.
    from denoisectl.batch.backup import Backup
    from denoisectl.batch.settings import Settings
    from denoisectl.cli import stream_run
    from denoisectl.cli.batch_request import Faults, Request, resources
    from denoisectl.cli.batch_run import BatchRun
    from denoisectl.cli.opening import Opening
    from denoisectl.images import Format

    settings = Settings(
        strength=strength,
        luma=luma,
        chroma=chroma,
        format=None if format == "keep" else Format(format),
        quality=quality,
        bit_depth=None if bit_depth == "keep" else 16 if bit_depth == "16" else 8,
        preserve_times=preserve_times,
        metadata="none" if metadata == "none" else "no-gps" if strip_gps else "keep",
        max_pixels=(_MAX_PIXELS if max_pixels is None else max_pixels) or None,
    )
    memory = memory or _MEMORY
    tiles = int(memory * _FOR_TILES)
    opening = Opening(
        model,
        device,
        tile=tile,
        overlap=overlap,
        seams=seams,
        memory=tiles,
        threads=threads,
        precision=precision,
    )
    if piped:
        stream_run.stream(names, out or "-", settings, opening, overwrite=policy == "overwrite", json=json)
        return
    request = Request(
        inputs=tuple(names),
        out=out or "",
        backup=Backup.parse(backup) if backup is not None else None,
        files_from=files_from,
        null=null,
        base=base,
        recursive=recursive,
        include=tuple(include or ()),
        exclude=tuple(exclude or ()),
        suffix=suffix,
        shard=shard,
        if_exists=policy,
        rename=on_collision == "rename",
        watch=watch,
    )
    faults = Faults("0" if fail_fast else max_failures, failed_to, null=null)
    work = BatchRun(request, settings, opening, faults, resources(memory - tiles, jobs))
    if not work.run(json=json, dry_run=dry_run, watch=watch):
        raise typer.Exit(1)


def _refuse(*mistakes: tuple[bool, str]) -> None:
    """Raise the first mistake that was made."""
    for made, message in mistakes:
        if made:
            raise UsageError(message)
