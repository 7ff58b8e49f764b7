"""A run over many files: plan, look at what is there already, work, report."""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Generator, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from denoisectl.batch.atomic import write_whole
from denoisectl.batch.existing import IfExists, mark_done
from denoisectl.batch.folder import Resources, check_writable, run_plan
from denoisectl.batch.inputs import Found, Selection, find, read_list
from denoisectl.batch.journal import Journal
from denoisectl.batch.plan import Naming, Plan, make_plan
from denoisectl.batch.policy import FailureLimit
from denoisectl.batch.result import FileResult, Tally
from denoisectl.batch.settings import Settings, format_of
from denoisectl.batch.shard import Shard
from denoisectl.cli import console
from denoisectl.cli.opening import Opening
from denoisectl.cli.progress import progress
from denoisectl.cli.report import JsonReport, TextReport
from denoisectl.cli.stdout import data_stdout
from denoisectl.errors import StoppedError, UsageError

__all__ = ["Faults", "Request", "batch"]


@dataclass(frozen=True, slots=True)
class Request:
    """Which files, and where their results go, as the command line said it."""

    inputs: tuple[str, ...]
    out: str
    files_from: str | None = None
    null: bool = False
    base: Path | None = None
    recursive: bool = False
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    suffix: str = ""
    shard: str | None = None
    if_exists: str | None = None

    @property
    def single(self) -> bool:
        """Whether the input is one file by name, for which an existing output is an error by default."""
        return len(self.inputs) == 1 and not self.files_from and Path(self.inputs[0]).is_file()

    @property
    def policy(self) -> IfExists:
        """What to do about existing outputs."""
        return IfExists(self.if_exists or ("error" if self.single else "skip"))


@dataclass(frozen=True, slots=True)
class Faults:
    """What happens about failures."""

    most: str | None = None
    failed_to: Path | None = None
    null: bool = False

    def limit(self, plan: Plan) -> FailureLimit:
        """How many failures this plan bears."""
        return FailureLimit() if self.most is None else FailureLimit.parse(self.most, len(plan.jobs))

    def list_failed(self, tally: Tally) -> None:
        """Write the list for another run; an empty one if nothing failed."""
        if self.failed_to:
            end = "\0" if self.null else "\n"
            names = "".join(failure.source + end for failure in tally.failures)
            try:
                write_whole(self.failed_to, names.encode("utf-8", "surrogateescape"))
            except OSError as error:
                console.error(f"--failed-to {self.failed_to}: cannot be written: {error.strerror}")


def batch(
    request: Request,
    settings: Settings,
    opening: Opening,
    faults: Faults,
    *,
    memory: int,
    jobs: str,
    json: bool,
    dry_run: bool,
) -> bool:
    """Plan and run; returns whether every input is done or skipped."""
    resources = _resources(memory, jobs)
    naming, settings = _naming(request, settings)
    shard = Shard.parse(request.shard) if request.shard else None
    plan = make_plan(_found(request, naming.out), naming, shard)
    limit = faults.limit(plan)
    journal = None if naming.single else Journal(naming.out, settings.digest(opening.digest()), shard)
    plan = mark_done(plan, request.policy, journal)
    with ExitStack() as stack:
        report = JsonReport(stack.enter_context(data_stdout())) if json else TextReport()
        if dry_run:
            report.plan(plan)
            return True
        check_writable(naming.out.parent if naming.single else naming.out)
        report.start(plan)
        results = _results(plan, settings, opening, journal, resources)
        return _work(plan, results, report, limit, faults)


def _work(
    plan: Plan,
    results: Generator[FileResult, None, None],
    report: TextReport | JsonReport,
    limit: FailureLimit,
    faults: Faults,
) -> bool:
    """Report every result; in any end the sums, and the list of what failed."""
    tally, start, stopped = Tally(len(plan.jobs)), time.monotonic(), "interrupted"
    try:
        with closing(results), progress(plan) as shown:
            for result in results:
                tally.add(result)
                report.file(result)
                shown.update(result)
                limit.check(tally, result)
        stopped = ""
    except StoppedError:
        stopped = "stopped by the failure limit"
        raise
    finally:
        faults.list_failed(tally)
        report.summary(tally, time.monotonic() - start, stopped)
    return not tally.failures


def _results(
    plan: Plan, settings: Settings, opening: Opening, journal: Journal | None, resources: Resources
) -> Generator[FileResult, None, None]:
    """The run itself; without work to do no model is loaded."""
    denoiser = opening.open() if plan.pending else None
    return run_plan(denoiser, plan, settings, journal, resources)


def _found(request: Request, out: Path) -> Iterator[Found]:
    selection = Selection(request.recursive, request.include, request.exclude, out, request.base)
    named = find(request.inputs, selection, console.warn)
    if request.files_from is None:
        return named
    listed = read_list(_list(request.files_from), null=request.null, base=request.base or Path())
    return chain(named, listed)


def _list(name: str) -> bytes:
    if name == "-" and sys.stdin.isatty():
        raise UsageError("--files-from -: stdin is a terminal; pipe a list in, or name a file that holds it")
    try:
        return sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
    except OSError as error:
        raise UsageError(f"--files-from {name}: cannot be read: {error.strerror}") from None


def _naming(request: Request, settings: Settings) -> tuple[Naming, Settings]:
    """Whether --out is a folder or the file itself; a file's ending chooses its format."""
    out = Path(request.out)
    if out.is_dir() or not format_of(out):
        return Naming(out, settings.format, request.suffix), settings
    if not request.single:
        raise UsageError(f"--out {out} is one file and the input is not one file; give a folder")
    return Naming(out, single=True), settings.named_by(out)


def _resources(memory: int, jobs: str) -> Resources:
    match = re.fullmatch(r"([1-9][0-9]?):([1-9][0-9]?)", jobs)
    if not match:
        raise UsageError(f"--jobs {jobs}: give LOAD:SAVE, the threads that read and that write, such as 2:2")
    return Resources(memory, readers=int(match[1]), writers=int(match[2]))
