"""TZ-09: what depends on dates is run in zones on both sides of the date line, with and without summer time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from tests import zones

ROOT = Path(__file__).parents[2]


def test_tz09_two_of_the_zones_are_nearly_a_day_apart_all_year():
    for month in range(1, 13):
        at = datetime(2026, month, 15, tzinfo=UTC)
        offsets = [at.astimezone(ZoneInfo(zone)).utcoffset() or timedelta(0) for zone in zones.ZONES]
        assert max(offsets) - min(offsets) > timedelta(hours=20)


def test_tz09_what_is_run_is_there():
    assert all((ROOT / name).exists() for name in zones.TESTS)


def test_tz09_another_outcome_in_another_zone_is_told(monkeypatch, capsys):
    told = {"UTC": "passed", "Pacific/Kiritimati": "failure"}
    monkeypatch.setattr(zones, "run", lambda zone, _tests: {"a::b": told.get(zone, "passed")})
    assert zones.main([]) == 1
    assert "NOT identical" in capsys.readouterr().out
    monkeypatch.setattr(zones, "run", lambda _zone, _tests: {"a::b": "passed"})
    assert zones.main([]) == 0
    monkeypatch.setattr(zones, "run", lambda _zone, _tests: {})
    assert zones.main([]) == 1
