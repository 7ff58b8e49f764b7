"""Ctrl-C and SIGTERM: the first one unwinds the command, the second one ends the process at once."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

__all__ = ["Interrupted", "interruptible"]

_LATER = 0.05  # seconds
_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interrupted(KeyboardInterrupt):
    """Someone asked the process to stop.

    Attributes:
        code: the exit code that the shell expects, 128 plus the signal's number.
    """

    def __init__(self, signum: int) -> None:
        """Remember which signal it was."""
        super().__init__(signal.Signals(signum).name)
        self.code = 128 + signum


@contextmanager
def interruptible() -> Iterator[None]:
    """Turn both signals into `Interrupted`, and SIGPIPE into `BrokenPipeError`, for the time of a command."""
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread may set handlers; a caller in another one keeps its own
        return
    before = {signum: signal.signal(signum, _first) for signum in _heeded()}
    hook = sys.unraisablehook
    sys.unraisablehook = _asking_again(hook)
    if hasattr(signal, "SIGPIPE"):  # a reader that is gone becomes an error, so that cleaning up comes first
        before[signal.SIGPIPE] = signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    try:
        yield
    finally:
        sys.unraisablehook = hook
        for signum, handler in before.items():
            signal.signal(signum, handler)


def _asking_again(
    hook: Callable[[sys.UnraisableHookArgs], object],
) -> Callable[[sys.UnraisableHookArgs], None]:
    """A hook that signals once more if the first time fell into code whose errors Python drops, as finalisers' are."""

    def lost(what: sys.UnraisableHookArgs) -> None:
        if not isinstance(what.exc_value, Interrupted):
            hook(what)
            return
        signum = what.exc_value.code - 128
        signal.signal(signum, _first)
        threading.Timer(_LATER, os.kill, (os.getpid(), signum)).start()

    return lost


def _heeded() -> list[signal.Signals]:
    """Those that whoever started the process did not have it ignore, as shells do for jobs in the background."""
    return [signum for signum in _SIGNALS if signal.getsignal(signum) is not signal.SIG_IGN]


def _first(signum: int, _frame: FrameType | None) -> None:
    for each in _heeded():
        signal.signal(each, signal.SIG_DFL)  # the second one needs no Python to be obeyed
    raise Interrupted(signum)
