"""A run over many files: plan, look at what is there already, work, report."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from functools import cache
from pathlib import Path

from denoisectl.batch.existing import mark_done
from denoisectl.batch.folder import Resources, run_plan
from denoisectl.batch.in_place import InPlaceJournals, mark_in_place
from denoisectl.batch.inputs import Found
from denoisectl.batch.job import Plan
from denoisectl.batch.journal import Journal
from denoisectl.batch.plan import make_plan
from denoisectl.batch.process import Opener, Process
from denoisectl.batch.result import Tally
from denoisectl.batch.settings import Settings
from denoisectl.batch.watch import arrivals
from denoisectl.cli import console
from denoisectl.cli.batch_request import Faults, Request
from denoisectl.cli.progress import progress
from denoisectl.cli.report import JsonReport, TextReport
from denoisectl.cli.stdout import data_stdout
from denoisectl.errors import StoppedError
from denoisectl.images.native import caught_warnings
from denoisectl.whole_file import check_writable

__all__ = ["BatchRun"]


class BatchRun:
    """One run over files and folders: of `denoisectl run`, or of any other process."""

    def __init__(
        self, request: Request, settings: Settings, opener: Opener, faults: Faults, resources: Resources
    ) -> None:
        """Settle where results go and what is known about them; the model is loaded when it is needed."""
        self._request = request
        self._naming = request.naming(settings)
        self._settings = settings.named_by(self._naming.out) if self._naming.single else settings
        self._open = cache(opener.open)
        self._faults = faults
        self._resources = resources
        self._journal: Journal | InPlaceJournals | None = None
        self._notice = cache(console.warn)  # a watched folder is looked through again and again
        if not self._naming.single:
            digest = self._settings.digest(opener.digest())
            if request.backup:
                self._journal = InPlaceJournals(digest, request.part)
            else:
                self._journal = Journal(self._naming.out, digest, request.part)

    def run(self, *, json: bool, dry_run: bool, watch: bool) -> bool:
        """Do it; returns whether every input is done or skipped."""
        with ExitStack() as stack:
            report = JsonReport(stack.enter_context(data_stdout())) if json else TextReport()
            if dry_run:
                report.plan(self._plan())
                return True
            if watch:
                return self._watch(report)
            return self._work(self._plan(), report)

    def _plan(self, arrived: frozenset[Path] | None = None) -> Plan:
        watching = arrived is not None
        plan = make_plan(
            self._request.find(self._notice),
            self._naming,
            self._request.part,
            unfit=self._settings.depth_problem,
            made_here=self._made_here,
            watching=watching,
        )
        plan = plan if arrived is None else plan.only(arrived)
        if isinstance(self._journal, InPlaceJournals):
            return mark_in_place(plan, self._journal)
        return mark_done(plan, self._request.policy, self._journal)

    def _watch(self, report: TextReport | JsonReport) -> bool:
        """Work in rounds, whenever something has come in, until somebody ends it."""
        self._request.refuse_missing()
        console.say("watching for new images; Ctrl-C ends it")

        def look() -> Iterator[Found]:
            return (found for found in self._request.find(self._notice) if not self._made_here(found.path))

        for arrived in arrivals(look):
            if (plan := self._plan(arrived)).jobs:
                self._work(plan, report)
            else:
                report.passed_over(plan)
        raise AssertionError  # arrivals never end

    def _made_here(self, path: Path) -> bool:
        return isinstance(self._journal, Journal) and self._journal.made(path)

    def _work(self, plan: Plan, report: TextReport | JsonReport) -> bool:
        """Report every result; in any end the sums, and the list of what failed."""
        limit = self._faults.limit(plan)
        report.start(plan)
        process = self._process(plan)  # before anything is made: a device or a model may be unusable
        note = process.device_note if process else ""
        self._check_places()
        record = self._journal.record if self._journal else None
        results = run_plan(process, plan, self._settings, record, self._resources)
        tally = Tally(len(plan.jobs))
        with (
            self._summed_up(tally, report, note),
            caught_warnings(),
            closing(results),
            progress(plan) as shown,
        ):
            for result in results:
                tally.add(result)
                report.file(result)
                shown.update(result)
                limit.check(tally, result)
        return not tally.failures

    def _check_places(self) -> None:
        """Make the folders that were named, and see that they can be written to."""
        out, backup = self._naming.out, self._naming.backup
        if backup is None:
            check_writable(out.parent if self._naming.single else out)
        else:
            backup.prepare()
        self._faults.check_place()

    def _process(self, plan: Plan) -> Process | None:
        """The model, loaded once; not at all without work to do."""
        return self._open() if plan.pending else None

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
