"""How many failures a run bears."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from denoisectl.batch.result import FileResult, Tally
from denoisectl.errors import StoppedError, UsageError


@dataclass(frozen=True, slots=True)
class FailureLimit:
    """The number of failures after which one more stops the run; None for any number."""

    most: int | None = None

    @classmethod
    def parse(cls, text: str, planned: int) -> FailureLimit:
        """Read `N`, or `P%` of the planned files."""
        match = re.fullmatch(r"([0-9]+)|([0-9]+(?:\.[0-9]+)?)%", text)
        if not match or (match[2] and float(match[2]) > 100):
            raise UsageError(f"--max-failures {text}: give a number of files, or a part of them such as 5%")
        return cls(int(match[1]) if match[1] else math.floor(planned * float(match[2]) / 100))

    def check(self, tally: Tally, latest: FileResult) -> None:
        """Stop the run if it has to end here.

        Raises:
            StoppedError: too many files failed, or no later one can succeed.
        """
        if latest.fatal:
            raise StoppedError(
                f"{latest.reason}; mend that and run the same command again, it goes on from here"
            )
        failed = len(tally.failures)
        if self.most is not None and failed > self.most:
            limit = f"--max-failures allows {self.most}" if self.most else "none is allowed"
            raise StoppedError(
                f"stopped after {failed} failed {'file' if failed == 1 else 'files'} ({limit})"
            )
