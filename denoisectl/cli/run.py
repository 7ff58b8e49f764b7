"""`denoisectl run`: gathers its options into settings; `batch_run` and `stream_run` do the work."""

from __future__ import annotations

import typer

from denoisectl.cli import console
from denoisectl.cli import run_options as o
from denoisectl.cli.contradictions import Asked
from denoisectl.cli.options import (
    DeviceOpt,
    JsonOpt,
    ModelOpt,
    PrecisionOpt,
    QuietOpt,
    SelfEnsembleOpt,
    ThreadsOpt,
    TileOpt,
    VerboseOpt,
)
from denoisectl.errors import UsageError

__all__ = ["run"]

_MEMORY = 2**30
_FOR_TILES = 35 / 64  # of it, as much as the library takes by default; the rest is for images on their way


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
    self_ensemble: SelfEnsembleOpt = None,
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
      denoisectl run photos -o clean --json | jq -r 'select(.event == "file") | .status'

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
    if overwrite and if_exists not in (None, "overwrite"):
        raise UsageError(f"--overwrite contradicts --if-exists {if_exists}; give one of them")
    policy = "overwrite" if overwrite else if_exists
    names = list(inputs or ())
    asked = Asked(
        names=names,
        files_from=files_from,
        null=null,
        recursive=recursive,
        include=include,
        exclude=exclude,
        base=base,
        shard=shard,
        watch=watch,
        out=out,
        in_place=in_place,
        backup=backup,
        policy=policy,
        format=format,
        on_collision=on_collision,
        suffix=suffix,
        preserve_times=preserve_times,
        dry_run=dry_run,
        overlap=overlap,
        seams=seams,
        fail_fast=fail_fast,
        max_failures=max_failures,
        failed_to=failed_to,
    )
    asked.check()

    # From here on the work begins, and with it the imports that take time.
    from denoisectl.batch.settings import Settings
    from denoisectl.cli import stream_run
    from denoisectl.cli.batch_request import Faults, Request, resources
    from denoisectl.cli.batch_run import BatchRun
    from denoisectl.cli.opening import Opening
    from denoisectl.images import Format
    from denoisectl.images.limits import pixel_limit

    settings = Settings(
        strength=strength,
        luma=luma,
        chroma=chroma,
        format=None if format == "keep" else Format(format),
        quality=quality,
        bit_depth=None if bit_depth == "keep" else 16 if bit_depth == "16" else 8,
        preserve_times=preserve_times,
        metadata="none" if metadata == "none" else "no-gps" if strip_gps else "keep",
        max_pixels=pixel_limit(max_pixels),
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
        self_ensemble=self_ensemble,
    )
    if asked.piped:
        stream_run.stream(names, out or "-", settings, opening, overwrite=policy == "overwrite", json=json)
        return
    work = BatchRun(Request.of(asked), settings, opening, Faults.of(asked), resources(memory - tiles, jobs))
    if not work.run(json=json, dry_run=dry_run, watch=watch):
        raise typer.Exit(1)
