"""When everything is compared anew, and which window of Workday's log tells what changed since. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from ml_connector.connectors.port import LogWindow
from ml_connector.settings.forms import parse_regular


def last_due(regular: str, *, at: datetime) -> datetime:
    """
    The last moment not after *at* that a regular time came.

    Once a day, or a week, whatever the clocks do: a time that is skipped comes an hour later, one that is repeated
    counts first (TZ-05).
    """
    weekday, clock, zone = parse_regular(regular)
    today = at.astimezone(zone).date()
    days = (today - timedelta(days=back) for back in range(8))
    moments = (datetime.combine(day, clock, tzinfo=zone) for day in days if weekday in {None, day.weekday()})
    return next(moment for moment in moments if moment <= at)


def windows(
    *, entered_at: datetime, effective_on: date, now: datetime, today: date, overlap: timedelta
) -> Iterator[LogWindow]:
    """
    The windows that hold everything which may have changed since a reading at *entered_at* as of *effective_on*
    (CC-01).

    Two, never one: what was entered late took effect long ago, and what takes effect today was entered long ago. The
    first overlaps what was read, so that a change at the very moment is read twice rather than never (CC-05). The
    second begins a day early, since a day begins at another moment elsewhere.
    """
    yield LogWindow(entered=(entered_at - overlap, now))
    if today > effective_on:
        yield LogWindow(effective=(effective_on - timedelta(days=1), today))
