"""REST as recorded: pages, absent keys, refusals, headers, the allowance and what no permission leaves out."""

from __future__ import annotations

import re

import msgspec
import pytest

from ml_connector.sandbox.tenant import domains
from ml_connector.sandbox.tenant.tenant import Tenant
from ml_connector.sandbox.workday.sandbox import WorkdaySandbox
from tests.unit.sandbox.rest import STAFF, get, refusal, rows, sign_in
from tests.unit.sandbox.soap import content

COMMON = "/ccx/api/common/v1/acme1"


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def sandbox(clock: Clock) -> WorkdaySandbox:
    return WorkdaySandbox(Tenant(workers=150), clock=clock)


def test_pages_cover_everybody_once(sandbox: WorkdaySandbox) -> None:
    first = rows(sandbox, STAFF)
    assert len(first["data"]) == 20
    pages = [rows(sandbox, STAFF, limit=100, offset=offset)["data"] for offset in (0, 100)]
    ids = [row["id"] for page in pages for row in page]
    assert len(ids) == len(set(ids)) == first["total"]
    assert rows(sandbox, STAFF, limit=100, offset=1000)["data"] == []


@pytest.mark.parametrize("query", [{"limit": 101}, {"limit": 0}, {"limit": "ten"}, {"offset": -1}])
def test_a_page_out_of_range_is_refused(sandbox: WorkdaySandbox, query: dict[str, int | str]) -> None:
    assert get(sandbox, STAFF, **query).status == 400


def test_a_staffing_row_has_the_recorded_shape(sandbox: WorkdaySandbox) -> None:
    row = rows(sandbox, f"{STAFF}/Employee_ID=000001")
    assert row["workerId"] == "000001"
    assert row["primaryJob"]["jobType"]["Job_Type_Name_ID"] == "Primary"
    assert row["primaryJob"]["jobProfile"]["Job_Profile_ID"] == "JP-CEO"
    assert row["primaryJob"]["location"]["Location_ID"] == "HQ"
    assert row["primaryJob"]["supervisoryOrganization"]["Organization_Reference_ID"] == "SUP-100"
    assert not {"hireDate", "pay", "status"} & set(row)


def test_a_common_row_has_no_employee_id_and_the_old_address_gives_the_same(sandbox: WorkdaySandbox) -> None:
    listed = rows(sandbox, f"{COMMON}/workers", limit=100)
    assert listed == rows(sandbox, "/ccx/api/v1/acme1/workers", limit=100)
    row = listed["data"][0]
    assert "workerId" not in row
    assert row["href"].endswith(f"/api/api/v1/acme1/workers/{row['id']}")
    single = rows(sandbox, f"{COMMON}/workers/{row['id']}")
    assert single["location"]["id"]
    assert "location" not in row
    assert rows(sandbox, f"{COMMON}/workers/me")["isManager"] is True


def test_contingent_workers_are_marked_and_who_has_left_is_asked_for(sandbox: WorkdaySandbox) -> None:
    sandbox.tenant.play("terminate")
    here = rows(sandbox, STAFF, limit=100)
    everybody = rows(sandbox, STAFF, limit=100, includeTerminatedWorkers="true")
    assert everybody["total"] > here["total"]
    found = [row for offset in (0, 100) for row in rows(sandbox, STAFF, limit=100, offset=offset)["data"]]
    marked = [row for row in found if row["descriptor"].endswith(" [C]")]
    assert marked
    assert all(row["workerId"].startswith("CW-") for row in marked)


def test_organizations_profiles_and_jobs(sandbox: WorkdaySandbox) -> None:
    top = next(
        row for row in rows(sandbox, f"{COMMON}/supervisoryOrganizations", limit=100)["data"] if "manager" in row
    )
    assert top["manager"]["id"]
    members = rows(sandbox, f"{COMMON}/supervisoryOrganizations/{top['id']}/workers")
    assert members["total"] > 0
    profiles = rows(sandbox, "/ccx/api/staffing/v7/acme1/jobProfiles", limit=100)["data"]
    assert {"JP-OPER", "JP-WELD"} <= {row["Job_Profile_ID"] for row in profiles}
    job = rows(sandbox, "/ccx/api/staffing/v7/acme1/jobs")["data"][0]
    assert rows(sandbox, f"/ccx/api/staffing/v7/acme1/jobs/{job['id']}")["worker"] == job["worker"]


@pytest.mark.parametrize(
    ("path", "status", "body"),
    [
        ("/ccx/api/nonsense/v1/acme1/workers", 400, '{ "error": "Invalid request" }'),
        ("/ccx/api/staffing/v99/acme1/workers", 400, '{ "error": "Invalid request" }'),
        (f"{COMMON}/workers/ffffffffffffffffffffffffffffffff", 404, '{ "error": "Not found" }'),
        (f"{COMMON}/nonsense", 404, '{ "error": "Not found" }'),
        ("/ccx/api/common/v1/other/workers", 404, '{ "error": "Not found" }'),
    ],
)
def test_refusals_have_the_recorded_bodies(sandbox: WorkdaySandbox, path: str, status: int, body: str) -> None:
    answer = get(sandbox, path)
    assert refusal(answer) == (status, body)
    assert answer.headers["x-wd-gid"].startswith("GID|")
    assert "WD-RateLimit-Tokens-Remaining" not in answer.headers


def test_only_a_good_token_opens_the_door_and_it_is_good_for_an_hour(sandbox: WorkdaySandbox, clock: Clock) -> None:
    token = sign_in(sandbox)
    assert get(sandbox, STAFF, basic=True).status == 401
    assert get(sandbox, STAFF, token="nonsense").status == 401
    clock.now += 3599
    assert get(sandbox, STAFF, token=token).status == 200
    clock.now += 1
    assert get(sandbox, STAFF, token=token).status == 401


def test_the_allowance_counts_down_refills_and_ends_in_429(sandbox: WorkdaySandbox, clock: Clock) -> None:
    sandbox.change_setting("rest_tokens", 2)
    token = sign_in(sandbox)
    left = [get(sandbox, STAFF, token=token).headers.get("WD-RateLimit-Tokens-Remaining") for _ in range(2)]
    assert left == ["1", "0"]
    refused = get(sandbox, STAFF, token=token)
    assert refused.status == 429
    assert "Retry-After" not in refused.headers
    clock.now += 60
    assert get(sandbox, STAFF, token=token).status == 200


def test_without_the_domain_keys_are_silently_absent_or_the_whole_is_refused(sandbox: WorkdaySandbox) -> None:
    sandbox.tenant.revoke_domain(domains.STAFFING)
    assert "primaryJob" not in rows(sandbox, STAFF)["data"][0]
    assert get(sandbox, "/ccx/api/staffing/v6/acme1/jobs").status == 403
    sandbox.tenant.revoke_domain(domains.WORKERS_TASK)
    assert refusal(get(sandbox, STAFF)) == (403, '{ "error": "User has insufficient permissions" }')


def test_pages_drift_and_a_constrained_user_sees_fewer(sandbox: WorkdaySandbox) -> None:
    sandbox.tenant.play("page_drift")
    first = rows(sandbox, STAFF, limit=50)
    second = rows(sandbox, STAFF, limit=50, offset=50)
    assert second["total"] == first["total"] + 1
    assert first["data"][-1] == second["data"][0]  # the newest comes first, so everybody moved on by one
    sandbox.tenant.play("population_drop")
    assert rows(sandbox, STAFF)["total"] < first["total"]


def test_rest_and_soap_tell_the_same_people(sandbox: WorkdaySandbox) -> None:
    told = {row["id"] for offset in (0, 100) for row in rows(sandbox, STAFF, limit=100, offset=offset)["data"]}
    really = {row["wid"] for row in sandbox.state("workers") if row["terminated_on"] is None}
    assert told >= really


def test_headers_of_a_success(sandbox: WorkdaySandbox) -> None:
    answer = get(sandbox, STAFF)
    assert answer.headers["Content-Type"] == "application/json; charset=UTF-8"
    assert answer.headers["cache-control"] == "no-cache"
    assert re.fullmatch("[0-9a-f]{32}", answer.headers["wd-stat-request-id"])
    assert "x-wd-gid" not in answer.headers


def test_the_report_takes_a_password_or_a_token_and_tells_text(sandbox: WorkdaySandbox) -> None:
    report = sandbox.describe()["report"]
    path = f"/ccx/service/customreport2/acme1/{report['owner']}/{report['name']}"
    answer = get(sandbox, path, basic=True, format="json")
    entries = msgspec.json.decode(content(answer))["Report_Entry"]
    assert len(entries) == 150
    assert entries == msgspec.json.decode(content(get(sandbox, path, format="json")))["Report_Entry"]
    assert all(isinstance(text, str) for row in entries for text in row.values())
    assert {name for row in entries for name in row} <= set(report["columns"])
    first = next(row for row in entries if row["Employee_ID"] == "000001")
    assert (first["Job_Profile_ID"], first["Location_ID"], first["Active_Status"]) == ("JP-CEO", "HQ", "1")
    assert content(get(sandbox, path, basic=True)).startswith(b"<?xml")
    assert get(sandbox, path, token="nonsense", format="json").status == 401
    assert get(sandbox, f"{path}x", basic=True, format="json").status == 404
    sandbox.tenant.revoke_domain(domains.COMPENSATION)
    paid = msgspec.json.decode(content(get(sandbox, path, basic=True, format="json")))["Report_Entry"]
    assert not any("Base_Pay" in row for row in paid)


def test_the_report_is_told_as_of_the_day_its_prompt_asks_for(sandbox: WorkdaySandbox) -> None:
    report = sandbox.describe()["report"]
    path = f"/ccx/service/customreport2/acme1/{report['owner']}/{report['name']}"
    sandbox.tenant.advance(1)

    def centers(**query: str) -> set[str]:
        answer = get(sandbox, path, basic=True, format="json", **query)
        return {row.get("Cost_Center", "") for row in msgspec.json.decode(content(answer))["Report_Entry"]}

    assert "Final Assembly" in centers()
    assert "Final Assembly" not in centers(**{report["effective_prompt"]: "2026-11-23-08:00"})
    assert get(sandbox, path, basic=True, **{report["effective_prompt"]: "soon"}).status == 400
