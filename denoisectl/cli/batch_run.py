"""A run over many files: plan, look at what is there already, work, report."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, closing, contextmanager
from functools import cache, partial
from itertools import chain
from pathlib import Path

from denoisectl.batch.destination import Destination
from denoisectl.batch.job import Plan
from denoisectl.batch.process import Opener, Process
from denoisectl.batch.result import FileResult, Status, Tally
from denoisectl.batch.run_plan import Resources, run_plan
from denoisectl.batch.selection import Found
from denoisectl.batch.settings import Settings
from denoisectl.batch.watch import arrivals
from denoisectl.cli import console
from denoisectl.cli.batch_request import Faults, Request
from denoisectl.cli.progress import progress
from denoisectl.cli.report import JsonReport, TextReport
from denoisectl.cli.stdout import data_stdout
from denoisectl.errors import StoppedError
from denoisectl.images.native import caught_warnings


class BatchRun:
    """One run over files and folders: of `denoisectl run`, or of any other process."""

    def __init__(
        self, request: Request, settings: Settings, opener: Opener, faults: Faults, resources: Resources
    ) -> None:
        """Settle where results go and what is known about them; the model is loaded when it is needed."""
        self._request = request
        self._destination = Destination(request.naming(settings), settings, opener.digest, request.part)
        self._open = cache(opener.open)
        self._faults = faults
        self._resources = resources
        self._notice = cache(console.warn)  # a watched folder is looked through again and again

    def run(self, *, json: bool = False, dry_run: bool = False) -> bool:
        """Do it; returns whether every input is done or skipped."""
        with ExitStack() as stack:
            report = JsonReport(stack.enter_context(data_stdout())) if json else TextReport()
            if dry_run:
                plan = self._plan()
                report.plan(plan)
                return not any(job.problem for job in plan.jobs)
            if self._request.asked.watch:
                return self._watch(report)
            return self._work(self._plan(), report)

    def _plan(self, arrived: frozenset[Path] | None = None) -> Plan:
        found = tuple(self._request.find(self._notice))
        if not found and self._request.only_listed:
            return Plan(())
        return self._destination.plan(found, self._request.policy, arrived=arrived)

    def _watch(self, report: TextReport | JsonReport) -> bool:
        """Work in rounds, whenever something has come in, until somebody ends it."""
        self._request.refuse_missing()
        console.say("watching for new images; Ctrl-C ends it")

        def look() -> Iterator[Found]:
            found = self._request.find(self._notice)
            return (each for each in found if not self._destination.made(each.path))

        for arrived in arrivals(look):
            if (plan := self._plan(arrived)).jobs:
                self._work(plan, report)
            else:
                report.passed_over(plan)
        raise AssertionError  # arrivals never end

    def _work(self, plan: Plan, report: TextReport | JsonReport) -> bool:
        """Report every result; in any end the sums, and the list of what failed."""
        limit = self._faults.limit(plan)
        self._destination.check()
        self._faults.check()
        report.start(plan)
        process = self._process(plan)  # before anything is made: a device or a model may be unusable
        note = process.device_note if process else ""
        self._destination.prepare(plan)
        results = run_plan(
            process, plan, self._destination.settings, self._destination.record, self._resources
        )
        tally = Tally(len(plan.jobs))
        with (
            self._summed_up(tally, report, note),
            caught_warnings(),
            closing(results),
            progress(plan) as shown,
        ):
            for result in _until_stopped(results, partial(limit.check, tally)):
                tally.add(result)
                report.file(result)
                shown(result)
        return not tally.failures

    def _process(self, plan: Plan) -> Process | None:
        """The model, loaded once; not at all without work for it."""
        return self._open() if any(not job.restored for job in plan.pending) else None

    @contextmanager
    def _summed_up(self, tally: Tally, report: TextReport | JsonReport, note: str) -> Iterator[None]:
        start, stopped = time.monotonic(), "an error ended the run"
        try:
            yield
            stopped = ""
        except StoppedError as stop:
            stopped = str(stop)
            raise
        except KeyboardInterrupt:
            stopped = "interrupted"
            raise
        finally:
            self._faults.list_failed(tally)
            report.summary(tally, time.monotonic() - start, stopped, note)


def _until_stopped(
    results: Generator[FileResult, None, None], check: Callable[[FileResult], None]
) -> Iterator[FileResult]:
    """Results, until `check` raises at one; then those of files that were under way and are written, and the error."""
    for result in results:
        yield result
        try:
            check(result)
        except StoppedError as stop:
            under_way = chain([results.throw(stop)], results)
            # Another failure would belie the limit that is told; a later run meets it again.
            yield from (each for each in under_way if each.status is not Status.FAILED)
