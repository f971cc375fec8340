"""Which fault meets which request, how often, and what a control request may ask for."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from ml_connector.sandbox.effects import retry_after_header
from ml_connector.sandbox.fault_scenarios import SCENARIOS, find_fault
from ml_connector.sandbox.faults import FaultBook, parse_fault
from ml_connector.sandbox.modes import KNOWN, PAGED_ONLY, PLEX_ONLY

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


class Lags:
    """Remembers how long reads were made to lag."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)


def _book(*faults: dict[str, Any]) -> FaultBook:
    book = FaultBook(lag_reads=Lags())
    for fault in faults:
        book.add(parse_fault({"system": "plex", "mode": "500"} | fault))
    return book


def _hits(book: FaultBook, times: int, **request: str) -> list[bool]:
    asked = {"system": "plex", "method": "GET", "path": "/api/mdm/v1/employees"} | request
    return [book.take(**asked) is not None for _ in range(times)]


def test_a_fault_spoils_one_request_unless_told_otherwise() -> None:
    assert _hits(_book({}), 3) == [True, False, False]


def test_after_lets_some_pass_and_count_says_how_many_are_spoilt() -> None:
    assert _hits(_book({"after": 2, "count": 2}), 6) == [False, False, True, True, False, False]


def test_count_null_lasts_until_cleared() -> None:
    book = _book({"count": None})
    assert _hits(book, 3) == [True, True, True]
    book.clear()
    assert _hits(book, 1) == [False]
    assert book.report()["fired"] == {"plex/500": 3}
    book.reset()
    assert book.report()["fired"] == {}


@pytest.mark.parametrize(
    ("request_", "hit"),
    [
        ({}, True),
        ({"method": "POST"}, False),
        ({"path": "/api/mdm/v1/buildings"}, False),
        ({"path": "/api/mdm/v1/employees/sync"}, True),
        ({"system": "workday"}, False),
    ],
)
def test_system_method_and_path_choose_the_requests(request_: dict[str, str], hit: bool) -> None:
    book = _book({"method": "get", "path": "/api/mdm/v1/employees"})
    assert _hits(book, 1, **request_) == [hit]


def test_the_first_set_fault_wins_and_the_next_follows() -> None:
    book = _book({"mode": "429"}, {"mode": "503"})
    taken = [book.take(system="plex", method="GET", path="/") for _ in range(3)]
    assert [fault and fault.mode for fault in taken] == ["429", "503", None]


def test_stale_read_lags_at_once_counts_and_spoils_nothing() -> None:
    lags = Lags()
    book = FaultBook(lag_reads=lags)
    book.add(parse_fault({"system": "plex", "mode": "stale_read", "retry_after": "30"}))
    assert _hits(book, 2) == [False, False]
    assert book.report()["fired"] == {"plex/stale_read": 2}
    book.clear()
    assert lags.seconds == [30, 0]


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"system": "sap"}, "workday, plex"),
        ({"mode": "gremlins"}, "truncated"),
        ({"colour": "red"}, "retry_after"),
        ({"count": -1}, "count"),
        ({"count": True}, "count"),
        ({"after": None}, "count and after"),
        ({"path": "api"}, "prefix"),
        ({"method": 1}, "prefix"),
        ({"retry_after": "date:soon"}, "date:SECONDS"),
        ({"retry_after": "nan"}, "date:SECONDS"),
        ({"system": "workday", "mode": "stale_read"}, "nothing is written"),
    ],
)
def test_a_wrong_fault_is_told_what_is_known(given: dict[str, Any], named: str) -> None:
    with pytest.raises(ValueError, match=named):
        parse_fault({"system": "plex", "mode": "500"} | given)


@pytest.mark.parametrize(
    ("text", "header"),
    [
        (None, None),
        ("none", None),
        ("2", "2"),
        ("-5", "-5"),
        ("1000000000", "1000000000"),
        ("date", "Mon, 23 Nov 2026 12:00:02 GMT"),
        ("date:-60", "Mon, 23 Nov 2026 11:59:00 GMT"),
    ],
)
def test_retry_after_as_seconds_date_negative_huge_or_absent(text: str | None, header: str | None) -> None:
    assert retry_after_header(text, now=NOON).get("Retry-After") == header


class Doors:
    """Remembers which port was closed, and when both were opened again."""

    def __init__(self) -> None:
        self.told: list[object] = []

    def leave(self, system: str, seconds: float, *, silent: bool) -> None:
        self.told.append((system, seconds, silent))

    def come_back(self) -> None:
        self.told.append("back")


def test_a_closed_port_begins_at_once_counts_and_ends_with_the_faults() -> None:
    doors = Doors()
    book = FaultBook(lag_reads=Lags(), doors=doors)
    book.add(parse_fault({"system": "plex", "mode": "refused", "retry_after": "30"}))
    book.add(parse_fault({"system": "workday", "mode": "connect_timeout"}))
    assert book.report()["fired"] == {"plex/refused": 1, "workday/connect_timeout": 1}
    assert book.report()["faults"] == []
    book.clear()
    assert doors.told == [("plex", 30, False), ("workday", 2, True), "back"]


@pytest.mark.parametrize("name", SCENARIOS)
@pytest.mark.parametrize("system", ["workday", "plex"])
def test_every_named_fault_can_be_set(name: str, system: str) -> None:
    given = find_fault(f"fault:{name}", system=system)
    if given["mode"] in PAGED_ONLY and system == "plex":
        with pytest.raises(ValueError, match="plex has no pages"):
            parse_fault(given)
    elif given["mode"] in PLEX_ONLY and system == "workday":
        with pytest.raises(ValueError, match="is for plex"):
            parse_fault(given)
    else:
        assert parse_fault(given).mode in KNOWN


BEFORE_DATA = (
    ("POST", "/ccx/oauth2/acme1/token"),
    ("GET", "/ccx/service/customreport2/acme1"),
    ("GET", "/ccx/api/wql/v1/acme1/dataSources"),
    ("POST", "/oauth2/v1/token"),
)
DATA = ("/ccx/api/wql/v1/acme1/data", "/ccx/service/customreport2/acme1/ISU_mlc/Workers", "/ccx/service/acme1/Staffing")


@pytest.mark.parametrize("name", ["nan", "no-rows", "wrong-total", "html", "page-repeated", "role-removed-403"])
@pytest.mark.parametrize("path", DATA)
def test_faults_of_content_pages_and_roles_aim_at_data(name: str, path: str) -> None:
    book = FaultBook(lag_reads=Lags())
    fault = parse_fault(find_fault(f"fault:{name}", system="workday"))
    fault.after = 0
    book.add(fault)
    assert not [each for method, each in BEFORE_DATA if book.take(system="workday", method=method, path=each)]
    assert book.take(system="workday", method="GET", path=path) is fault


def test_an_unknown_fault_is_told_what_is_known() -> None:
    with pytest.raises(LookupError, match="fault:429-date"):
        find_fault("fault:nonsense", system="plex")


def test_every_mode_has_a_name() -> None:
    assert {given["mode"] for given in SCENARIOS.values()} == set(KNOWN)
