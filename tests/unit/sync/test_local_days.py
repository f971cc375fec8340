"""Which day it is at a plant: through both changes of the clocks, on a leap day, and on both sides of the date line."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from ml_connector.sync.gather import local_days

DETROIT, KIRITIMATI, HONOLULU = map(ZoneInfo, ("America/Detroit", "Pacific/Kiritimati", "Pacific/Honolulu"))


def day_at(text: str, zone: ZoneInfo = DETROIT) -> date:
    return local_days(datetime.fromisoformat(text), {"101": zone})["101"]


@pytest.mark.parametrize(
    ("instant", "day"),
    [
        ("2026-03-08T04:59:59+00:00", date(2026, 3, 7)),  # 23:59:59 in winter time, hours before the clocks go forward
        ("2026-03-08T05:00:00+00:00", date(2026, 3, 8)),
        ("2026-03-08T07:00:00+00:00", date(2026, 3, 8)),  # 03:00: the hour from 2 to 3 does not exist
        ("2026-03-09T03:59:59+00:00", date(2026, 3, 8)),  # the day had 23 hours
        ("2026-03-09T04:00:00+00:00", date(2026, 3, 9)),
        ("2026-11-01T03:59:59+00:00", date(2026, 10, 31)),
        ("2026-11-01T04:00:00+00:00", date(2026, 11, 1)),
        ("2026-11-02T04:59:59+00:00", date(2026, 11, 1)),  # the day had 25 hours
        ("2026-11-02T05:00:00+00:00", date(2026, 11, 2)),
    ],
)
def test_tz_02_a_plants_day_begins_at_its_own_midnight_when_the_clocks_change(instant: str, day: date) -> None:
    assert day_at(instant) == day


@pytest.mark.parametrize("year", [2026, 2028])
def test_tz_02_every_hour_of_a_year_is_in_the_day_it_was_in_or_the_next(year: int) -> None:
    instant, seen = datetime.fromisoformat(f"{year}-01-01T05:00:00+00:00"), []
    while instant < datetime.fromisoformat(f"{year + 1}-01-01T05:00:00+00:00"):
        day = local_days(instant, {"101": DETROIT})["101"]
        if not seen or seen[-1] != day:
            seen.append(day)
        instant += timedelta(minutes=30)
    assert seen == [date(year, 1, 1) + timedelta(days=number) for number in range(366 if year == 2028 else 365)]


def test_tz_02_a_leap_day_is_a_day() -> None:
    assert day_at("2028-02-29T05:00:00+00:00") == date(2028, 2, 29)
    assert day_at("2028-03-01T04:59:59+00:00") == date(2028, 2, 29)
    assert day_at("2027-03-01T04:59:59+00:00") == date(2027, 2, 28)


def test_tz_02_two_plants_can_be_a_day_apart() -> None:
    noon = datetime.fromisoformat("2028-02-29T10:30:00+00:00")
    assert local_days(noon, {"east": KIRITIMATI, "west": HONOLULU}) == {
        "east": date(2028, 3, 1),
        "west": date(2028, 2, 29),
    }
