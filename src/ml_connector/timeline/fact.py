"""
What a worker was, from which day on, and since when we know it: two dates for every fact. Pure.

A capture is everything read of a worker at one entry moment: what holds from each of some days on. It takes the place
of all that was known before about its first day and every later one, so a correction of the past replaces what followed
from the mistake, and a look back to an earlier moment still shows the mistake (ED-10).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import NamedTuple

FIRST_DAY = date(1900, 1, 1)


class Fact(NamedTuple):
    """From *effective_on* the worker was as *body* (canonical JSON) says, as entered by *entered_at*."""

    worker: str
    effective_on: date
    entered_at: datetime
    body: str


class Early(NamedTuple):
    """
    What Workday's log told of a worker too early: entered at a moment which its own clock had not reached.

    *told_at* is the moment, by that clock, at which it told of it first. Until it has passed nothing of the worker is
    believed; then the log tells of it again.
    """

    worker: str
    effective_on: date
    entered_at: datetime
    told_at: datetime


def as_known(facts: Iterable[Fact], *, on: date, by: datetime) -> Fact | None:
    """What held on a day, as known by a moment; None before the first day we know of (M-9)."""
    told = [fact for fact in facts if fact.effective_on <= on and fact.entered_at <= by]
    return max(told, key=lambda fact: (fact.entered_at, fact.effective_on), default=None)


def changes_ahead(facts: Sequence[Fact], *, after: date, by: datetime) -> list[Fact]:
    """
    What will hold after a day, in the order of days, each where it differs from the day before (CC-09).

    A change that was taken back differs in nothing, and one that was moved stands on its new day only.
    """
    days = sorted({fact.effective_on for fact in facts if fact.effective_on > after})
    before, found = as_known(facts, on=after, by=by), []
    for day in days:
        fact = as_known(facts, on=day, by=by)
        if fact is not None and (before is None or fact.body != before.body):
            found.append(fact._replace(effective_on=day))
        before = fact
    return found


def days_to_ask(
    entries: Iterable[tuple[date, datetime]],
    known: Iterable[date],
    *,
    window: tuple[datetime, date],
    today: date,
    horizon: date,
) -> set[date]:
    """
    As of which days, beside *today*, a worker is asked for whom Workday's log told of.

    *entries* are the days transactions take effect on, with the moments they were entered; *known* the days we know of.
    Those entered, or effective, since *window* began tell something new, and what followed the first of them is to be
    asked anew; so is everything ahead.
    """
    entered_from, effective_from = window
    told = {day for day, entered_at in entries if entered_at >= entered_from or day >= effective_from}
    first = min(told, default=today)
    days = told | {day for day in known if day > min(first, today)}
    return {day for day in days if day != today and FIRST_DAY <= day <= horizon}
