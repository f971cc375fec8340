"""The configuration files we write are ones we read."""

from __future__ import annotations

import tomllib
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ml_connector.errors import ConfigurationError
from ml_connector.sandbox.tenant.nights import NIGHTS
from ml_connector.settings.forms import parse_interval_s
from ml_connector.settings.loading import parse_settings
from ml_connector.settings.model import Settings
from ml_connector.usecases.template import COMMENTED, REHEARSAL, render_rehearsal

READY: dict[str, Any] = {
    "workday": {"url": "http://127.0.0.1:4101", "tenant": "acme1"},
    "plex": {
        "base_url": "http://127.0.0.1:4102/api",
        "token_url": "http://127.0.0.1:4102/oauth2/token",
        "calls_per_minute": 6000,
        "datasources": {"cost_center_add": 900103, "employees_get": 154},
        "plants": [
            {
                "pcn": "101",
                "company_code": 'A"B\\C',
                "tenant_id": "3f0c",
                "time_zone": "America/Detroit",
                "default_shift": "Day",
                "routes": [{"company": "C10", "location": "DET"}],
            }
        ],
    },
}


def settings_from(ready: dict[str, Any]) -> Settings:
    return parse_settings(tomllib.loads(render_rehearsal(ready)), name="rehearsal")


def test_tz04_a_rehearsal_follows_every_night_that_the_sandbox_plays() -> None:
    """A night in which the clocks change may be a year ahead, and is there at once."""
    sync = settings_from(READY).connections[REHEARSAL].sync
    allowed = timedelta(seconds=parse_interval_s(sync.clock_ahead))
    days = [datetime(2026, 11, 1, 15, tzinfo=UTC) + timedelta(days=day) for day in range(0, 400, 7)]
    longest = max(night(day)[-1].at - day for night in NIGHTS.values() for day in days)
    assert timedelta(days=340) < longest < allowed


def test_a_rehearsal_is_read_as_it_was_meant() -> None:
    plex = settings_from(READY).connections[REHEARSAL].plex
    (plant,) = plex.plants
    assert (plant.pcn, plant.company_code, plant.default_shift) == ("101", 'A"B\\C', "Day")
    assert [(route.company, route.location) for route in plant.routes] == [("C10", "DET")]
    assert {name: source.id for name, source in plex.datasources.items()} == {"cost_center_add": 900103}


def test_a_file_that_is_no_ready_file_is_noticed() -> None:
    with pytest.raises(KeyError):
        render_rehearsal({"workday": {}})


def test_the_commented_file_is_toml_and_asks_for_what_is_empty() -> None:
    data = tomllib.loads(COMMENTED)
    with pytest.raises(ConfigurationError) as refused:
        parse_settings(data, name="ml-connector.toml")
    for key in ("workday.tenant", "pcn"):
        assert key in refused.value.message


def test_no_ready_credential_reaches_the_configuration() -> None:
    ready = {**READY, "workday": {**READY["workday"], "isu": {"username": "u", "password": "Secret-Password-1"}}}
    assert "Secret-Password-1" not in render_rehearsal(ready)
