"""
Workday's weekly maintenance: being away then is announced, and no reason to wake anybody (CC-14).

Friday 23:00 to Saturday 03:00 in California; half an hour of grace after it, since it may end late. Saturday is never a
day on which clocks are changed there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from ml_connector.errors import PlannedOutageError, UnavailableError

_PACIFIC = ZoneInfo("America/Los_Angeles")
_FRIDAY, _SATURDAY = 4, 5
_BEGINS, _ENDS = time(23), time(3)
_GRACE = timedelta(minutes=30)


def back_from_maintenance(at: datetime) -> datetime | None:
    """When Workday is to be back (UTC), if *at* lies in its weekly window or in the half hour after; else None."""
    local = at.astimezone(_PACIFIC)
    day = local.date()
    if local.weekday() == _FRIDAY and local.time() >= _BEGINS:
        day += timedelta(days=1)
    elif local.weekday() != _SATURDAY:
        return None
    back = datetime.combine(day, _ENDS, _PACIFIC).astimezone(UTC)
    return back if at < back + _GRACE else None


@contextmanager
def expecting_maintenance(clock: Callable[[], datetime]) -> Iterator[None]:
    """
    Call it planned if Workday is away in its weekly window.

    Raises:
        PlannedOutageError: in the place of the outage.
    """
    try:
        yield
    except UnavailableError as error:
        back = back_from_maintenance(clock())
        if back is None:
            raise
        raise PlannedOutageError(
            f"degraded (planned): Workday is away for its weekly maintenance, expected back at {back:%Y-%m-%d %H:%M} UTC",
            remedy=(
                f"nothing: the next sync after {back:%H:%M} UTC takes everything since; it is worth a look if Workday is "
                f"still away at {back + _GRACE:%H:%M} UTC"
            ),
        ) from error
