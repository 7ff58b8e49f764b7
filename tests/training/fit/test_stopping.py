"""What makes a run stop between two steps."""

import signal

import pytest

from denoisectl_training.fit.stopping import stoppable

BOTH = (signal.SIGINT, signal.SIGTERM)


@pytest.mark.parametrize("signum", BOTH)
def test_the_first_signal_is_a_request(signum: signal.Signals) -> None:
    before = [signal.getsignal(each) for each in BOTH]
    with stoppable() as stop:
        assert not stop()
        signal.raise_signal(signum)
        assert stop() and stop.signum == signum
        assert all(signal.getsignal(each) == signal.SIG_DFL for each in BOTH), (
            "the second one ends the process"
        )
    assert [signal.getsignal(each) for each in BOTH] == before


def test_a_signal_that_jobs_in_the_background_ignore_stays_ignored() -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with stoppable() as stop:
            signal.raise_signal(signal.SIGINT)
            assert not stop()
    finally:
        signal.signal(signal.SIGINT, before)


def test_a_run_ends_when_its_time_is_over_and_it_has_done_a_step() -> None:
    with stoppable(0.0) as stop:
        assert not stop() and stop() and stop.signum is None


def test_a_signal_before_the_first_step_stops_at_once() -> None:
    with stoppable(0.0) as stop:
        signal.raise_signal(signal.SIGTERM)
        assert stop()
