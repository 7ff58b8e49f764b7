"""Which files are meant: one that was found, and what is asked of those inside named folders."""

from __future__ import annotations

import os
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path, PurePath

from denoisectl.errors import UsageError


@dataclass(frozen=True, slots=True)
class Found:
    """One input file."""

    path: Path
    relative: PurePath
    """Where it belongs under the output folder."""
    named: bool
    """Whether the user named this very file, rather than a folder that holds it."""
    problem: str = ""
    """Why it cannot be looked into, if it is a folder that cannot."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Which of the files inside named folders are meant."""

    recursive: bool = False
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    out: Path | None = None
    """The output folder; it is not entered."""
    base: Path | None = None
    """The folder from which results mirror the inputs' paths; None starts at each folder that was named."""
    in_place: bool = False
    """Whether photos are replaced. Links to folders are not entered then: photos there may be somebody else's."""
    more_to_come: bool = False
    """Whether inputs are watched: a glob may match nothing yet."""

    def place(self, path: Path, root: Path) -> PurePath:
        """Where the result of `path`, found in `root`, belongs under the output folder.

        Raises:
            UsageError: `base` is not above it.
        """
        if not self.base:
            return path.relative_to(root)
        if (relative := path_below(self.base, path)) is None:
            raise UsageError(
                f"--base {self.base}: {path} does not lie below it; name a folder that it lies in"
            )
        return relative

    def takes(self, relative: PurePath) -> bool:
        """Whether the globs let this file through; a glob without a slash looks at the name alone."""
        if self.include and not any(_matches(relative, pattern) for pattern in self.include):
            return False
        return not self.excludes(relative)

    def excludes(self, relative: PurePath) -> bool:
        """Whether this file, or this folder with all that is in it, is left out."""
        return any(_matches(relative, pattern.rstrip("/")) for pattern in self.exclude)


def path_below(base: Path, path: Path) -> PurePath | None:
    """Where `path` lies, from `base` on; None if it does not lie below it."""
    # Not `resolve`: a link stands for the place where it is, not for the one it points to.
    absolute, root = Path(os.path.abspath(path)), Path(os.path.abspath(base))  # noqa: PTH100
    return absolute.relative_to(root) if absolute.is_relative_to(root) else None


def _matches(relative: PurePath, pattern: str) -> bool:
    return fnmatch(relative.as_posix() if "/" in pattern else relative.name, pattern)
