"""
One week with one of each thing that can happen, and a crash at the boundaries of every run (trust A2.1).

After a crash the next run finishes the day: then everything is as after the day on which nothing happened to us, and so
the rest of the week is the same too. The suite tries boundaries evenly spread over each run, beginning anywhere;
`pytest tests/laws/test_a_week.py --every-boundary` tries all of them, which takes the better part of an hour.
"""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from tests.fuse import CrashError, Fuse
from tests.laws.firm import Firm, found
from tests.laws.history import VERBS, Event, settle
from tests.laws.verdict import differences, ending
from tests.stage import count_twins, told_of

DAYS = 7
SAMPLE = 7
WEEK = {number: Event(1 + number * DAYS // len(VERBS), verb, 3 * number) for number, verb in enumerate(VERBS)}


def outcome(firm: Firm) -> dict[str, Any]:
    """Both systems, and which write the trail tells how often."""
    return ending(firm) | {"told": dict(told_of(firm.begin()))}


@pytest.mark.parametrize("day", range(1, DAYS + 1))
def test_m6_a_week_a_crash_at_any_boundary_changes_nothing(day, tally, request):
    """M-6, F1: 0 lost, 0 duplicated."""
    steps = settle(WEEK)
    assert [step.verb for step in steps] == list(VERBS)
    with found(steps) as firm:
        while firm.day < day:
            firm.come_to_rest()
            firm.next_day()
        evening, fuse = firm.keep(), Fuse()
        firm.begin(boundary=fuse).sync()
        boundaries = fuse.passed
        firm.die()
        firm.come_to_rest()
        clean = outcome(firm)
        for at in chosen(boundaries, everything=request.config.getoption("--every-boundary")):
            found_again = crash(firm, evening, at)
            lost, duplicated = differences(clean, found_again), count_twins(found_again)
            tally("M-6 a week of crashes", boundaries=1, lost=len(lost), duplicated=duplicated)
            assert lost == [], f"day {day}, boundary {at} of {boundaries}"
            assert duplicated == 0


def crash(firm: Firm, evening: Any, at: int) -> dict[str, Any]:
    """Be the day again until a boundary, then run to quiescence."""
    firm.die()
    firm.put(evening)
    with pytest.raises(CrashError):
        firm.begin(boundary=Fuse(at)).sync()
    firm.die()
    if firm.sync().counts["unknown"] or firm.begin().tools.store.intents(states=("sending", "accepted")):
        firm.rehearsal.clock.sleep(60)  # what Plex accepted before the crash comes true later
        firm.sync()
    return outcome(firm)


def chosen(boundaries: int, *, everything: bool) -> list[int]:
    stride = 1 if everything else boundaries // SAMPLE
    return list(range(1 + Random().randrange(stride), boundaries + 1, stride))  # noqa: S311 - any will do
