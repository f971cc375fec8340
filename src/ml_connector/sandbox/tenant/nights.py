"""
Nights on which a day begins somewhere and not yet elsewhere, and those on which the clocks change.

The tenant tells its moments in Pacific time, while each plant lives by its own clock: Detroit and Toledo are three
hours ahead of the tenant, Chicago two. Every night is a number of scenes, each at a moment of its own. Pure but for
what is entered at the desk.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple

from ml_connector.sandbox.clock import PACIFIC
from ml_connector.sandbox.tenant.desk import Desk
from ml_connector.sandbox.tenant.setup import TENANT_ZONE

_SUNDAY = 6


class Scene(NamedTuple):
    """A moment, which the tenant waits for, and what is entered then; returns whom it touched."""

    at: datetime
    enter: Callable[[Desk], list[str]]


Night = Callable[[datetime], list[Scene]]


def _pacific_evening(now: datetime) -> list[Scene]:
    """Half past nine in California: tomorrow has begun in Detroit and Toledo, and not in Chicago."""
    # By the clock on the wall, not by the tenant's: the plants keep summer time too.
    evening = datetime.combine(now.date(), time(21, 30), PACIFIC)
    return [Scene(evening.astimezone(TENANT_ZONE), _end_today_everywhere)]


def _around_midnight(now: datetime) -> list[Scene]:
    """A hire two seconds before the tenant's midnight and one two seconds after it, both for the day that begins."""
    midnight = _pacific(now.date() + timedelta(days=1), time())
    return [Scene(midnight + timedelta(seconds=seconds), _hire_on(midnight.date(), "DET")) for seconds in (-2, 2)]


def _clocks_go_back(now: datetime) -> list[Scene]:
    """Hires half an hour before, half an hour after and hours after two o'clock becomes one o'clock in Detroit."""
    return _night_of_change(_next_change(now, month=11, nth=1, hour=6))


def _clocks_go_forward(now: datetime) -> list[Scene]:
    """Hires half an hour before, half an hour after and hours after two o'clock becomes three o'clock in Detroit."""
    return _night_of_change(_next_change(now, month=3, nth=2, hour=7))


def _night_of_change(change: datetime) -> list[Scene]:
    sunday = change.date()
    moments = zip((-30, 30, 150), ("DET", "TOL", "DET"), strict=True)
    return [
        Scene((change + timedelta(minutes=minutes)).astimezone(TENANT_ZONE), _hire_on(sunday, location))
        for minutes, location in moments
    ]


def _next_change(now: datetime, *, month: int, nth: int, hour: int) -> datetime:
    """Tell when the clocks of the eastern plants change next: on the n-th Sunday of a month, at two by their clocks."""
    for year in (now.year, now.year + 1):
        first = date(year, month, 1)
        sunday = first + timedelta(days=(_SUNDAY - first.weekday()) % 7 + 7 * (nth - 1))
        change = datetime.combine(sunday, time(hour), UTC)
        if change - timedelta(minutes=30) > now:
            return change
    raise AssertionError("one of two years has its change ahead")


def _pacific(day: date, clock: time) -> datetime:
    return datetime.combine(day, clock, TENANT_ZONE)


def _end_today_everywhere(desk: Desk) -> list[str]:
    """Let today be the last day of somebody in every plant, by the calendar of each."""
    gone = [desk.pick(location=location) for location in ("DET", "TOL", "HQ")]
    for worker in gone:
        desk.terminate(worker, last_day=desk.on)
    return [worker.key for worker in gone]


def _hire_on(day: date, location: str) -> Callable[[Desk], list[str]]:
    return lambda desk: [desk.hire(location, on=day).key]


NIGHTS: dict[str, Night] = {
    "pacific_evening": _pacific_evening,
    "around_midnight": _around_midnight,
    "clocks_go_back": _clocks_go_back,
    "clocks_go_forward": _clocks_go_forward,
}
