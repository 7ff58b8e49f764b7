"""What a run tells: sentences on stderr for people, JSON lines on stdout for scripts.

Every JSON object has `v`, the version of these lines, and `event`: `plan` (in a dry run), `file` or
`summary`. Fields are only ever added.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable

from denoisectl.batch.job import Ignored, Job, Plan, kinds_of
from denoisectl.batch.result import FileResult, Status, Tally
from denoisectl.cli import console

_VERSION = 1
_IN_SIGHT = 10  # files of a run whose messages have not scrolled away at its end
_NAMED_AT_END = 20
_REASONS = 3
_AGAIN = "the model or a setting changed"


class _Report:
    """What people are told on stderr, whoever reads stdout."""

    def __init__(self) -> None:
        self._known: set[Ignored] = set()

    def passed_over(self, plan: Plan) -> None:
        """Tell of files that are not processed, each once: a watched folder is planned again and again."""
        new = [file for file in plan.ignored if file not in self._known]
        if not new:
            return
        self._known.update(new)
        # Photos of another kind might be missed; other files, such as notes, are not.
        kinds = kinds_of(new)
        message = f"{_files(len(new))} passed over: not images that are read here"
        if kinds:
            console.warn(f"{message}, among them {kinds} (-v names them)")
        else:
            console.say(message)
        for file in new:
            console.detail(f"{console.one_line(file.path)}: passed over: {file.kind or 'not an image'}")

    def _sum_of(self, plan: Plan) -> None:
        """What a dry run ends with."""
        self.passed_over(plan)
        skipped, failing = _skipped_and_failing(plan)
        rest = [f"{skipped} to skip"] if skipped else []
        rest += [f"{failing} {'fails' if failing == 1 else 'fail'}"] if failing else []
        console.say(", ".join([f"{len(plan.pending)} to {_verb(plan, 'denoise')}", *rest]))


class TextReport(_Report):
    """Sentences on stderr."""

    def __init__(self) -> None:
        super().__init__()
        self._told: set[str] = set()
        self._alone = False
        self._restored = 0

    def plan(self, plan: Plan) -> None:
        """Show what a run would do."""
        for job in plan.jobs:
            console.emit(console.one_line(_planned(job)))
        self._sum_of(plan)

    def start(self, plan: Plan) -> None:
        """Say how much there is to do."""
        self._alone = len(plan.jobs) == 1
        skipped, failing = _skipped_and_failing(plan)
        rest = [f"{failing} cannot be processed"] if failing else []
        rest += [f"{skipped} to skip"] if skipped else []
        again = sum(job.again for job in plan.pending)
        whose = f", {again} of them again, since {_AGAIN}" if again else ""
        todo = f"{_files(len(plan.pending))} to {_verb(plan, 'process')}{whose}"
        console.say("; ".join([todo, *rest]))
        if not self._alone:
            _tell_why_left(plan)
        self.passed_over(plan)

    def file(self, result: FileResult) -> None:
        """Tell a failure at once; the rest is detail."""
        if result.status is Status.FAILED:
            console.error(console.one_line(result.reason))
        elif result.status is Status.SKIPPED:
            tell = console.say if self._alone else console.detail
            tell(console.one_line(f"{result.source}: skipped: {result.reason}"))
        elif result.reason:
            self._restored += 1
            console.detail(console.one_line(f"{result.source}: {result.reason}"))
        else:
            kept = f" (its original: {result.backup})" if result.backup else ""
            console.detail(console.one_line(f"{result.source} -> {result.target}{kept}"))
            self._tell_losses(result)
            self._tell_coarse(result)

    def _tell_coarse(self, result: FileResult) -> None:
        if result.bits > 8 and result.engine.get("precision") == "int8" and "8 bits" not in self._told:
            self._told.add("8 bits")
            console.say(
                f"{result.bits}-bit images go through a network of 8-bit arithmetic; --precision float32 is finer, and "
                "slower (said once a run)"
            )

    def _tell_losses(self, result: FileResult) -> None:
        for loss in sorted(set(result.lost) - self._told):
            self._told.add(loss)
            target = console.one_line(result.target)
            console.warn(f"{target}: does not hold the input's {loss} (said once a run)")

    def summary(self, tally: Tally, seconds: float, reason: str, note: str) -> None:
        """The counts, and the names of what failed, unless those are still in sight."""
        restored = {Status.OK: f" ({self._restored} restored)"} if self._restored else {}
        ends = (status for status in Status if tally.counts[status])
        counts = ", ".join(f"{tally.counts[status]} {status}{restored.get(status, '')}" for status in ends)
        rest = f", {tally.remaining} not reached ({reason})" if tally.remaining else ""
        speed = f", {tally.megapixels / seconds:.1f} MP/s" if tally.megapixels else ""
        console.say(f"{counts or 'nothing done'}{rest} in {seconds:.1f} s{speed}")
        if self._restored:
            console.say(
                "the originals stay where they are kept, too; delete those when you no longer need them"
            )
        if tally.failures and (tally.planned > _IN_SIGHT or console.quiet()):
            names = [f"  {console.one_line(failure.source)}" for failure in tally.failures[:_NAMED_AT_END]]
            more = len(tally.failures) - len(names)
            names += [f"  and {more} more; --failed-to FILE writes all of them"] if more else []
            console.error("\n".join([f"{_files(len(tally.failures))} failed:", *names]))


class JsonReport(_Report):
    """One JSON object a line, through `write`."""

    def __init__(self, write: Callable[[bytes], None]) -> None:
        """Send lines to `write`."""
        super().__init__()
        self._write = write
        self._ignored: tuple[Ignored, ...] = ()

    def plan(self, plan: Plan) -> None:
        """Show what a run would do."""
        for job in plan.jobs:
            self._line(
                "plan",
                input=str(job.source),
                output=_text(job.target),
                backup=_text(job.backup),
                action=_action(job),
                reason=job.problem or job.skip or (_AGAIN if job.again else None),
            )
        self._sum_of(plan)

    def start(self, plan: Plan) -> None:
        """Remember what is passed over, for the summary; people are told of it."""
        self._ignored = plan.ignored
        self.passed_over(plan)

    def file(self, result: FileResult) -> None:
        """One file's end."""
        failed = result.status is Status.FAILED
        self._line(
            "file",
            input=result.source,
            output=_text(result.target),
            backup=_text(result.backup),
            status=result.status,
            reason=result.reason or None,
            error={"code": result.code, "message": result.reason} if failed else None,
            w=result.width or None,
            h=result.height or None,
            bits=result.bits or None,
            lost=result.lost,
            **result.engine,
            ms=result.milliseconds,
        )

    def summary(self, tally: Tally, seconds: float, reason: str, note: str) -> None:
        """The counts; always the last line."""
        self._line(
            "summary",
            planned=tally.planned,
            **{str(status): tally.counts[status] for status in Status},
            remaining=tally.remaining,
            ignored=len(self._ignored),
            ignored_kinds=_endings(self._ignored),
            stopped=reason or None,
            device_note=note or None,
            megapixels=round(tally.megapixels, 6),
            seconds=round(seconds, 3),
        )

    def _line(self, event: str, **fields: object) -> None:
        self._write(json.dumps({"v": _VERSION, "event": event, **fields}).encode() + b"\n")


def _skipped_and_failing(plan: Plan) -> tuple[int, int]:
    return sum(bool(job.skip) for job in plan.jobs), sum(bool(job.problem) for job in plan.jobs)


def _verb(plan: Plan, usual: str) -> str:
    """What is done to the photos: in one plan all are restored, or none."""
    return "restore" if any(job.restored for job in plan.pending) else usual


def _action(job: Job) -> str:
    return "fail" if job.problem else "skip" if job.skip else "restore" if job.restored else "denoise"


def _planned(job: Job) -> str:
    return f"{_action(job):8} {_what_of(job)}"


def _what_of(job: Job) -> str:
    if job.problem:
        return job.problem
    if job.skip:
        return f"{job.source} -> {job.target} ({job.skip})"
    if job.restored:
        return f"{job.source} from {job.backup}"
    kept = f" (its original: {job.backup})" if job.backup else ""
    again = f" (again, since {_AGAIN})" if job.again else ""
    return f"{job.source} -> {job.target}{kept}{again}"


def _endings(files: tuple[Ignored, ...]) -> dict[str, int]:
    """How many photos of kinds that are not read were passed over, by their names' endings."""
    return dict(sorted(Counter(file.path.suffix.lower() or file.kind for file in files if file.kind).items()))


def _tell_why_left(plan: Plan) -> None:
    """Of files that are left as they are though nothing says that they are done, why."""
    reasons = Counter(job.skip for job in plan.jobs if job.skip and not job.skip.startswith("already"))
    for reason, count in reasons.most_common(_REASONS):
        console.say(f"  {count} of them: {console.one_line(reason)}")
    if len(reasons) > _REASONS:
        console.say("  and others for other reasons; -v tells each")


def _files(count: int) -> str:
    return f"{count} {'file' if count == 1 else 'files'}"


def _text(path: object) -> str | None:
    return None if path is None else str(path)
