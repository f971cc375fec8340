"""
What a server does to its callers beside answering badly: away, deaf, stalled, wrong about the time, under maintenance.
"""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

import pytest
import urllib3

from ml_connector.connectors import pinned
from ml_connector.connectors.transport import HttpRequest, Transport
from ml_connector.errors import AmbiguousWriteError, NotSentError
from ml_connector.sandbox.server import Sandbox
from tests.unit.sandbox.soap import header

STAFF = "/ccx/api/staffing/v6/acme1/workers"
SOAP, WD = "http://schemas.xmlsoap.org/soap/envelope/", "urn:com.workday/bsvc"


class Caller:
    """Speaks to both sides of a running sandbox and to its control."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox, self.ready = sandbox, sandbox.ready
        self.pool = urllib3.PoolManager(retries=False)
        plex = self.ready["plex"]
        plant = next(each for each in plex["plants"] if each["pcn"] == "101")
        self.plex_headers = {
            "X-Plex-Connect-Api-Key": plex["api_key"],
            "X-Plex-Connect-Tenant-Id": plant["tenant_id"],
        }
        self.employees = f"{plex['base_url']}/mdm/v1/employees"

    def control(self, method: str, path: str, body: Any = None) -> Any:
        answer = self.pool.request(method, f"{self.ready['control']}/{path}", json=body)
        assert answer.status == 200, answer.data
        return answer.json()

    def fault(self, name: str, system: str = "plex", **detail: Any) -> None:
        self.control("POST", "scenario", {"name": f"fault:{name}", "system": system, **detail})

    def set(self, name: str, value: Any, system: str = "workday") -> None:
        self.control("POST", "setting", {"system": system, "name": name, "value": value})

    def plex(self, method: str = "GET", path: str = "", body: Any = None) -> urllib3.BaseHTTPResponse:
        return self.pool.request(method, self.employees + path, headers=self.plex_headers, json=body)

    def people(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.control("GET", "state/plex/employees")
        return [each for each in found if each["pcn"] == "101"]

    def soap(self, inside: str, *, element: str = "Get_Workers_Request") -> urllib3.BaseHTTPResponse:
        isu = self.ready["workday"]["isu"]
        body = (
            f'<e:Envelope xmlns:e="{SOAP}"><e:Header>{header(isu["username"], isu["password"])}</e:Header><e:Body>'
            f'<b:{element} xmlns:b="{WD}" b:version="v45.0">{inside}</b:{element}></e:Body></e:Envelope>'
        )
        url = f"{self.ready['workday']['url']}/ccx/service/acme1/Human_Resources/v45.0"
        return self.pool.request("POST", url, body=body.encode())

    def workday_clock(self) -> datetime:
        told = self.soap("", element="Server_Timestamp_Get").data.decode()
        return datetime.fromisoformat(told.partition("<wd:Server_Timestamp_Data>")[2].partition("<")[0])

    def sign_in(self) -> urllib3.BaseHTTPResponse:
        form = {"grant_type": "refresh_token", **self.ready["workday"]["oauth"]}
        url = f"{self.ready['workday']['url']}/ccx/oauth2/acme1/token"
        return self.pool.request("POST", url, fields=form, encode_multipart=False)

    def rest(self, token: str, path: str = "") -> urllib3.BaseHTTPResponse:
        headers = {"Authorization": f"Bearer {token}"}
        return self.pool.request("GET", f"{self.ready['workday']['url']}{STAFF}{path}", headers=headers)


@pytest.fixture(scope="module")
def running() -> Iterator[Sandbox]:
    with Sandbox(workers=40) as sandbox:
        yield sandbox


@pytest.fixture
def caller(running: Sandbox) -> Iterator[Caller]:
    running.come_back()
    caller = Caller(running)
    caller.control("POST", "reset")
    yield caller
    running.come_back()
    caller.pool.clear()


def _address(url: str) -> tuple[str, int]:
    parts = urlsplit(url)
    return str(parts.hostname), int(parts.port or 0)


def _until(true: Callable[[], bool], *, within_s: float = 10) -> bool:
    ends_at = time.monotonic() + within_s
    while not (found := true()) and time.monotonic() < ends_at:
        time.sleep(0.02)
    return found


def _takes_connections(address: tuple[str, int]) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(address, timeout=0.5):
        return True
    return False


def test_a_port_refuses_and_answers_again_when_the_faults_are_cleared(caller: Caller) -> None:
    assert caller.plex().status == 200
    caller.fault("refused", retry_after="600")
    with pytest.raises(urllib3.exceptions.HTTPError):
        caller.plex()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(_address(caller.employees), timeout=5)
    assert caller.control("DELETE", "fault")["fired"] == {"plex/refused": 1}
    assert caller.plex().status == 200


@pytest.mark.parametrize("mode", ["refused", "connect_timeout"])
@pytest.mark.parametrize("system", ["workday", "plex"])
def test_a_port_that_was_away_is_back_in_time(caller: Caller, mode: str, system: str) -> None:
    url = caller.ready["workday"]["url"] if system == "workday" else caller.employees
    caller.control("POST", "fault", {"system": system, "mode": mode, "retry_after": "0.3"})
    assert not _takes_connections(_address(url))
    assert _until(lambda: _takes_connections(_address(url)))


def test_a_port_that_never_completes_a_connection(caller: Caller) -> None:
    caller.fault("connect-timeout", retry_after="600")
    with pytest.raises(TimeoutError):
        socket.create_connection(_address(caller.employees), timeout=0.3)
    caller.control("DELETE", "fault")
    assert caller.plex().status == 200


@pytest.mark.parametrize(
    ("name", "told"),
    [("refused", NotSentError), ("connect-timeout", NotSentError), ("half-read-stall", AmbiguousWriteError)],
)
def test_our_client_knows_whether_anything_was_sent(
    caller: Caller, name: str, told: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pinned, "CONNECT_TIMEOUT_S", 0.5)
    caller.fault(name, retry_after="600")
    transport = Transport(system="plex")
    request = HttpRequest(method="POST", url=caller.employees, body=b"{}" * 40, timeout_s=0.5)
    try:
        with pytest.raises(told):
            transport.send(request)
    finally:
        transport.close()


def test_a_server_reads_half_the_body_and_stops(caller: Caller) -> None:
    caller.fault("half-read-stall", method="POST")
    before, body = caller.people(), b'{"badgeNumber": "9", "lastName": "Wu", "status": "Active"}' + b" " * 40_000_000
    lines = [f"{name}: {value}" for name, value in caller.plex_headers.items()]
    head = "\r\n".join(["POST /api/mdm/v1/employees HTTP/1.1", "Host: x", *lines, f"Content-Length: {len(body)}"])
    with socket.create_connection(_address(caller.employees), timeout=0.5) as line, pytest.raises(TimeoutError):
        line.sendall(head.encode() + b"\r\n\r\n" + body)  # more than fits between two who do not read
    assert caller.people() == before

    def seen() -> list[tuple[str | None, int | None]]:
        return [(each["fault"], each["status"]) for each in caller.control("GET", "requests?system=plex")]

    assert _until(lambda: seen() == [("half_read_stall", None)])


def test_a_stalled_line_is_let_go_when_the_caller_hangs_up(caller: Caller) -> None:
    caller.fault("half-read-stall", method="POST")
    head = b"POST /api/mdm/v1/employees HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n"
    door = caller.sandbox._plex_door
    others = set(door._open)  # a caller who hung up with more unsent than fits is told of by the kernel much later
    with socket.create_connection(_address(caller.employees), timeout=5) as line:
        line.sendall(head + b"x" * 100)
        assert _until(lambda: caller.control("GET", "fault")["fired"] == {"plex/half_read_stall": 1})
        held = set(door._open) - others
        assert held
    assert _until(lambda: held.isdisjoint(door._open))


def test_a_person_edits_between_read_and_write(caller: Caller) -> None:
    first = caller.people()[0]
    caller.fault("edited-meanwhile")
    assert caller.plex("GET", f"/{first['id']}").json()["lastName"] == first["lastName"]
    refused = caller.plex("PUT", f"/{first['id']}", {"badgeNumber": first["badgeNumber"]})
    assert refused.status == 400  # so that what the person wrote stays to be seen
    assert caller.people()[0]["lastName"] == f"{first['lastName']}-Edited"


def test_a_record_goes_between_list_and_get(caller: Caller) -> None:
    first = caller.people()[0]
    caller.fault("deleted-meanwhile")
    assert first["id"] in {each["id"] for each in caller.plex().json()}
    assert caller.plex("GET", f"/{first['id']}").status == 404
    assert first["id"] not in {each["id"] for each in caller.plex().json()}


def test_a_badge_is_given_to_somebody_new(caller: Caller) -> None:
    first = caller.people()[0]
    caller.fault("id-reused")
    found = caller.plex("GET", f"?badgeNumber={first['badgeNumber']}").json()
    assert [each["lastName"] for each in found] == ["Newcomer"]
    assert found[0]["id"] != first["id"]
    assert caller.plex("GET", f"/{first['id']}").status == 404


def test_a_worker_goes_between_list_and_get(caller: Caller) -> None:
    token = caller.sign_in().json()["access_token"]
    listed = caller.rest(token).json()
    key = caller.control("GET", "state/workday/workers")[0]["worker_id"]
    reference = f'<b:Worker_Reference><b:ID b:type="Employee_ID">{key}</b:ID></b:Worker_Reference>'
    named = f"<b:Request_References>{reference}</b:Request_References>"
    assert caller.soap(named).status == 200
    caller.fault("deleted-meanwhile", "workday")
    assert caller.rest(token).json() == listed
    assert caller.rest(token, f"/{listed['data'][0]['id']}").status == 404
    refused = caller.soap(named)
    assert refused.status == 500
    assert b"Invalid ID value" in refused.data
    assert caller.soap("").status == 200
    caller.control("DELETE", "fault")
    assert caller.soap(named).status == 200


@pytest.mark.parametrize("jump", [timedelta(hours=1), timedelta(hours=-1), timedelta(days=1), timedelta(days=-1)])
def test_workdays_clock_jumps(caller: Caller, jump: timedelta) -> None:
    before = caller.workday_clock()
    caller.set("clock_offset_s", int(jump.total_seconds()))
    assert abs(caller.workday_clock() - before - jump) < timedelta(seconds=5)
    date = parsedate_to_datetime(caller.soap("").headers["Date"])
    assert abs(date - caller.workday_clock()) < timedelta(seconds=5)


def test_cc_05_the_clock_that_was_set_is_the_one_workday_speaks_of(caller: Caller) -> None:
    assert abs(told_clock(caller) - caller.workday_clock()) < timedelta(seconds=5)
    for wanted in ("2026-11-27T23:30:00-08:00", "2026-11-24T16:00:00+00:00"):
        at = datetime.fromisoformat(wanted)
        told = caller.control("POST", "clock", {"system": "workday", "at": wanted})["workday"]
        for clock in (datetime.fromisoformat(told), caller.workday_clock(), told_clock(caller)):
            assert timedelta(0) <= clock - at < timedelta(seconds=5)
    at = told_clock(caller, "plex") + timedelta(hours=2)
    caller.control("POST", "clock", {"system": "plex", "at": at.isoformat()})
    assert abs(told_clock(caller, "plex") - at) < timedelta(seconds=30)


def told_clock(caller: Caller, system: str = "workday") -> datetime:
    return datetime.fromisoformat(caller.control("GET", "clock")[system])


@pytest.mark.parametrize("jump", [timedelta(hours=1), timedelta(hours=-1), timedelta(days=1), timedelta(days=-1)])
def test_plexs_clock_jumps(caller: Caller, jump: timedelta) -> None:
    caller.set("clock_offset_s", int(jump.total_seconds()), "plex")
    caller.fault("429-date")
    refused = caller.plex()
    for name in ("Date", "Retry-After"):
        told = parsedate_to_datetime(refused.headers[name])
        assert abs(told - datetime.now(UTC) - jump) < timedelta(seconds=30)
    caller.control("POST", "reset")
    assert abs(parsedate_to_datetime(caller.plex().headers["Date"]) - datetime.now(UTC)) < timedelta(seconds=30)


def test_tokens_do_not_outlive_a_clock_that_jumped(caller: Caller) -> None:
    token = caller.sign_in().json()["access_token"]
    assert caller.rest(token).status == 200
    caller.set("clock_offset_s", 3600)
    assert caller.rest(token).status == 401


def test_the_maintenance_window_closes_every_surface_and_ends(caller: Caller) -> None:
    token = caller.sign_in().json()["access_token"]
    caller.control("POST", "clock", {"system": "workday", "at": "2026-11-27T23:30:00-08:00"})
    assert caller.soap("").status == 200  # not before it is switched on
    caller.set("maintenance_window", True)
    closed = [caller.soap(""), caller.rest(token), caller.sign_in()]
    assert [(each.status, each.headers["Content-Type"]) for each in closed] == [(503, "text/html; charset=utf-8")] * 3
    assert caller.plex().status == 200
    told = caller.control("POST", "clock", {"system": "workday", "at": "2026-11-28T03:00:00-08:00"})
    assert told["workday"].startswith("2026-11-28T11:00")
    assert caller.soap("").status == 200


def test_the_first_page_is_slow_again_once_what_was_kept_is_too_old(caller: Caller) -> None:
    def took_s() -> float:
        started = time.monotonic()
        assert (
            caller.soap("<b:Response_Filter><b:Page>1</b:Page><b:Count>5</b:Count></b:Response_Filter>").status == 200
        )
        return time.monotonic() - started

    caller.control("POST", "scenario", {"name": "hire"})  # nothing is kept of what no longer holds
    caller.set("first_page_s", 1.5)
    assert took_s() >= 1.5
    assert took_s() < 1.5
    caller.set("clock_offset_s", 7200)
    assert took_s() >= 1.5


@pytest.mark.parametrize(
    ("path", "body", "told"),
    [
        ("clock", {"at": "soon"}, "2026-11-27T23:30"),
        ("clock", {"at": "2026-11-27T23:30:00"}, "2026-11-27T23:30"),
        ("clock", {"at": "2036-11-27T23:30:00-08:00"}, "clock_offset_s is between"),
        ("setting", {"system": "workday", "name": "first_page_s", "value": -1}, "number of seconds"),
        ("setting", {"system": "workday", "name": "clock_offset_s", "value": True}, "whole number"),
        ("fault", {"system": "plex", "mode": "refused", "count": 2}, "closes the whole port"),
    ],
)
def test_a_wrong_wish_is_told_what_would_be_right(caller: Caller, path: str, body: Any, told: str) -> None:
    answer = caller.pool.request("POST", f"{caller.ready['control']}/{path}", json=body)
    assert answer.status == 400
    assert told in answer.json()["error"]
