"""The signals that ask a process to stop: Ctrl-C's and SIGTERM."""

from __future__ import annotations

import signal

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM)


def heeded() -> list[signal.Signals]:
    """Those that whoever started the process did not have it ignore, as shells do for jobs in the background."""
    return [signum for signum in STOP_SIGNALS if signal.getsignal(signum) is not signal.SIG_IGN]


def end_at_the_next() -> None:
    """Let the next one end the process at once, by the system's own hand, which needs no Python; main thread only."""
    for signum in heeded():
        signal.signal(signum, signal.SIG_DFL)
