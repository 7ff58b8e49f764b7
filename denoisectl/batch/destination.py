"""Where the results of a run go, and what earlier runs left there: the same for the command line and the library."""

from __future__ import annotations

import os
from collections.abc import Callable, Container, Iterable
from pathlib import Path

from denoisectl.batch.existing import IfExists, mark_done
from denoisectl.batch.in_place import InPlaceJournals, mark_in_place
from denoisectl.batch.job import Job, Plan
from denoisectl.batch.journal import Journal
from denoisectl.batch.plan import Naming, make_plan
from denoisectl.batch.selection import Found
from denoisectl.batch.settings import Settings
from denoisectl.batch.shard import Shard
from denoisectl.whole_file import check_place, check_writable


class Destination:
    """A folder, one output file, or the places of the inputs themselves, as `naming` has it.

    Attributes:
        settings: what is done to every image; the ending of one output file has its say in it.
    """

    def __init__(
        self, naming: Naming, settings: Settings, model: Callable[[], str], shard: Shard | None = None
    ) -> None:
        """Read what earlier runs noted there; nothing is made or written yet.

        Args:
            naming: how outputs are called.
            settings: what is done to every image.
            model: digest of what does it; called unless the output is one file.
            shard: the part of the plan that this process works on.

        Raises:
            UsageError: the settings contradict the name of the output file, or the notes cannot be read.
        """
        self.settings = settings.named_by(naming.out) if naming.single else settings
        self._naming = naming
        self._shard = shard
        self._journal: Journal | None = None
        self._in_place: InPlaceJournals | None = None
        if naming.backup:
            self._in_place = InPlaceJournals(self.settings.digest(model()), shard)
        elif not naming.single:
            self._journal = Journal(naming.out, self.settings.digest(model()), shard)

    def plan(
        self,
        found: Iterable[Found],
        if_exists: IfExists = IfExists.SKIP,
        *,
        arrived: Container[Path] | None = None,
    ) -> Plan:
        """What is to be done, and what need not be.

        Args:
            found: the inputs.
            if_exists: what to do about outputs that are there already; it says nothing of photos in place.
            arrived: the inputs that are new in a watched folder; None for all, and no watching.

        Raises:
            UsageError: outputs that collide, that would take the place of an input or that are refused.
        """
        plan = make_plan(
            found,
            self._naming,
            self._shard,
            unfit=self.settings.depth_problem,
            made_here=self.made,
            watching=arrived is not None,
        )
        plan = plan if arrived is None else plan.only(arrived)
        if self._in_place:
            restoring = self.settings.changes_nothing
            return mark_in_place(plan, self._in_place, self._naming.kept, restoring=restoring)
        return mark_done(plan, if_exists, self._journal)

    def made(self, path: Path) -> bool:
        """Whether a file is a result of an earlier run into the same folder, and so no input."""
        return self._journal is not None and self._journal.made(path)

    def check(self) -> None:
        """See that outputs could be written, before a model is loaded for them; nothing is made yet.

        Raises:
            UsageError: the output folder, or the one that it would be made in, cannot be written to.
        """
        if not self._naming.backup:
            check_place(*self._folder)

    def prepare(self, plan: Plan) -> None:
        """Make the folders that were named; the one for originals if the plan adds any to it.

        Raises:
            UsageError: they, or what earlier runs noted there, cannot be made or written to.
        """
        backup = self._naming.backup
        if not backup:
            check_writable(*self._folder)
        elif any(not job.from_backup for job in plan.pending):
            backup.prepare()
        if self._journal:
            self._journal.check_writable()

    @property
    def _folder(self) -> tuple[Path, str]:
        """The folder that outputs go to, and what begins a message about it."""
        out = self._naming.out
        return (out.parent, f"--out {out}: its folder") if self._naming.single else (out, f"--out {out}:")

    @property
    def record(self) -> Callable[[Job, os.stat_result, bytes], None] | None:
        """What notes every output before it gets its name; None where nothing is noted."""
        journal = self._in_place or self._journal
        return journal.record if journal else None
