"""Photos that runs replace in place, and what became of them."""

from __future__ import annotations

from pathlib import Path

from denoisectl import Denoiser
from denoisectl.batch.backup import Backup
from denoisectl.batch.in_place import InPlaceJournals, mark_in_place
from denoisectl.batch.inputs import find
from denoisectl.batch.job import Plan
from denoisectl.batch.plan import Naming, make_plan
from denoisectl.batch.result import FileResult
from denoisectl.batch.selection import Selection
from denoisectl.batch.settings import Settings


class Album:
    """A folder of two photos, and runs over it."""

    def __init__(self, folder: Path, denoiser: Denoiser) -> None:
        self.folder = folder
        self.a, self.b = folder / "a.png", folder / "sub" / "b.jpg"
        self.before = {path: path.read_bytes() for path in (self.a, self.b)}
        self._denoiser = denoiser

    def plan(self, backup: str = ".orig", root: Path | None = None, strength: float = 1.0) -> Plan:
        kept = Backup.parse(backup)
        selection = Selection(recursive=True, out=kept.folder, exclude=kept.globs)
        plan = make_plan(find([str(root or self.folder)], selection), Naming(Path(), backup=kept))
        return mark_in_place(plan, self.journals(strength))

    def journals(self, strength: float = 1.0) -> InPlaceJournals:
        return InPlaceJournals(Settings(strength).digest(self._denoiser.digest))

    def run(
        self, backup: str = ".orig", root: Path | None = None, strength: float = 1.0
    ) -> dict[str, FileResult]:
        results = self._denoiser.in_place(root or self.folder, backup, recursive=True, strength=strength)
        return {Path(result.source).name: result for result in results}

    def contents(self) -> dict[str, bytes]:
        files = (path for path in self.folder.rglob("[!.]*") if path.is_file())
        return {path.relative_to(self.folder).as_posix(): path.read_bytes() for path in files}


def status(results: dict[str, FileResult]) -> dict[str, str]:
    return {name: str(result.status) for name, result in results.items()}
