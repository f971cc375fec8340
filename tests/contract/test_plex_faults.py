"""
The Plex connector under faults at the socket: whatever it says about a write must be true of what Plex really holds.

The sandbox's own state is read without going through the vendor's interface.
"""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import pytest

from ml_connector.canonical.keys import RecordType
from ml_connector.connectors.plex.catalog import READS
from ml_connector.connectors.plex.connector import PlexConnector
from ml_connector.connectors.port import Query, Write
from ml_connector.errors import (
    AmbiguousWriteError,
    AuthenticationError,
    IncompleteReadError,
    MLConnectorError,
    NotSentError,
    PermissionError_,
    RecordError,
    TransientError,
    UnavailableError,
)
from ml_connector.mapping.plex import to_plant_record
from ml_connector.sandbox.server import Sandbox
from tests.contract.test_writing_connectors import PLANT, SETUP, connect, sandbox, write_of

__all__ = ["sandbox"]

# Faults at the socket and in the answer; `stale_read` and `empty_200` are lies that only a comparison over time shows.
MODES = (
    *("401", "403", "429", "500", "500_after", "503", "empty", "garbage_json", "half_read", "html", "reset_after"),
    *("reset_before", "slow", "soap_fault_200", "timeout_after", "timeout_before", "token_expired", "truncated"),
    *("wrong_answer", "wrong_content_type"),
)


class Control:
    """The sandbox's back door."""

    def __init__(self, url: str) -> None:
        self._url = url

    def call(self, method: str, path: str, body: Any = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self._url + path, data=data, method=method)  # noqa: S310 - loopback
        with urllib.request.urlopen(request) as answer:  # noqa: S310 - loopback
            return json.loads(answer.read() or b"null")

    def break_next(self, mode: str, *, count: int = 1, **more: Any) -> None:
        self.call("POST", "/fault", {"system": "plex", "mode": mode, "count": count, **more})

    @contextmanager
    def setting(self, name: str, value: Any, *, afterwards: Any) -> Iterator[None]:
        self.call("POST", "/setting", {"system": "plex", "name": name, "value": value})
        try:
            yield
        finally:
            self.call("POST", "/setting", {"system": "plex", "name": name, "value": afterwards})

    @contextmanager
    def revoked(self, name: str) -> Iterator[None]:
        self.call("POST", "/permission", {"system": "plex", "name": name, "granted": False})
        try:
            yield
        finally:
            self.call("POST", "/permission", {"system": "plex", "name": name, "granted": True})

    def fired(self) -> bool:
        return all(fault["fired"] for fault in self.call("GET", "/fault")["faults"])

    def employees(self, key: str) -> list[Any]:
        return [row for row in self.call("GET", "/state/plex/employees") if row["id"].lower() == key]


@pytest.fixture
def control(sandbox: Sandbox) -> Iterator[Control]:
    control = Control(sandbox.ready["control"])
    control.call("DELETE", "/fault")
    yield control
    control.call("DELETE", "/fault")


@pytest.fixture
def connector(sandbox: Sandbox) -> Iterator[PlexConnector]:
    connector = connect(sandbox.ready, timeout_s=0.4)
    list(connector.read(Query(record_type=RecordType.TENANT, plant=PLANT)))  # signed in before anything breaks
    yield connector
    connector.close()


def hire() -> Write:
    key = str(uuid4())
    fields = {"id": key, "badge_number": key[:8], "first_name": "Ada", "last_name": "Nguyễn"} | SETUP
    return write_of(RecordType.EMPLOYEE, key, "create", fields)


@pytest.mark.parametrize("mode", MODES)
def test_a1_t1_what_is_said_about_a_write_is_true(control: Control, connector: PlexConnector, mode: str) -> None:
    write = hire()
    control.break_next(mode, path="/api/mdm/v1/employees", method="POST")
    outcome: MLConnectorError | None = None
    try:
        receipt = connector.write(write)
    except MLConnectorError as error:
        outcome = error
    there = control.employees(write.key)
    assert len(there) <= 1
    if outcome is None:
        assert receipt.state == "applied"
        assert len(there) == 1
    elif not isinstance(outcome, AmbiguousWriteError):  # an ambiguous one may even land later
        assert isinstance(outcome, RecordError | NotSentError | AuthenticationError | PermissionError_)
        assert there == []
    assert control.fired()
    control.call("DELETE", "/fault")
    assert len(connector.find(write)) <= 1


@pytest.mark.parametrize("mode", [*MODES, "stale_read"])
@pytest.mark.parametrize("record_type", [RecordType.EMPLOYEE, RecordType.COST_CENTER])
def test_a_broken_answer_never_shortens_a_list(
    control: Control, connector: PlexConnector, mode: str, record_type: RecordType
) -> None:
    query = Query(record_type=record_type, plant=PLANT)
    whole = [record for page in connector.read(query) for record in page.records]
    assert whole
    control.break_next(mode)
    try:
        seen = [record for page in connector.read(query) for record in page.records]
    except (TransientError, AuthenticationError, PermissionError_):
        seen = whole
    assert control.fired()
    assert seen == whole


@pytest.mark.parametrize("record_type", [RecordType.EMPLOYEE, RecordType.COST_CENTER])
def test_a5_a_list_that_is_no_json_by_its_own_account_is_not_read(
    control: Control, connector: PlexConnector, record_type: RecordType
) -> None:
    control.break_next("wrong_content_type", count=4)
    with pytest.raises(UnavailableError, match="not JSON"):
        list(connector.read(Query(record_type=record_type, plant=PLANT)))


def test_refusals_for_pace_are_waited_out(control: Control, connector: PlexConnector) -> None:
    write = hire()
    control.break_next("429", count=3, retry_after="0")
    assert connector.write(write).state == "applied"
    assert len(control.employees(write.key)) == 1


def test_an_outage_that_lasts_is_told_as_one(control: Control, connector: PlexConnector) -> None:
    control.break_next("503", count=50)
    with pytest.raises(TransientError):
        list(connector.read(Query(record_type=RecordType.EMPLOYEE, plant=PLANT)))


def test_a_duplicate_delivery_is_found_once(control: Control, connector: PlexConnector) -> None:
    """A1-T3: the request arrives twice; the chosen id keeps it one person (PX-01)."""
    write = hire()
    control.break_next("reset_after", path="/api/mdm/v1/employees", method="POST")
    with pytest.raises(AmbiguousWriteError):
        connector.write(write)
    with pytest.raises(RecordError):
        connector.write(write)
    assert len(control.employees(write.key)) == 1


def read(connector: PlexConnector, record_type: RecordType) -> list[Any]:
    query = Query(record_type=record_type, plant=PLANT)
    return [to_plant_record(record, plant=PLANT) for page in connector.read(query) for record in page.records]


@pytest.mark.parametrize("flag", ["raw", "viewer", "limitExceeded", "rowLimitExceeded"])
def test_rows_cut_off_are_noticed_in_every_spelling(control: Control, connector: PlexConnector, flag: str) -> None:
    with (
        control.setting("row_limit_flag", flag, afterwards="raw"),
        control.setting("row_limits", {"cost_centers_get": 3}, afterwards={}),
        pytest.raises(IncompleteReadError),
    ):
        read(connector, RecordType.COST_CENTER)


@pytest.mark.parametrize("record_type", [*READS])
def test_a_column_added_by_plex_changes_nothing(
    control: Control, connector: PlexConnector, record_type: RecordType
) -> None:
    before = read(connector, record_type)
    with control.setting("added_column", True, afterwards=False):
        after = read(connector, record_type)
    assert [(record.key, record.fields) for record in after] == [(record.key, record.fields) for record in before]


@pytest.mark.parametrize("form", ["absent", "null", "empty"])
def test_up_01_every_spelling_of_empty_is_empty(control: Control, connector: PlexConnector, form: str) -> None:
    with control.setting("empty_form", form, afterwards="absent"):
        employees = read(connector, RecordType.EMPLOYEE)
    assert employees
    assert {record.fields.get("supervisor_id") for record in employees} == {None}


@pytest.mark.parametrize("form", ["seconds", "date", "none"])
def test_patience_is_asked_for_in_every_spelling(control: Control, connector: PlexConnector, form: str) -> None:
    with control.setting("retry_after_form", form, afterwards="seconds"):
        control.break_next("429", count=2)
        assert read(connector, RecordType.EMPLOYEE)
        assert control.fired()


def test_a_role_taken_away_is_never_an_empty_list_for_data_sources(control: Control, connector: PlexConnector) -> None:
    with control.revoked("positions_get"), pytest.raises(PermissionError_, match="positions get"):
        read(connector, RecordType.POSITION)


def test_ping_tells_a_role_that_was_taken_away(control: Control, connector: PlexConnector) -> None:
    with control.revoked("chart-of-accounts"), control.revoked("departments_get"):
        surfaces = {surface.surface: surface for surface in connector.check()}
    for name, kind in ((f"connect {PLANT}", "account"), (f"datasource {PLANT}", "department")):
        assert surfaces[name].signed_in
        assert not surfaces[name].ok
        faulty = [entry for entry in surfaces[name].types if entry.problem]
        assert any(kind in entry.type for entry in faulty)
        assert all(entry.remedy for entry in faulty)


@pytest.mark.parametrize("auth", ["api_key", "basic", "oauth2"])
def test_each_way_to_sign_in_is_let_in_to_its_surface(sandbox: Sandbox, auth: str) -> None:
    connector = connect(sandbox.ready, auth=auth)
    try:
        for plant in ("101", "102"):
            pages = list(connector.read(Query(record_type=RecordType.COST_CENTER, plant=plant)))
            assert pages[0].total > 0
        assert all(surface.ok for surface in connector.check() if surface.surface.startswith("datasource"))
    finally:
        connector.close()


def test_a_wrong_secret_is_refused_and_said_so(sandbox: Sandbox) -> None:
    ready = dict(sandbox.ready)
    ready["plex"] = ready["plex"] | {"oauth2": {"client_id": "x", "client_secret": "wrong"}, "api_key": "wrong"}
    for auth in ("oauth2", "api_key"):
        connector = connect(ready, auth=auth)
        with pytest.raises(AuthenticationError):
            list(connector.read(Query(record_type=RecordType.EMPLOYEE, plant=PLANT)))
        assert not any(surface.ok or surface.signed_in for surface in connector.check())
        connector.close()
