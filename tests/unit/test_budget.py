"""Pacing, on a clock of our own."""

from __future__ import annotations

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml_connector.connectors.budget.budget import Budget


class Clock:
    """Time that passes only when somebody sleeps; each sleep may last longer than asked, as real ones do."""

    def __init__(self, overshoot_s: float = 0.0) -> None:
        self.now = 1000.0
        self.overshoot_s = overshoot_s

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.now += seconds + self.overshoot_s


def _run(calls: int, *, per_minute: int, clock: Clock) -> list[float]:
    budget = Budget(calls_per_minute=per_minute, clock=clock, sleep=clock.sleep)
    times = []
    for _ in range(calls):
        budget.acquire()
        times.append(clock.now)
    return times


def _most_in_a_minute(times: list[float]) -> int:
    most = first = 0
    for last, at in enumerate(times):
        while at - times[first] > 60:
            first += 1
        most = max(most, last - first + 1)
    return most


@pytest.mark.parametrize("per_minute", [1, 3, 19, 20, 200, 6000])
@pytest.mark.parametrize("overshoot_s", [0.0, 0.002])
def test_at_least_99_percent_of_the_budget_is_used_and_never_more(per_minute: int, overshoot_s: float) -> None:
    times = _run(per_minute * 10 + 1, per_minute=per_minute, clock=Clock(overshoot_s))
    assert (times[-1] - times[0]) / 600 <= 1 / 0.99
    assert _most_in_a_minute(times) <= per_minute


@given(st.lists(st.floats(0, 90), max_size=60), st.integers(1, 40))
def test_no_rhythm_of_callers_gets_more_than_the_budget(idles: list[float], per_minute: int) -> None:
    clock = Clock()
    budget = Budget(calls_per_minute=per_minute, clock=clock, sleep=clock.sleep)
    times = []
    for idle in idles:
        clock.now += idle
        for _ in range(5):
            budget.acquire()
            times.append(clock.now)
    assert _most_in_a_minute(times) <= per_minute


def test_a_pause_stops_everybody_and_is_not_shortened() -> None:
    clock = Clock()
    budget = Budget(calls_per_minute=200, clock=clock, sleep=clock.sleep)
    budget.acquire()
    budget.pause(30)
    budget.pause(2)
    budget.acquire()
    assert clock.now == pytest.approx(1030, abs=1)


def test_threads_share_one_budget() -> None:
    clock = Clock()
    budget = Budget(calls_per_minute=60, clock=clock, sleep=clock.sleep)
    threads = [threading.Thread(target=lambda: [budget.acquire() for _ in range(30)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert 110 < clock.now - 1000 <= 121


def test_a2_2_a_pause_that_begins_beside_another_never_shortens_it() -> None:
    clock = Clock()
    others = iter([100.0])

    def tell() -> float:
        for seconds in others:  # another thread pauses right now, for longer
            budget.pause(seconds)
        return clock.now

    budget = Budget(calls_per_minute=60, clock=tell, sleep=clock.sleep)
    budget.pause(1)
    budget.acquire()
    assert clock.now == 1100
