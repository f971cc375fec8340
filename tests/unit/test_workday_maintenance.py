"""CC-14: Workday's weekly maintenance is announced: Friday 23:00 to Saturday 03:00 Pacific, and half an hour more."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from ml_connector.connectors.workday.maintenance import back_from_maintenance, expecting_maintenance
from ml_connector.errors import PlannedOutageError, RateLimitError, UnavailableError

PACIFIC = ZoneInfo("America/Los_Angeles")


@pytest.mark.parametrize(
    ("moment", "back"),
    [
        ("2026-11-27T22:59", None),
        ("2026-11-27T23:00", "2026-11-28T11:00"),
        ("2026-11-28T02:59", "2026-11-28T11:00"),
        ("2026-11-28T03:29", "2026-11-28T11:00"),
        ("2026-11-28T03:30", None),
        ("2026-11-28T23:30", None),
        ("2026-07-03T23:30", "2026-07-04T10:00"),
    ],
)
def test_cc14_the_window_by_californias_clock_in_winter_and_summer(moment, back):
    at = datetime.fromisoformat(moment).replace(tzinfo=PACIFIC)
    for zone in (PACIFIC, UTC, ZoneInfo("Australia/Melbourne")):
        found = back_from_maintenance(at.astimezone(zone))
        assert (found and f"{found:%Y-%m-%dT%H:%M}") == back


def test_cc14_away_in_the_window_is_planned_and_says_until_when():
    inside = datetime(2026, 11, 28, 8, tzinfo=UTC)
    with pytest.raises(PlannedOutageError) as caught, expecting_maintenance(lambda: inside):
        raise UnavailableError("Workday is away: Get_Workers (HTTP 503)")
    assert caught.value.exit_code == 7
    assert "degraded (planned)" in caught.value.message
    assert "2026-11-28 11:00 UTC" in caught.value.message
    assert "11:30 UTC" in caught.value.remedy


def test_cc14_away_at_another_time_or_for_another_reason_is_not_planned():
    inside, outside = datetime(2026, 11, 28, 8, tzinfo=UTC), datetime(2026, 11, 28, 12, tzinfo=UTC)
    for clock, error in ((outside, UnavailableError("away")), (inside, RateLimitError("patience"))):
        with pytest.raises(type(error)) as caught, expecting_maintenance(lambda clock=clock: clock):
            raise error
        assert not isinstance(caught.value, PlannedOutageError)
