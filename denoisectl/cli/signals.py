"""Ctrl-C and SIGTERM: the first one unwinds the command, the second one ends the process at once."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from denoisectl.stop_signals import STOP_SIGNALS, end_at_the_next, heeded

_LATER = 0.05  # seconds


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
    before = {signum: signal.signal(signum, _first) for signum in heeded()}
    hook, watch = sys.unraisablehook, _Watch()
    sys.unraisablehook = _asking_again(hook, watch)
    if hasattr(signal, "SIGPIPE"):  # a reader that is gone becomes an error, so that cleaning up comes first
        before[signal.SIGPIPE] = signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    try:
        yield
    finally:
        watch.end()
        sys.unraisablehook = hook
        for signum, handler in before.items():
            signal.signal(signum, handler)


class _Watch:
    """Ends the process at the second signal while its main thread is in native code, where no handler runs.

    Python notes each signal in a pipe as it arrives, which another thread reads.
    """

    def __init__(self) -> None:
        """Begin; main thread only."""
        self.seen = 0
        self._reading, self._writing = os.pipe()
        if hasattr(os, "set_blocking"):  # Python asks for it, but on Windows, where pipes always block
            os.set_blocking(self._writing, False)
        self._before = signal.set_wakeup_fd(self._writing, warn_on_full_buffer=False)
        threading.Thread(target=self._read, name="signals", daemon=True).start()

    def _read(self) -> None:
        while note := os.read(self._reading, 1):
            if note[0] in STOP_SIGNALS:
                self.seen += 1
                if self.seen > 1:
                    os._exit(128 + note[0])
        os.close(self._reading)

    def end(self) -> None:
        """Stop watching."""
        signal.set_wakeup_fd(self._before)
        os.close(self._writing)


def _asking_again(
    hook: Callable[[sys.UnraisableHookArgs], object], watch: _Watch
) -> Callable[[sys.UnraisableHookArgs], None]:
    """A hook that signals once more if the first time fell into code whose errors Python drops, as finalisers' are."""

    def lost(what: sys.UnraisableHookArgs) -> None:
        if not isinstance(what.exc_value, Interrupted):
            hook(what)
            return
        signum = what.exc_value.code - 128
        watch.seen -= 1
        signal.signal(signum, _first)
        threading.Timer(_LATER, os.kill, (os.getpid(), signum)).start()

    return lost


def _first(signum: int, _frame: FrameType | None) -> None:
    end_at_the_next()
    raise Interrupted(signum)
