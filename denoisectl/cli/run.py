"""`denoisectl run`: gathers its options into settings; `batch_run` and `stream_run` do the work."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from denoisectl.cli import console
from denoisectl.cli.contradictions import refuse_contradictions
from denoisectl.cli.run_options import RunOptions
from denoisectl.cli.signatures import taken_apart

if TYPE_CHECKING:
    from denoisectl.batch.settings import Settings


_MEMORY = 2**30
_FOR_TILES = 35 / 64  # of it, as much as the library takes by default; the rest is for images on their way


@taken_apart
def run(asked: RunOptions) -> None:
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
      denoisectl run a.jpg -o a-colour.jpg --luma 0

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
    console.set_loudness(quiet=asked.quiet, verbose=asked.verbose)
    refuse_contradictions(asked)

    # From here on the work begins, and with it the imports that take time.
    from denoisectl.cli import stream_run
    from denoisectl.cli.batch_request import Faults, Request, resources
    from denoisectl.cli.batch_run import BatchRun
    from denoisectl.cli.opening import ToldOpening

    settings = _settings(asked)
    memory = asked.memory or _MEMORY
    tiles = max(1, int(memory * _FOR_TILES))
    opening = ToldOpening(
        asked.model,
        asked.device,
        tile=asked.tile,
        overlap=asked.overlap,
        seams=asked.seams,
        memory=tiles,
        threads=asked.threads,
        precision=asked.precision,
        self_ensemble=asked.self_ensemble,
    )
    if asked.piped:
        stream_run.stream(asked, settings, opening)
        return
    if asked.dry_run:
        opening.check()
    work = BatchRun(Request(asked), settings, opening, Faults(asked), resources(memory - tiles, asked.jobs))
    if not work.run(json=asked.json, dry_run=asked.dry_run):
        raise typer.Exit(1)


def _settings(asked: RunOptions) -> Settings:
    from denoisectl.batch.settings import Settings
    from denoisectl.images import Format

    return Settings(
        strength=asked.strength,
        luma=asked.luma,
        chroma=asked.chroma,
        format=None if asked.format == "keep" else Format(asked.format),
        quality=asked.quality,
        bit_depth=None if asked.bit_depth == "keep" else 16 if asked.bit_depth == "16" else 8,
        preserve_times=asked.preserve_times,
        metadata="none" if asked.metadata == "none" else "no-gps" if asked.strip_gps else "keep",
        max_pixels=asked.max_pixels,
    )
