"""
The Plex connector under faults at the socket: whatever it says about a write must be true of what Plex really holds.

The sandbox's own state is read without going through the vendor's interface.
"""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Callable, Iterator
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
    ConfigurationError,
    IncompleteReadError,
    MLConnectorError,
    NotSentError,
    PermissionError_,
    RateLimitError,
    RecordError,
    TransientError,
    UnavailableError,
)
from ml_connector.mapping.plex import to_plant_record
from ml_connector.sandbox.modes import PAGED_ONLY
from ml_connector.sandbox.server import Sandbox
from tests.contract.test_writing_connectors import PLANT, SETUP, connect, sandbox, write_of
from tests.fault_modes import DRIFT, EVERY_MODE, HOSTILE_XML, bounded_memory

__all__ = ["sandbox"]

# `empty_200` and `no_rows` are lies that only a comparison over time shows: a list of nothing, and nothing wrong in it.
LIES = ("empty_200", "no_rows")
MODES = sorted(EVERY_MODE - PAGED_ONLY - {*LIES, "stale_read", "grant_revoked", *HOSTILE_XML, *DRIFT})
# What is told when a fault stays: by the fault, else that no answer can be had. None: what comes is right.
STAYING: dict[str, tuple[type[MLConnectorError] | None, ...]] = {
    **dict.fromkeys(("401", "token_expired"), (AuthenticationError,)),
    **dict.fromkeys(("403", "quota_403"), (PermissionError_,)),
    "404": (ConfigurationError, PermissionError_),
    **dict.fromkeys(("429", "throttled"), (RateLimitError,)),
    "gzip_bomb": (ConfigurationError,),
    **dict.fromkeys(("bom", "nan", "numbers_as_strings"), (None, UnavailableError)),
    "wrong_answer": (UnavailableError, ConfigurationError),  # also another data source's description
}
MOST_MB = 100


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
    # An earlier test's filtered list, given as `wrong_answer` to a whole one, would be a lie nobody can tell.
    sandbox._plex_door.pretender.recent.clear()
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


@pytest.mark.parametrize("record_type", [RecordType.EMPLOYEE, RecordType.POSITION], ids=["rest", "data source"])
def test_a2_2_a_token_that_dies_while_a_list_comes_costs_that_list_alone(
    control: Control, connector: PlexConnector, record_type: RecordType
) -> None:
    """The answer breaks off, and what it was asked with lets nobody in any more."""
    query = Query(record_type=record_type, plant=PLANT)
    whole = [page.records for page in connector.read(query)]
    control.break_next("truncated")
    control.break_next("token_expired")
    assert [page.records for page in connector.read(query)] == whole
    assert control.fired()


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


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("record_type", [RecordType.EMPLOYEE, RecordType.COST_CENTER])
def test_a2_2_a_fault_that_stays_is_told_and_nothing_wrong_is_given(
    control: Control, connector: PlexConnector, mode: str, record_type: RecordType
) -> None:
    query = Query(record_type=record_type, plant=PLANT)
    whole = keyed(connector, query)
    told: type[MLConnectorError] | None = None
    path = "/api/mdm/v1/employees" if record_type is RecordType.EMPLOYEE else "/api/datasources"
    control.break_next(mode, count=None, path=path)
    with bounded_memory(MOST_MB):
        try:
            assert keyed(connector, query).items() >= whole.items()
        except MLConnectorError as error:
            told = type(error)
    assert control.fired()
    assert told in STAYING.get(mode, (UnavailableError,))


@pytest.mark.parametrize("mode", [*MODES, "stale_read"])
@pytest.mark.parametrize("record_type", [RecordType.EMPLOYEE, RecordType.COST_CENTER])
def test_a_broken_answer_never_shortens_a_list(
    control: Control, connector: PlexConnector, mode: str, record_type: RecordType, tally: Callable[..., None]
) -> None:
    query = Query(record_type=record_type, plant=PLANT)
    whole = keyed(connector, query)
    assert whole
    control.break_next(mode)
    with bounded_memory(MOST_MB):
        try:
            seen = keyed(connector, query)
        except (TransientError, AuthenticationError, PermissionError_, ConfigurationError):
            seen = whole
    assert control.fired()
    gone = {key for key, record in whole.items() if seen.get(key) != record}
    tally("A2.2 faults over Plex", played=1, gone=len(gone))
    assert gone == set()  # there may be more: somebody hired by a write that timed out may land meanwhile


def keyed(connector: PlexConnector, query: Query) -> dict[str, dict[str, str]]:
    """What is read, by key, each record once; a number is the same number in quotes."""
    records = read(connector, query.record_type)
    found = {each.key: {name: str(value) for name, value in each.fields.items()} for each in records}
    assert len(found) == len(records)
    return found


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


@pytest.mark.parametrize(
    ("record_type", "ways"),
    [(RecordType.COST_CENTER, {"datasource_auth": "api_key"}), (RecordType.EMPLOYEE, {"auth": "basic"})],
)
def test_a_key_opens_no_data_source_and_a_web_service_user_no_resource(
    sandbox: Sandbox, record_type: RecordType, ways: dict[str, str]
) -> None:
    connector = connect(sandbox.ready, **{"auth": "api_key", **ways})
    with pytest.raises(AuthenticationError, match="401"):
        list(connector.read(Query(record_type=record_type, plant=PLANT)))
    connector.close()


def test_a_wrong_secret_is_refused_and_said_so(sandbox: Sandbox) -> None:
    ready = dict(sandbox.ready)
    nobody = {pcn: user | {"password": "wrong"} for pcn, user in ready["plex"]["basic_users"].items()}
    wrong = {"oauth2": {"client_id": "x", "client_secret": "wrong"}, "api_key": "wrong", "basic_users": nobody}
    ready["plex"] = ready["plex"] | wrong
    for auth in ("oauth2", "api_key"):
        connector = connect(ready, auth=auth)
        with pytest.raises(AuthenticationError):
            list(connector.read(Query(record_type=RecordType.EMPLOYEE, plant=PLANT)))
        assert not any(surface.ok or surface.signed_in for surface in connector.check())
        connector.close()
