"""
One week with one of each thing that can happen, and a crash at the boundaries of every run (trust A2.1).

After a crash the next run finishes the day: then everything is as after the day on which nothing happened to us, and so
the rest of the week is the same too. The suite tries boundaries evenly spread over each run, beginning anywhere;
`pytest tests/laws/test_a_week.py --every-boundary` tries all of them, each state that a crash can leave behind once:
many boundaries lie between two changes that last, and leave the same.
"""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from random import Random
from typing import Any

import pytest
from sqlalchemy import Connection, event

from ml_connector.sandbox.http import Request, Response
from tests.fuse import CrashError, Fuse, LastingFuse
from tests.laws.firm import Evening, Firm, found
from tests.laws.history import VERBS, Event, Step, settle
from tests.laws.verdict import differences, ending
from tests.rehearsal import Answer, Life, is_write
from tests.stage import count_twins, told_of

DAYS = 7
SAMPLE = 7
WEEK = {number: Event(1 + number * DAYS // len(VERBS), verb, 3 * number) for number, verb in enumerate(VERBS)}


def outcome(firm: Firm) -> dict[str, Any]:
    """Both systems, and which write the trail tells how often."""
    return ending(firm) | {"told": dict(told_of(firm.begin()))}


@functools.cache
def steps_of_the_week() -> tuple[Step, ...]:
    """Every verb happens to somebody."""
    steps = settle(WEEK)
    assert [step.verb for step in steps] == list(VERBS)
    return tuple(steps)


@functools.cache
def morning(day: int) -> Evening:
    """What there is on a day of the week before its run, everything until then being carried out."""
    with found(steps_of_the_week()) as firm:
        if day > 0:
            begin(firm, day - 1)
            firm.come_to_rest()
            firm.next_day()
        return firm.keep()


def begin(firm: Firm, day: int) -> None:
    """Let it be a day of the week in Workday, and in Plex and our database as in its morning."""
    kept = morning(day)
    while firm.day < day:
        firm.next_day()
    firm.put(kept)


@pytest.mark.parametrize("day", range(1, DAYS + 1))
def test_m6_a_week_a_crash_at_any_boundary_changes_nothing(day, tally, request):
    """M-6, F1: 0 lost, 0 duplicated."""
    everything = request.config.getoption("--every-boundary")
    with found(steps_of_the_week()) as firm:
        evening = morning(day)
        begin(firm, day)
        fuse = Fuse() if not everything else LastingFuse()
        with watched(firm, fuse) as life:
            life.sync()
        points = fuse.passed
        firm.die()
        firm.come_to_rest()
        clean = outcome(firm)
        for at in chosen(points, everything=everything):
            found_again = crash(firm, evening, type(fuse)(at))
            if found_again != clean and any(action == "transfer" for _record, action in clean["told"]):
                # Who was between two plants when the run began gets what belongs to the new one from the run after (PX-07).
                firm.sync()
                found_again = outcome(firm)
            lost, duplicated = differences(clean, found_again), count_twins(found_again)
            tally("M-6 a week of crashes", crashes=1, lost=len(lost), duplicated=duplicated)
            assert lost == [], f"day {day}, point {at} of {points}"
            assert duplicated == 0
        if isinstance(fuse, LastingFuse):
            tally("M-6 a week of crashes", boundaries=fuse.boundaries)


@contextmanager
def watched(firm: Firm, fuse: Fuse) -> Iterator[Life]:
    """
    A process with a fuse in it, which knows what of all that happens lasts: commits, writes that Plex did, and time.

    What is read, sent and not done yet, or held in memory is gone with the process, so between two of these every
    crash leaves the same behind.
    """
    life, lasts = firm.begin(boundary=fuse), Counter[str]()

    def note_commit(_connection: Connection) -> None:
        lasts["commits"] += 1

    def note_write(request: Request, answer: Answer) -> Response:
        response = answer(request)
        lasts["writes"] += is_write(request)
        return response

    if isinstance(fuse, LastingFuse):
        fuse.lasting = lambda: (lasts["commits"], lasts["writes"], firm.rehearsal.clock.seconds)
    life.wire.spoil = note_write
    event.listen(life.database.engine, "commit", note_commit)
    try:
        yield life
    finally:
        event.remove(life.database.engine, "commit", note_commit)


def crash(firm: Firm, evening: Any, fuse: Fuse) -> dict[str, Any]:
    """Be the day again until the fuse blows, then run to quiescence."""
    firm.die()
    firm.put(evening)
    with watched(firm, fuse) as life, pytest.raises(CrashError):
        life.sync()
    firm.die()
    if firm.sync().counts["unknown"] or firm.begin().tools.store.intents(states=("sending", "accepted")):
        firm.rehearsal.clock.sleep(60)  # what Plex accepted before the crash comes true later
        firm.sync()
    return outcome(firm)


def chosen(points: int, *, everything: bool) -> list[int]:
    stride = 1 if everything else points // SAMPLE
    return list(range(1 + Random().randrange(stride), points + 1, stride))  # noqa: S311 - any will do
