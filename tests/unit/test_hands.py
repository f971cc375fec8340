"""Threads that can be told to stop: whoever rests wakes up, whoever writes is waited for (trust A2.2)."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from ml_connector.connectors.budget.budget import Budget
from ml_connector.connectors.hands import Hands, rest
from ml_connector.connectors.workday.ahead import Limits, Wish, fetch_ahead
from ml_connector.connectors.workday.patience import Pace
from ml_connector.errors import NotSentError, PermissionError_

# Longer than any test may take: who is not woken up hangs.
_FOR_EVER_S = 3600.0


def test_what_is_done_and_what_goes_wrong_are_told_to_who_waits() -> None:
    def fail() -> None:
        raise PermissionError_("no")

    with Hands(2, name="test", leave_after_s=None) as hands:
        made = [hands.submit(pow, number, 2) for number in range(9)]
        failed = hands.submit(fail)
        assert [future.result() for future in made] == [number**2 for number in range(9)]
        with pytest.raises(PermissionError_, match="no"):
            failed.result()


def test_a2_2_whoever_rests_wakes_up_and_gives_up_and_what_has_not_begun_is_dropped() -> None:
    with Hands(1, name="test", leave_after_s=None) as hands:
        resting = hands.submit(rest, _FOR_EVER_S)
        behind = hands.submit(pow, 2, 2)
    with pytest.raises(NotSentError, match="stopped"):
        resting.result()
    assert behind.cancelled()


def test_whoever_writes_is_waited_for_and_whoever_only_asks_is_not() -> None:
    may_end, ended = threading.Event(), threading.Event()

    def answer() -> None:
        may_end.wait()
        ended.set()

    with Hands(1, name="test", leave_after_s=0.01) as hands:
        hands.submit(answer)
    assert not ended.is_set()
    with Hands(1, name="test", leave_after_s=None) as hands:
        written = hands.submit(answer)
        may_end.set()
    assert ended.wait(60)
    assert written.done()


def test_a2_2_whoever_waits_behind_somebody_who_rests_does_not_leave_when_told_to_stop() -> None:
    """The first sits out the wait, the others queue behind it: none of them may send within it."""
    for pacing in (Budget(calls_per_minute=60), Pace()):
        wait, put = (pacing.acquire, pacing.pause) if isinstance(pacing, Budget) else (pacing.wait, pacing.owe)
        put(600)
        with Hands(3, name="test", leave_after_s=None) as hands:
            waiting = [hands.submit(wait) for _ in range(3)]
            while not any(future.running() for future in waiting):
                threading.Event().wait(0.001)
        assert all(future.cancelled() or isinstance(future.exception(), NotSentError) for future in waiting)


def test_a2_2_what_was_not_sat_out_is_owed_still() -> None:
    slept: list[float] = []
    pace = Pace(sleep=slept.append, clock=lambda: 0.0)
    pace.owe(60)
    with Hands(1, name="test", leave_after_s=None) as hands:
        pace._sleep = rest
        resting = hands.submit(pace.wait)
        while not resting.running():
            threading.Event().wait(0.001)
    assert isinstance(resting.exception(), NotSentError) or resting.cancelled()
    pace._sleep = slept.append
    pace.wait()
    assert slept == [60]


def test_outside_of_hands_rest_only_sleeps() -> None:
    rest(0.0)


class _Page:
    size = 1


def test_a2_2_a_refused_page_is_told_while_another_one_sits_out_what_it_was_asked_to() -> None:
    """A 403 on one page is no reason to wait a quarter of an hour for the patience another one asked for."""
    resting = threading.Event()

    def ask(wish: Wish) -> _Page:
        if wish.number == 3:
            resting.set()
            rest(_FOR_EVER_S)
        resting.wait()
        raise PermissionError_("a role was taken away")

    wishes = iter([Wish(start=start, count=1, give_way=False) for start in (1, 2)])
    pages = fetch_ahead(ask, _Page(), wishes, Limits(size=1, ahead=2, held_bytes=100))
    next(pages)
    with pytest.raises(PermissionError_, match="taken away"):
        next(pages)


def test_a2_2_whoever_leaves_a_reading_waits_for_nobody_who_rests() -> None:
    resting = threading.Event()

    def ask(_wish: Wish) -> _Page:
        resting.set()
        rest(_FOR_EVER_S)
        raise AssertionError("unreachable")

    wishes: Iterator[Wish] = iter([Wish(start=1, count=1, give_way=False)])
    pages = fetch_ahead(ask, _Page(), wishes, Limits(size=1, ahead=1, held_bytes=100))
    next(pages)
    assert resting.wait(60)
    pages.close()
