"""How long a plan takes at the configured pace: every call is counted that spends it."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from ml_connector.settings.plex import Plant, PlexConnection
from ml_connector.sync.change import Change
from ml_connector.sync.forecast import LONG_S, forecast_writes

ONE = Change(
    plant="101",
    type="employee",
    key="k",
    source="1",
    label="",
    action="create",
    reason="",
    before={},
    after={},
    owned={},
    body={},
)


def plex(**values: Any) -> PlexConnection:
    plant = Plant(pcn="101", company_code="A", time_zone="UTC")
    return PlexConnection(base_url="https://cloud.plex.com/api", auth="api_key", plants=(plant,), **values)


def a(**values: Any) -> Change:
    return msgspec.structs.replace(ONE, **values)


def test_ten_thousand_workers_are_fifty_minutes_at_two_hundred_calls() -> None:
    forecast = forecast_writes([ONE] * 10_000, plex=plex(), reads_again=False)
    assert (forecast.seconds, forecast.is_long) == (3000, True)
    assert str(forecast) == "10,000 writes, about 50 min at 200 a minute"


def test_a_share_of_the_budget_makes_it_longer() -> None:
    forecast = forecast_writes([ONE] * 10_000, plex=plex(share="0.5"), reads_again=False)
    assert str(forecast) == "10,000 writes, about 1 h 40 min at 100 a minute"


@pytest.mark.parametrize(
    ("change", "calls"),
    [
        (a(), 1),
        (a(action="update"), 2),
        (a(action="deactivate"), 2),
        (a(action="reactivate"), 2),
        (a(type="cost_center", body={"department_code": "D"}), 2),
        (a(type="cost_center", body={"name": "N"}), 1),
        (a(hold="abc"), 0),
    ],
)
def test_reads_that_a_write_needs_are_counted(change: Change, calls: int) -> None:
    assert forecast_writes([change], plex=plex(), reads_again=False).calls == calls


def test_up_05_the_looks_before_updates_are_counted_many_at_a_question_and_by_plant() -> None:
    updates = [a(action="update", plant=plant) for plant in ["101"] * 41 + ["102"]]
    assert forecast_writes(updates, plex=plex(), reads_again=False).calls == 42 + 2 + 1


def test_an_apply_first_reads_again_what_it_touches_once_a_list() -> None:
    changes = [a(), a(), a(plant="102"), a(type="cost_center"), a(type="position", hold="abc")]
    forecast = forecast_writes(changes, plex=plex(), reads_again=True)
    assert (forecast.writes, forecast.calls) == (4, 4 + 1 + 1 + 2)
    assert str(forecast) == "4 writes (8 calls with the reads they need), about 2 s at 200 a minute"


def test_what_takes_no_longer_than_a_minute_needs_no_words() -> None:
    at_the_limit = int(200 * LONG_S / 60)
    assert not forecast_writes([ONE] * at_the_limit, plex=plex(), reads_again=False).is_long
    assert forecast_writes([ONE] * (at_the_limit + 1), plex=plex(), reads_again=False).is_long
