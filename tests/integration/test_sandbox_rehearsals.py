"""Named faults on real sockets, the log of what the sandbox did, its settings, and kept pages in a child process."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import urllib3

from ml_connector.sandbox.kept_pages import serve_prerendered
from ml_connector.sandbox.modes import ALL_MODES, PAGED_ONLY, PLEX_ONLY
from ml_connector.sandbox.server import Sandbox
from tests.unit.sandbox.soap import header

STAFF = "/ccx/api/staffing/v6/acme1/workers"


class Caller:
    """Speaks to the Workday side and to the control of a running sandbox."""

    def __init__(self, ready: dict[str, Any]) -> None:
        self.ready = ready
        self._pool = urllib3.PoolManager(retries=False)

    def control(self, method: str, path: str, body: Any = None) -> Any:
        answer = self._pool.request(method, f"{self.ready['control']}/{path}", json=body)
        assert answer.status == 200, answer.data
        return answer.json()

    def sign_in(self) -> urllib3.BaseHTTPResponse:
        form = {"grant_type": "refresh_token", **self.ready["workday"]["oauth"]}
        url = f"{self.ready['workday']['url']}/ccx/oauth2/acme1/token"
        return self._pool.request("POST", url, fields=form, encode_multipart=False)

    def rows(self, token: str, *, offset: int = 0) -> urllib3.BaseHTTPResponse:
        url = f"{self.ready['workday']['url']}{STAFF}?limit=10&offset={offset}"
        return self._pool.request("GET", url, headers={"Authorization": f"Bearer {token}"})

    def read_address(self, system: str) -> tuple[str, dict[str, str]]:
        """Where to read something of a system, and how to be let in."""
        if system == "workday":
            token = self.sign_in().json()["access_token"]
            return f"{self.ready['workday']['url']}{STAFF}?limit=10", {"Authorization": f"Bearer {token}"}
        plex = self.ready["plex"]
        tenant = plex["plants"][0]["tenant_id"]
        headers = {"X-Plex-Connect-Api-Key": plex["api_key"], "X-Plex-Connect-Tenant-Id": tenant}
        return f"{plex['base_url']}/mdm/v1/employees", headers

    def workers(self, *, page: int, count: int, inside: str = "", gzip: bool = True) -> bytes:
        isu = self.ready["workday"]["isu"]
        soap, wd = "http://schemas.xmlsoap.org/soap/envelope/", "urn:com.workday/bsvc"
        asked = f"{inside}<b:Response_Filter><b:Page>{page}</b:Page><b:Count>{count}</b:Count></b:Response_Filter>"
        body = (
            f'<e:Envelope xmlns:e="{soap}"><e:Header>{header(isu["username"], isu["password"])}</e:Header><e:Body>'
            f'<b:Get_Workers_Request xmlns:b="{wd}" b:version="v45.0">{asked}</b:Get_Workers_Request></e:Body></e:Envelope>'
        )
        url = f"{self.ready['workday']['url']}/ccx/service/acme1/Human_Resources/v45.0"
        headers = {"Accept-Encoding": "gzip"} if gzip else {}
        answer = self._pool.request("POST", url, body=body.encode(), headers=headers)
        assert answer.status == 200, answer.data
        return answer.data


@pytest.fixture(scope="module")
def running() -> Iterator[Sandbox]:
    with Sandbox(workers=40) as sandbox:
        yield sandbox


@pytest.fixture
def caller(running: Sandbox) -> Iterator[Caller]:
    caller = Caller(running.ready)
    caller.control("POST", "reset")
    yield caller
    caller.control("POST", "reset")


def _fault(caller: Caller, name: str) -> None:
    caller.control("POST", "scenario", {"name": f"fault:{name}"})


def test_pages_repeat_skip_and_come_empty_by_name(caller: Caller) -> None:
    token = caller.sign_in().json()["access_token"]
    first, second, third = (caller.rows(token, offset=offset).json()["data"] for offset in (0, 10, 20))
    for name, seen in (("page-repeated", first), ("page-skipped", third), ("empty-page", [])):
        caller.control("DELETE", "fault")
        _fault(caller, name)
        assert caller.rows(token).json()["data"] == first
        assert caller.rows(token, offset=10).json()["data"] == seen
        assert caller.rows(token, offset=10).json()["data"] == second


def test_a_role_removed_in_mid_run_is_refused_or_looks_empty(caller: Caller) -> None:
    token = caller.sign_in().json()["access_token"]
    _fault(caller, "role-removed-empty")
    answers = [caller.rows(token).json()["total"] for _ in range(3)]
    assert answers[0] > 0
    assert answers[1:] == [0, 0]
    caller.control("DELETE", "fault")
    _fault(caller, "role-removed-403")
    assert [caller.rows(token).status for _ in range(3)] == [200, 403, 403]


def test_soap_pages_are_distorted_too(caller: Caller) -> None:
    _fault(caller, "wrong-total")
    assert caller.workers(page=1, count=10).count(b"<wd:Total_Results>47<") == 1
    _fault(caller, "role-removed-empty")
    assert b"<wd:Worker>" in caller.workers(page=1, count=10)
    assert b"<wd:Total_Results>0<" in caller.workers(page=2, count=10)


def test_a_token_dies_mid_page_and_a_grant_is_revoked(caller: Caller) -> None:
    token = caller.sign_in().json()["access_token"]
    _fault(caller, "token-dies-mid-page")
    with pytest.raises(urllib3.exceptions.HTTPError):
        caller.rows(token)
    assert caller.rows(token).status == 401
    _fault(caller, "grant-revoked")
    assert [caller.sign_in().status for _ in range(2)] == [400, 400]
    assert caller.sign_in().json() == {"error": "invalid_grant"}


def test_a_body_can_end_at_any_byte(caller: Caller) -> None:
    token = caller.sign_in().json()["access_token"]
    for size in (0, 1, 17):
        caller.control("POST", "fault", {"system": "workday", "mode": "truncated_at", "at": size})
        with pytest.raises(urllib3.exceptions.HTTPError):
            caller.rows(token)
    assert caller.rows(token).status == 200


def test_the_log_tells_what_was_done_and_what_fired(caller: Caller) -> None:
    _fault(caller, "429-date")
    token = caller.sign_in()
    assert token.status == 429
    assert token.headers["Retry-After"].endswith("GMT")
    caller.control("POST", "advance", {"days": 1})
    log = caller.control("GET", "log")
    assert [(deed["what"], deed.get("path"), deed.get("mode")) for deed in log] == [
        ("control", "reset", None),
        ("control", "scenario", None),
        ("fault", "/ccx/oauth2/acme1/token", "429"),
        ("control", "advance", None),
    ]
    assert caller.control("GET", f"log?since={log[1]['seq']}") == log[2:]


def test_settings_and_grants_of_workday(caller: Caller) -> None:
    caller.control("POST", "setting", {"system": "workday", "name": "rotating_refresh_tokens", "value": True})
    assert caller.sign_in().json()["refresh_token"] != caller.ready["workday"]["oauth"]["refresh_token"]
    assert caller.sign_in().status == 400
    caller.control("POST", "reset")
    assert caller.sign_in().status == 200, "the token of the ready file is good again"
    caller.control("POST", "setting", {"system": "workday", "name": "rotating_refresh_tokens", "value": True})
    caller.control("POST", "setting", {"system": "workday", "name": "rest_tokens", "value": 0})
    caller.control("POST", "permission", {"system": "workday", "name": "wql:costCenters", "granted": False})
    known = caller.control("GET", "permission")["workday"]
    assert "wql:costCenters" in known
    assert caller.control("GET", "setting")["workday"] == {
        "rotating_refresh_tokens": True,
        "rest_tokens": 0,
        "clock_offset_s": 0,
        "maintenance_window": False,
        "first_page_s": 0.0,
    }


WAITING = {"timeout_before", "timeout_after", "slow", "stale_read", "half_read_stall"}


@pytest.mark.parametrize("mode", sorted(set(ALL_MODES) - WAITING))
@pytest.mark.parametrize("system", ["workday", "plex"])
def test_each_mode_spoils_one_answer_and_leaves_the_system_well(caller: Caller, mode: str, system: str) -> None:
    if mode in (PAGED_ONLY if system == "plex" else PLEX_ONLY):
        return  # refused when it is set: see the unit tests
    url, headers = caller.read_address(system)
    caller.control("POST", "fault", {"system": system, "mode": mode, "method": "GET"})
    pool = urllib3.PoolManager(retries=False)
    with contextlib.suppress(urllib3.exceptions.HTTPError):
        pool.request("GET", url, headers=headers, decode_content=False)
    assert caller.control("GET", "fault")["fired"] == {f"{system}/{mode}": 1}
    _, headers = caller.read_address(system)  # some modes end the life of tokens
    assert pool.request("GET", url, headers=headers).status == 200


def test_somebody_at_the_plant_edits_and_removes_employees(caller: Caller) -> None:
    def row(badge: str) -> dict[str, Any] | None:
        employees = caller.control("GET", "state/plex/employees")
        return next((each for each in employees if each["pcn"] == "101" and each["badgeNumber"] == badge), None)

    badges = [each["badgeNumber"] for each in caller.control("GET", "state/plex/employees") if each["pcn"] == "101"]
    first, second = badges[:2]
    before = row(first)
    assert before is not None
    edit = {"plant": "101", "badge": first, "fields": {"lastName": "Edited"}}
    caller.control("POST", "edit", edit | {"at": "next_write"})
    assert row(first) == before
    plex = caller.ready["plex"]
    plant = next(each for each in plex["plants"] if each["pcn"] == "101")
    headers = {"X-Plex-Connect-Api-Key": plex["api_key"], "X-Plex-Connect-Tenant-Id": plant["tenant_id"]}
    url = f"{plex['base_url']}/mdm/v1/employees/{before['id']}/deactivate"
    urllib3.PoolManager(retries=False).request("POST", url, headers=headers)
    after = row(first)
    assert after is not None
    assert after["lastName"] == "Edited"
    caller.control("POST", "edit", {"plant": "101", "badge": second, "fields": None})
    assert row(second) is None


def test_kept_pages_tell_every_worker_once_until_something_happens(tmp_path: Path) -> None:
    with serve_prerendered(workers=30, page_sizes=(10, 100), filling="plain", folder=tmp_path) as kept:
        caller = Caller(kept.ready)
        tens = [caller.workers(page=page, count=10) for page in (1, 2, 3)]
        assert caller.workers(page=2, count=10, gzip=False) == tens[1]
        assert [page.count(b"<wd:Worker>") for page in tens] == [10, 10, 10]
        hundred = caller.workers(page=1, count=100)
        assert hundred.count(b"<wd:Worker>") == 30
        assert _records(hundred) == [record for page in tens for record in _records(page)]
        token = caller.sign_in().json()["access_token"]
        url = f"{kept.url}{STAFF}?limit=100&offset=0"
        rows = urllib3.PoolManager().request("GET", url, headers={"Authorization": f"Bearer {token}"})
        assert rows.headers["Content-Type"].startswith("application/json")
        assert json.loads(rows.data)["total"] > 20
        caller.control("POST", "advance", {"days": 1})
        assert b"<wd:Total_Results>33<" in caller.workers(page=1, count=10)


def _records(page: bytes) -> list[bytes]:
    return page.partition(b"<wd:Response_Data>")[2].partition(b"</wd:Response_Data>")[0].split(b"</wd:Worker>")[:-1]
