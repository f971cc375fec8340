"""The pretended Plex's lists: filters, permissions, ledger."""

from __future__ import annotations

from typing import Any

import pytest

from ml_connector.sandbox.company import PLANTS
from tests.unit.sandbox.plex_caller import EMPLOYEES, PlexCaller, person, read

JOURNALS = "/accounting/v2/journal-entries"
PERIODS = "/accounting/v1/fiscal-period-statuses"


@pytest.mark.parametrize(
    ("query", "badges"),
    [
        ({"badgeNumber": "90001"}, ["90001"]),
        ({"badgeNumber": ["90001", "90002"]}, ["90001", "90002"]),
        ({"lastName": "agency-one"}, ["90001"]),
        ({"status": "Inactive"}, ["90003"]),
        ({"status": "Inactive", "badgeNumber": "90001"}, []),
        ({"badge": "90001", "limit": "1", "updatedAfter": "2026"}, ["90001", "90002", "90003"]),
    ],
)
def test_documented_filters_filter_and_unknown_ones_are_ignored(query: dict[str, Any], badges: list[str]) -> None:
    assert [row["badgeNumber"] for row in read(PlexCaller().call("GET", EMPLOYEES, **query))] == badges


@pytest.mark.parametrize("value", ["2026-11-01", "2026-11-01T00:00:00", "2026-11-01 00:00:00Z", "2026-13-01T00:00Z"])
def test_a_date_without_time_or_zone_is_refused(value: str) -> None:
    refused = PlexCaller().call("GET", JOURNALS, postDateBegin=value)
    assert (refused.status, read(refused)["code"]) == (400, "ARGUMENT_INVALID")


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ({"postDateBegin": "2026-10-31T00:00Z", "postDateEnd": "2026-10-31T00:00:00.0000000Z"}, 2),
        ({"postDateBegin": "2026-11-01T00:00Z"}, 0),
        ({"journalNumber": "2"}, 1),
        ({"booked": "false"}, 0),
        ({"periodDisplay": "10-2026"}, 2),
    ],
)
def test_journal_filters(query: dict[str, str], count: int) -> None:
    assert len(read(PlexCaller().call("GET", JOURNALS, **query))) == count


@pytest.mark.parametrize("query", [{"id": "7"}, {"journalNumber": "x"}, {"booked": "maybe"}])
def test_a_filter_of_another_kind_is_refused(query: dict[str, str]) -> None:
    assert PlexCaller().call("GET", JOURNALS, **query).status == 400


def test_unknown_addresses_are_404_at_the_gateway() -> None:
    at = PlexCaller()
    for method, path in (("GET", "/mdm/v1/cost-centers"), ("DELETE", EMPLOYEES), ("GET", "/mdm/v2/employees")):
        missing = at.call(method, path)
        assert (missing.status, read(missing)["code"]) == (404, "RESOURCE_NOT_FOUND")


def test_a_role_gap_reads_nothing_and_writes_never() -> None:
    at = PlexCaller()
    key = at.plex.state("employees")[0]["id"]
    at.plex.set_permission("employees", granted=False)
    assert read(at.call("GET", EMPLOYEES)) == []
    assert at.call("GET", f"{EMPLOYEES}/{key}").status == 404
    assert at.call("POST", EMPLOYEES, person()).status == 403
    at.plex.set_permission("employees", granted=True)
    assert len(read(at.call("GET", EMPLOYEES))) == 3


def test_an_unknown_permission_is_told_the_known_ones() -> None:
    with pytest.raises(ValueError, match="chart-of-accounts"):
        PlexCaller().plex.set_permission("everything", granted=False)


@pytest.mark.parametrize(
    ("form", "expected"), [("absent", {}), ("null", {"middleName": None}), ("empty", {"middleName": ""})]
)
def test_empty_fields_in_three_forms(form: str, expected: dict[str, Any]) -> None:
    row = read(PlexCaller(empty_form=form).call("GET", EMPLOYEES))[0]
    assert {name: value for name, value in row.items() if name == "middleName"} == expected


def test_every_plant_has_its_own_chart() -> None:
    at = PlexCaller()
    for plant in PLANTS:
        rows = read(
            at.call("GET", "/mdm/v1/chart-of-accounts", headers=at.key(**{"x-plex-connect-customer-id": plant.pcn}))
        )
        assert {row["accountNumber"].split("-")[2] for row in rows} == {plant.pcn}
        assert [row["active"] for row in rows].count(False) == 1
    shop = {row["accountNumber"].split("-")[1] for row in at.plex.state("accounts") if row["pcn"] == "101"}
    assert {"4100", "4400", "0000"} <= shop
    assert "7100" not in shop


def test_tenants_list_the_enterprise() -> None:
    rows = read(PlexCaller().call("GET", "/mdm/v1/tenants"))
    assert {row["code"] for row in rows} == {"ACME-DET", "ACME-TOL", "ACME-HQ"}
    assert len(read(PlexCaller().call("GET", "/mdm/v1/tenants", codeList=["ACME-DET", "ACME-HQ"]))) == 2


def test_periods_and_their_status_by_switch() -> None:
    at = PlexCaller()
    rows = read(at.call("GET", PERIODS, periodDisplayBegin="10-2026", periodDisplayEnd="01-2027"))
    found = [(row["periodDisplay"], row["periodStatus"]) for row in rows]
    assert found == [("10-2026", "Closed"), ("11-2026", "Open"), ("12-2026", "Open"), ("01-2027", "Open")]
    at.plex.switches.change("period_status", {"11-2026": "Soft Closed"})
    (row,) = read(at.call("GET", PERIODS, periodDisplayBegin="11-2026", periodDisplayEnd="11-2026"))
    assert row["periodStatus"] == "Soft Closed"


def _entry(**changes: Any) -> dict[str, Any]:
    lines = [{"accountNo": "51000-4100-101", "debit": 10.25}, {"accountNo": "21500-0000-101", "credit": 10.25}]
    return {"period": "11-2026", "description": "test", "lines": lines} | changes


def test_a_journal_is_posted_with_its_segments() -> None:
    at = PlexCaller()
    posted = at.call("POST", JOURNALS, _entry())
    assert posted.status == 201
    line = read(posted)["lines"][0]
    assert (line["baseSegment"], line["costCenterSegment"], line["subAccountSegment"]) == ("51000", "4100", "101")
    assert line["debit"] == 10.25
    assert len(at.plex.state("journal_entries")) == 7


@pytest.mark.parametrize(
    "changes",
    [
        {"period": "10-2026"},
        {"period": "2026-11"},
        {"postDate": "2026-11-30"},
        {"lines": []},
        {"lines": [{"accountNo": "51000-4100-101", "debit": 10.25}]},
        {"lines": [{"accountNo": "51000-9999-101", "debit": 0}]},
        {"lines": [{"accountNo": "51900-4100-101", "debit": 0}]},
        {"lines": [{"accountNo": "51000-4100-101", "debit": 0.001}]},
        {"lines": [{"accountNo": "51000-4100-101", "debit": "1"}]},
        {"lines": [{"accountNo": "51000-4100-101", "debit": 1e300}]},
        {"lines": ["x"]},
    ],
)
def test_a_journal_that_cannot_be_posted_is_refused(changes: dict[str, Any]) -> None:
    refused = PlexCaller().call("POST", JOURNALS, _entry(**changes))
    assert (refused.status, read(refused)["code"]) == (400, "REQUEST_VALIDATION_FAILED")


def test_reads_lag_behind_writes_and_catch_up() -> None:
    """A1-T2: a record just created is not in the list for a while."""
    at = PlexCaller()
    at.plex.lag_reads(30)
    at.call("POST", EMPLOYEES, person())
    at.wait(10)
    at.call("POST", EMPLOYEES, person(id="22222222-2222-4333-8444-555555555555", badgeNumber="21002"))
    assert len(read(at.call("GET", EMPLOYEES))) == 3
    assert len(read(at.execute("employees_get"))["rows"]) == 3
    assert at.call("POST", EMPLOYEES, person()).status == 400
    at.wait(20)
    assert len(read(at.call("GET", EMPLOYEES))) == 4
    at.wait(10)
    assert len(read(at.call("GET", EMPLOYEES))) == 5


@pytest.mark.parametrize(
    ("name", "value"),
    [("colour", 1), ("apply_lag_s", "1"), ("apply_lag_s", -1), ("added_column", 1), ("row_limit_flag", "maybe")],
)
def test_wrong_settings_are_refused(name: str, value: Any) -> None:
    with pytest.raises(ValueError, match=name):
        PlexCaller().plex.switches.change(name, value)
