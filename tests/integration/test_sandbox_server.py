"""Both pretenders on real sockets: HTTP as clients meet it, each fault, the control, and the program as a process."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest
import urllib3
from urllib3.exceptions import HTTPError

from ml_connector.sandbox.arrivals import Arrivals
from ml_connector.sandbox.door import MAX_REQUEST_BYTES, Door
from ml_connector.sandbox.exchange import Pretender
from ml_connector.sandbox.faults import FaultBook
from ml_connector.sandbox.http import Response
from ml_connector.sandbox.server import Sandbox

EMPLOYEES = "/mdm/v1/employees"


class Client:
    """Speaks to a running sandbox the way any HTTP client would."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.ready = sandbox.ready
        self._pool = urllib3.PoolManager(retries=False)

    def plex(
        self, method: str, path: str, body: Any = None, *, timeout_s: float = 20, **headers: str
    ) -> urllib3.BaseHTTPResponse:
        """Call Plex with the API key."""
        given = {"X-Plex-Connect-Api-Key": self.ready["plex"]["api_key"], **headers}
        return self._pool.request(
            method, self.ready["plex"]["base_url"] + path, json=body, headers=given, timeout=timeout_s
        )

    def raw(self, method: str, url: str, **given: Any) -> urllib3.BaseHTTPResponse:
        """Call any address."""
        return self._pool.request(method, url, **given)

    def token(self) -> str:
        """Sign in at Plex with the client's credentials."""
        plex = self.ready["plex"]
        basic = urllib3.make_headers(basic_auth=":".join(plex["oauth2"].values()))
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        granted = self.raw("POST", plex["token_url"], body="grant_type=client_credentials", headers={**basic, **form})
        return str(granted.json()["access_token"])

    def control(self, method: str, path: str, body: Any = None) -> urllib3.BaseHTTPResponse:
        """Call the stage manager."""
        return self._pool.request(method, f"{self.ready['control']}/{path}", json=body)

    def close(self) -> None:
        """Close every connection."""
        self._pool.clear()


@pytest.fixture(scope="module")
def running() -> Iterator[Sandbox]:
    with Sandbox(workers=40) as sandbox:
        yield sandbox


@pytest.fixture
def client(running: Sandbox) -> Iterator[Client]:
    client = Client(running)
    client.control("POST", "reset")
    yield client
    client.control("DELETE", "fault")
    client.close()


def _person(badge: str) -> dict[str, str]:
    return {"badgeNumber": badge, "firstName": "Ada", "lastName": "Byron", "status": "Active"}


def _is_there(client: Client, badge: str) -> bool:
    rows = client.control("GET", "state/plex/employees").json()
    return any(row["badgeNumber"] == badge for row in rows)


def test_ready_tells_what_product_md_promises(running: Sandbox) -> None:
    ready = running.ready
    assert set(ready) == {"workday", "plex", "control"}
    assert set(ready["workday"]) == {"url", "tenant", "isu", "oauth", "report"}
    assert set(ready["workday"]["isu"]) == {"username", "password"}
    assert set(ready["workday"]["oauth"]) == {"client_id", "client_secret", "refresh_token"}
    assert set(ready["plex"]["plants"][0]) >= {"pcn", "company_code", "tenant_id"}
    assert set(ready["plex"]) >= {
        "base_url",
        "token_url",
        "oauth2",
        "api_key",
        "basic",
        "datasources",
        "calls_per_minute",
    }
    assert ready["plex"]["base_url"].endswith("/api")
    assert ready["control"] == ready["workday"]["url"] + "/sandbox"


def test_the_token_endpoint_lets_in(client: Client) -> None:
    bearer = {"Authorization": f"Bearer {client.token()}"}
    assert client.raw("GET", client.ready["plex"]["base_url"] + EMPLOYEES, headers=bearer).status == 200


def test_connections_are_kept_alive_and_answers_compressed(client: Client) -> None:
    connection = HTTPConnection(client.ready["plex"]["base_url"].split("/")[2], timeout=5)
    headers = {"X-Plex-Connect-Api-Key": client.ready["plex"]["api_key"], "Accept-Encoding": "gzip"}
    ports = set()
    for _ in range(3):
        connection.request("GET", "/api/mdm/v1/chart-of-accounts", headers=headers)
        ports.add(connection.sock.getsockname())
        answer = connection.getresponse()
        assert answer.headers["Content-Encoding"] == "gzip"
        assert len(answer.read()) == int(answer.headers["Content-Length"])
    connection.close()
    assert len(ports) == 1
    assert "Content-Encoding" not in client.plex("GET", EMPLOYEES, **{"Accept-Encoding": "identity"}).headers


@pytest.mark.parametrize("encoding", ["gzip", "identity"])
def test_iterables_are_streamed_in_chunks(encoding: str) -> None:
    parts = [b"a" * 1000, b"", b"b" * 1000]
    pretender = Pretender("plex", lambda _: Response(200, iter(parts)), lambda: None)
    door = Door(0, pretender=pretender, faults=FaultBook(lag_reads=lambda _: None), arrivals=Arrivals())
    door.start()
    with urllib3.PoolManager() as pool:
        answer = pool.request("GET", door.url + "/", headers={"Accept-Encoding": encoding})
    door.stop()
    assert answer.headers["Transfer-Encoding"] == "chunked"
    assert answer.data == b"".join(parts)


def test_requests_have_a_bound(client: Client) -> None:
    host = client.ready["plex"]["base_url"].split("/")[2]
    for name, value, status in (
        ("Content-Length", str(MAX_REQUEST_BYTES + 1), 413),
        ("Content-Length", "-1", 400),
        ("Transfer-Encoding", "chunked", 411),
    ):
        connection = HTTPConnection(host, timeout=5)
        connection.putrequest("POST", "/api" + EMPLOYEES)
        connection.putheader(name, value)
        connection.endheaders()
        assert connection.getresponse().status == status
        connection.close()


ACTED = (
    *("timeout_after", "reset_after", "500_after", "truncated", "html", "soap_fault_200"),
    *("empty", "wrong_answer", "garbage_json"),
)
NOT_ACTED = (
    "timeout_before",
    "reset_before",
    "half_read",
    "500",
    "503",
    "429",
    "401",
    "403",
    "token_expired",
    "empty_200",
)


def _patience_s(mode: str) -> float:
    return 1 if mode.startswith("timeout") else 20


@pytest.mark.parametrize("mode", ACTED + NOT_ACTED)
def test_a1_t1_whether_the_system_acted_before_the_answer_was_lost(client: Client, mode: str) -> None:
    client.plex("GET", EMPLOYEES)
    fault = {"system": "plex", "mode": mode, "method": "POST", "path": "/api/mdm/"}
    assert client.control("POST", "fault", fault).json()["faults"][0]["fired"] == 0
    try:
        answer = client.plex("POST", EMPLOYEES, _person(mode), timeout_s=_patience_s(mode))
        proper = answer.status == 201 and answer.json()["badgeNumber"] == mode
    except HTTPError:
        proper = False
    assert not proper
    assert _is_there(client, mode) is (mode in ACTED)
    assert client.control("GET", "fault").json()["fired"] == {f"plex/{mode}": 1}
    assert client.plex("POST", EMPLOYEES, _person("next")).status == 201


@pytest.mark.parametrize(
    ("mode", "kind"),
    [
        ("reset_before", r"ConnectionResetError|RemoteDisconnected"),  # it may strike while the caller still sends
        ("half_read", r"ConnectionResetError|RemoteDisconnected"),
        ("reset_after", "ConnectionResetError"),
        ("empty", "RemoteDisconnected"),
        ("truncated", "IncompleteRead"),
        ("timeout_after", "ReadTimeoutError"),
    ],
)
def test_connections_end_the_way_they_are_told_to(client: Client, mode: str, kind: str) -> None:
    client.control("POST", "fault", {"system": "plex", "mode": mode})
    with pytest.raises(HTTPError) as caught:
        client.plex("POST", EMPLOYEES, _person("1"), timeout_s=_patience_s(mode))
    assert re.search(kind, repr(caught.value))


@pytest.mark.parametrize("retry_after", ["2", "-1", "1000000000"])
@pytest.mark.parametrize("mode", ["429", "503"])
def test_throttling_tells_retry_after_as_asked(client: Client, mode: str, retry_after: str) -> None:
    client.control("POST", "fault", {"system": "plex", "mode": mode, "retry_after": retry_after})
    answer = client.plex("GET", EMPLOYEES)
    assert (str(answer.status), answer.headers["Retry-After"]) == (mode, retry_after)


def test_a_retry_after_that_is_a_date_counts_from_the_date_of_the_same_answer(client: Client) -> None:
    ahead = (datetime.now(UTC).date() - client.sandbox.tenant.today).days + 3
    client.control("POST", "advance", {"days": max(3, ahead), "quiet": True})
    for name, value in (("clock_offset_s", -7200), ("retry_after_form", "date"), ("calls_per_minute", 0)):
        client.control("POST", "setting", {"system": "plex", "name": name, "value": value})
    answer = client.plex("GET", EMPLOYEES)
    later, now = (parsedate_to_datetime(answer.headers[name]) for name in ("Retry-After", "Date"))
    assert answer.status == 429
    assert 60 <= (later - now).total_seconds() <= 61


def test_slow_answers_late_but_properly(client: Client) -> None:
    client.control("POST", "fault", {"system": "plex", "mode": "slow", "retry_after": "0.2"})
    started = time.monotonic()
    assert client.plex("POST", EMPLOYEES, _person("1")).status == 201
    assert time.monotonic() - started >= 0.2


def test_wrong_answer_is_about_somebody_else(client: Client) -> None:
    client.plex("POST", EMPLOYEES, _person("1"))
    client.control("POST", "fault", {"system": "plex", "mode": "wrong_answer"})
    assert client.plex("POST", EMPLOYEES, _person("2")).json()["badgeNumber"] == "1"


def test_wrong_answer_of_workday_is_another_page(client: Client) -> None:
    """Workday's pages are streamed: the other request is asked again."""
    url = f"{client.ready['workday']['url']}/ccx/service/acme1/Human_Resources/v45.0"
    first = client.raw("POST", url, body=_get_workers(client, page=1)).data
    second = client.raw("POST", url, body=_get_workers(client, page=2)).data
    client.control("POST", "fault", {"system": "workday", "mode": "wrong_answer"})
    wrong = client.raw("POST", url, body=_get_workers(client, page=1)).data
    page = re.compile(rb"<wd:Page>(\d+)</wd:Page>")
    assert [set(page.findall(answer)) for answer in (first, second, wrong)] == [{b"1"}, {b"2"}, {b"2"}]


def _get_workers(client: Client, *, page: int) -> str:
    user = client.ready["workday"]["isu"]
    return (
        '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:wd="urn:com.workday/bsvc"><soapenv:Header>'
        '<wsse:Security xmlns:wsse="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd">'
        f"<wsse:UsernameToken><wsse:Username>{user['username']}</wsse:Username>"
        '<wsse:Password Type="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0#PasswordText">'
        f"{user['password']}</wsse:Password></wsse:UsernameToken></wsse:Security></soapenv:Header><soapenv:Body>"
        f'<wd:Get_Workers_Request wd:version="v45.0"><wd:Response_Filter><wd:Page>{page}</wd:Page><wd:Count>10</wd:Count>'
        "</wd:Response_Filter></wd:Get_Workers_Request></soapenv:Body></soapenv:Envelope>"
    )


@pytest.mark.parametrize(
    ("mode", "status", "body"),
    [
        ("429", 429, "REQUEST_LIMIT_EXCEEDED"),
        ("403", 403, "REQUEST_FORBIDDEN"),
        ("soap_fault_200", 200, "faultstring"),
        ("html", 200, "<!DOCTYPE html>"),
        ("empty_200", 200, ""),
    ],
)
def test_workday_can_be_spoilt_too(client: Client, mode: str, status: int, body: str) -> None:
    url = f"{client.ready['workday']['url']}/ccx/service/acme1/Human_Resources/v45.0"
    client.control("POST", "fault", {"system": "workday", "mode": mode, "path": "/ccx/service/"})
    answer = client.raw("POST", url, body=_get_workers(client, page=1))
    assert (answer.status, body in answer.data.decode()) == (status, True)
    assert (mode == "empty_200") is (answer.data == b"")
    assert client.raw("POST", url, body=_get_workers(client, page=1)).status == 200


def test_a_streamed_page_can_be_truncated(client: Client) -> None:
    url = f"{client.ready['workday']['url']}/ccx/service/acme1/Human_Resources/v45.0"
    client.control("POST", "fault", {"system": "workday", "mode": "truncated"})
    with pytest.raises(HTTPError, match="IncompleteRead"):
        client.raw("POST", url, body=_get_workers(client, page=1))


def test_stale_read_hides_what_was_just_written(client: Client) -> None:
    client.control("POST", "fault", {"system": "plex", "mode": "stale_read", "retry_after": "60"})
    created = client.plex("POST", EMPLOYEES, _person("1")).json()
    assert client.plex("GET", f"{EMPLOYEES}/{created['id']}").status == 404
    client.control("DELETE", "fault")
    assert client.plex("GET", f"{EMPLOYEES}/{created['id']}").status == 200


def test_an_empty_200_looks_like_a_data_source_without_rows(client: Client) -> None:
    client.control("POST", "fault", {"system": "plex", "mode": "empty_200"})
    answer = client.plex("POST", "/datasources/300/execute?format=2", {}).json()
    assert (answer["rows"], answer["rowLimitedExceeded"]) == ([], False)


def test_a_token_is_forgotten_when_it_expires(client: Client) -> None:
    url, headers = client.ready["plex"]["base_url"] + EMPLOYEES, {"Authorization": f"Bearer {client.token()}"}
    client.control("POST", "fault", {"system": "plex", "mode": "token_expired"})
    assert [client.raw("GET", url, headers=headers).status for _ in range(2)] == [401, 401]


def test_requests_are_listed_with_what_became_of_them(client: Client) -> None:
    client.control("DELETE", "requests")
    client.plex("POST", EMPLOYEES, _person("1"))
    client.control("POST", "fault", {"system": "plex", "mode": "reset_before"})
    with pytest.raises(HTTPError):
        client.plex("GET", EMPLOYEES + "?limit=1")
    listed = client.control("GET", "requests?system=plex").json()
    told = [(row["method"], row["path"], row["query"], row["status"], row["fault"]) for row in listed]
    assert told == [
        ("POST", "/api" + EMPLOYEES, "", 201, None),
        ("GET", "/api" + EMPLOYEES, "limit=1", None, "reset_before"),
    ]
    assert len(listed[0]["body_sha256"]) == 64
    assert client.control("GET", f"requests?since={listed[0]['seq']}").json() == listed[1:]


def test_permissions_and_settings_change_while_it_runs(client: Client) -> None:
    assert client.control("POST", "permission", {"system": "plex", "name": "employees", "granted": False}).status == 200
    assert client.plex("GET", EMPLOYEES).json() == []
    client.control("POST", "reset")
    assert len(client.plex("GET", EMPLOYEES).json()) == 3
    assert client.control("POST", "setting", {"name": "empty_form", "value": "null"}).status == 200
    assert client.plex("GET", EMPLOYEES).json()[0]["middleName"] is None
    client.control("POST", "reset")
    assert client.control("GET", "setting").json()["plex"]["empty_form"] == "absent"


@pytest.mark.parametrize(
    ("path", "known"),
    [("scenario", "rehire"), ("permission", "employees"), ("setting", "apply_lag_s"), ("fault", "429")],
)
def test_the_control_tells_what_may_be_asked_for(client: Client, path: str, known: str) -> None:
    assert known in client.control("GET", path).data.decode()


def test_days_pass_for_both_systems(client: Client, running: Sandbox) -> None:
    before, plex_before = running.tenant.today, running.now()
    assert client.control("POST", "advance", {"days": 2}).status == 200
    assert (running.tenant.today - before).days == 2
    assert 2 <= (running.now() - plex_before).total_seconds() / 86_400 < 2.01


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "named"),
    [
        ("GET", "nowhere", None, 404, "advance"),
        ("GET", "advance", None, 405, "POST"),
        ("POST", "advance", {"days": 0}, 400, "days"),
        ("POST", "advance", {"days": True}, 400, "days"),
        ("POST", "advance", {"days": 3_661}, 400, "3660"),
        ("POST", "advance", [1], 400, "object"),
        ("POST", "scenario", {}, 400, "name"),
        ("POST", "scenario", {"name": "earthquake"}, 400, "rehire"),
        ("POST", "fault", {"system": "plex", "mode": "gremlins"}, 400, "truncated"),
        ("POST", "permission", {"system": "plex", "name": "x", "granted": True}, 400, "employees"),
        ("POST", "permission", {"system": "workday", "name": "x", "granted": True}, 400, "there are"),
        ("POST", "permission", {"system": "sap", "name": "x", "granted": True}, 400, "workday"),
        ("POST", "permission", {"system": "plex", "name": "employees", "granted": "yes"}, 400, "true"),
        ("POST", "setting", {"name": "colour", "value": 1}, 400, "apply_lag_s"),
        ("GET", "state/plex/nothing", None, 404, "headcount"),
        ("GET", "state/workday/nothing", None, 404, "nothing"),
        ("GET", "state/sap/x", None, 404, "plex"),
        ("GET", "requests?since=x", None, 400, "seq"),
    ],
)
def test_wrong_control_requests_are_told_what_is_known(
    client: Client, method: str, path: str, body: Any, status: int, named: str
) -> None:
    answer = client.control(method, path, body)
    assert (answer.status, named in answer.json()["error"]) == (status, True)


def test_stopping_ends_even_held_connections() -> None:
    with Sandbox(workers=40) as sandbox:
        client = Client(sandbox)
        client.control("POST", "fault", {"system": "plex", "mode": "timeout_before", "count": None})
        connection = socket.create_connection(("127.0.0.1", sandbox._plex_door.server_address[1]))
        connection.sendall(b"GET /api/mdm/v1/employees HTTP/1.1\r\nHost: x\r\n\r\n")
        while not sandbox.faults.report()["fired"]:
            time.sleep(0.01)
        started = time.monotonic()
    assert time.monotonic() - started < 3
    assert connection.recv(1) == b""
    connection.close()
    client.close()


def test_a_taken_port_is_refused_and_nothing_is_left_open(running: Sandbox) -> None:
    taken = running._plex_door.server_address[1]
    with pytest.raises(OSError, match="in use"):
        Sandbox(workers=40, plex_port=taken)


def test_the_program_writes_its_ready_file_and_ends_on_sigterm(tmp_path: Path) -> None:
    path = tmp_path / "ready.json"
    program = f"from ml_connector.sandbox.server import serve; serve(workers=40, ready_file={str(path)!r})"
    process = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    ready = json.loads(process.stdout.readline())
    assert json.loads(path.read_text()) == ready
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert os.listdir(tmp_path) == ["ready.json"]  # noqa: PTH208 -- nothing half-written is left beside it
    with urllib3.PoolManager() as pool:
        assert pool.request("GET", ready["control"] + "/fault").status == 200
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=10) == 0
    process.stdout.close()
