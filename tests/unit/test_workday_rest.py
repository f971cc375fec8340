"""REST and WQL without a network: tokens, patience, refusals, completeness, and what a tenant does not grant."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from email.utils import format_datetime
from itertools import chain, repeat
from types import SimpleNamespace
from typing import Any

import pytest

from ml_connector.canonical.keys import AsOf, NativeRecord, RecordType
from ml_connector.canonical.organization import CostCenter
from ml_connector.canonical.workforce import Worker
from ml_connector.connectors.port import Query
from ml_connector.connectors.transport import HttpRequest
from ml_connector.connectors.workday.json_answers import read_collection, tell_date
from ml_connector.connectors.workday.rest_connector import RestConnector
from ml_connector.connectors.workday.wql import open_sources
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
    UnavailableError,
)
from ml_connector.mapping.workday import to_canonical
from ml_connector.secret import Secret
from ml_connector.settings.workday import WqlSource
from ml_connector.usecases.inspection import discover
from tests.workday_wire import MemoryResponse, MemoryTransport, body_of, credential, settings

NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
JSON = {"content-type": "application/json; charset=UTF-8", "date": format_datetime(NOW, usegmt=True)}
CENTERS = Query(record_type=RecordType.COST_CENTER)
WORKERS = Query(record_type=RecordType.WORKER)

Answer = Callable[[HttpRequest], MemoryResponse | Exception]


def reply(value: Any, *, status: int = 200, **headers: str) -> MemoryResponse:
    body = value if isinstance(value, bytes) else json.dumps(value).encode()
    return MemoryResponse(status, body, JSON | {name.replace("_", "-"): text for name, text in headers.items()})


def wid(n: int) -> str:
    return f"{n:032x}"


class Tenant:
    """A tenant in memory: rows per data source, tokens t1, t2 …; `troubles` are answered first, in order."""

    def __init__(self, **rows: list[dict[str, Any]]) -> None:
        self.rows = {"costCenters": [{"workdayID": wid(n), "referenceID": f"CC{n}"} for n in range(5)]} | rows
        self.staffing: list[dict[str, Any]] = [
            {"id": row["workdayID"]} for row in rows.get("allWorkers", []) if "workdayID" in row
        ]
        self.troubles: list[MemoryResponse | Exception] = []
        self.tokens: list[bytes] = []
        self.given = 0
        self.queries: list[str] = []

    def __call__(self, request: HttpRequest) -> MemoryResponse | Exception:
        if request.url.endswith("/token"):
            self.given += 1
            return reply(self.tokens.pop(0) if self.tokens else {"access_token": f"t{self.given}"})
        token = request.headers["Authorization"]
        assert isinstance(token, Secret)
        if self.troubles:
            return self.troubles.pop(0)
        if self.given and token.reveal() != f"Bearer t{self.given}":
            return reply({"error": "invalid"}, status=401)
        window = dict(request.query)
        start, count = int(window.get("offset", 0)), int(window.get("limit", 20))
        if request.url.endswith("/data"):
            assert isinstance(request.body, bytes)
            query = json.loads(request.body)["query"]
            self.queries.append(query)
            return self._select(query, start, count)
        rows = self.staffing if request.url.endswith("/workers") else []
        return reply({"total": len(rows), "data": rows[start : start + count]})

    def _select(self, query: str, start: int, count: int) -> MemoryResponse:
        found = re.fullmatch(r'SELECT ([\w, ]+) FROM (\w+)(?: \(effectiveAsOfDate = "[\d-]{10}"\))?', query)
        assert found is not None, query
        rows = self.rows.get(found[2])
        known = {name for row in rows or [] for name in row}
        names = found[1].split(", ")
        if rows is None or not set(names) <= known:
            return reply({"error": "Invalid request"}, status=400)
        part = [{name: row[name] for name in names if name in row} for row in rows[start : start + count]]
        return reply({"total": len(rows), "data": part})


class Rig:
    """A connector over a tenant in memory; remembers what it slept and what it was told to keep."""

    def __init__(self, answer: Answer, **changes: Any) -> None:
        self.slept: list[float] = []
        self.kept: list[tuple[str, str]] = []
        self.now = NOW
        self.transport = MemoryTransport(answer)
        self.connector = RestConnector(
            settings(surface="rest", auth="oauth", **{"page_size": 2, "pages_ahead": 1} | changes),
            credential=credential,
            keep=self._keep,
            transport=self.transport,  # type: ignore[arg-type]
            clock=lambda: self.now,
            sleep=self.slept.append,
        )

    def _keep(self, field: str, value: Secret) -> None:
        self.kept.append((field, value.reveal()))

    def read(self, query: Query = CENTERS) -> list[NativeRecord]:
        return [record for page in self.connector.read(query) for record in page.records]


def keys(records: list[NativeRecord]) -> list[str]:
    return [to_canonical(record).key for record in records]


def test_a_collection_is_read_in_windows_and_whole() -> None:
    rig = Rig(Tenant())
    assert keys(rig.read()) == [f"CC{n}" for n in range(5)]
    offsets = [dict(request.query)["offset"] for request in rig.transport.requests if request.query]
    assert offsets[-3:] == ["0", "2", "4"]


def test_no_request_asks_for_more_than_a_hundred() -> None:
    rig = Rig(Tenant())
    rig.connector._settings = settings(surface="rest", auth="oauth", page_size=999)
    rig.read()
    assert max(int(dict(request.query).get("limit", 0)) for request in rig.transport.requests) == 100


def moving(*pages: dict[str, Any]) -> Answer:
    """A tenant that gives these pages, whatever is asked (the first also answers the fitting)."""
    left = [pages[0], *pages]

    def answer(request: HttpRequest) -> MemoryResponse:
        if request.url.endswith("/token"):
            return reply({"access_token": "t"})
        return reply(left.pop(0) if len(left) > 1 else left[0])

    return answer


def page(total: int, *numbers: int) -> dict[str, Any]:
    return {"total": total, "data": [{"workdayID": wid(n), "referenceID": f"CC{n}"} for n in numbers]}


@pytest.mark.parametrize(
    "pages",
    [
        (page(4, 0, 1), page(5, 2, 3)),
        (page(4, 0, 1), page(4, 1, 2)),
        (page(4, 0, 1), page(4, 2)),
        (page(4, 0, 1), page(4)),
        (page(4, 0, 1), page(4, 2, 3, 4)),
    ],
    ids=["total moves", "repeated", "short", "empty", "too many"],
)
def test_cc_03_windows_that_do_not_add_up_are_refused(pages: tuple[dict[str, Any], ...]) -> None:
    with pytest.raises(IncompleteReadError):
        Rig(moving(*pages)).read()


@pytest.mark.parametrize(
    "body",
    [
        b'{"total":1,"data":[{"workdayID":"x","workdayID":"y"}]}',
        b'{"total":NaN,"data":[]}',
        b'{"total":1e3,"data":[]}',
        b'{"total":true,"data":[]}',
        b'{"total":"1","data":[{}]}',
        b'{"total":-1,"data":[]}',
        b'{"data":[]}',
        b'{"total":1,"data":[1]}',
        b'{"total":1,"data":{}}',
        b"[]",
        b'{"total":1,"data":[{"workdayID":"x"}',
        b'{"error":"Processing error occurred"}',
        b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/hostname">]><x>&e;</x>',
        b"",
    ],
)
def test_a5_an_answer_that_cannot_be_trusted_is_none(body: bytes) -> None:
    tenant = Tenant()
    tenant.troubles = [reply(body)] * 9
    with pytest.raises(UnavailableError, match="cannot be used"):
        Rig(tenant).read()


@pytest.mark.parametrize("body", [{"errors": 5}, {"errors": True}, {"errors": {"a": 1}}, {"error": 5}, {"errors": [5]}])
def test_a5_a_refusal_is_sorted_whatever_its_words(body: Any) -> None:
    tenant = Tenant()
    tenant.troubles = [reply(body, status=403)] * 9
    with pytest.raises(PermissionError_):
        Rig(tenant).read()


@pytest.mark.parametrize("date", [f"Mon, 23 Nov {'9' * 20} 15:07:00 GMT", f"Mon, 23 Nov 2026 15:07:00 +{'9' * 20}"])
def test_a5_a_date_that_never_is_tells_no_time(date: str) -> None:
    with pytest.raises(UnavailableError, match="no time of its own"):
        tell_date(reply({}, date=date))  # type: ignore[arg-type]


@pytest.mark.parametrize("piece", [b"{},", b"[],", b"0,"])
def test_a5_a_page_of_more_values_than_any_of_theirs_is_none(piece: bytes) -> None:
    with pytest.raises(ValueError, match="more values"):
        read_collection(reply(b'{"total":1,"data":[' + piece * 1_000_000 + b"0]}"))  # type: ignore[arg-type]


def test_a5_a_page_cut_off_at_any_byte_is_none() -> None:
    """Of REST and of WQL alike: their pages have one shape."""
    whole = reply(page(2, 0, 1)).read()
    assert len(read_collection(reply(whole)).rows) == 2  # type: ignore[arg-type]
    for end in range(len(whole)):
        with pytest.raises(ValueError, match=r"^it "):
            read_collection(reply(whole[:end]))  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", ["text/html", "application/xml", "", "application/jsonp", "text/plain; a=json"])
def test_a5_only_json_by_its_own_account_is_read(kind: str) -> None:
    tenant = Tenant()
    tenant.troubles = [MemoryResponse(200, b'{"total":0,"data":[]}', {"content-type": kind})] * 9
    with pytest.raises(UnavailableError, match="not JSON"):
        Rig(tenant).read()


@pytest.mark.parametrize(
    ("header", "longest"),
    [("7", 7), ("900", 900), ("-5", 60), ("soon", 60), (None, 60)],
)
def test_a_refusal_for_pace_is_waited_out_and_never_for_ever(header: str | None, longest: float) -> None:
    tenant = Tenant()
    tenant.troubles = [reply({}, status=429, **({} if header is None else {"retry_after": header}))]
    rig = Rig(tenant)
    assert len(rig.read()) == 5
    assert len(rig.slept) == 1
    assert 0 < rig.slept[0] <= longest


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (["1000000000"], "stay away for 11,574 days"),
        ([format_datetime(NOW + timedelta(hours=2), usegmt=True)], "come again in 7200 s"),
        (["600", "400"], "come again in 400 s"),
    ],
)
@pytest.mark.parametrize("status", [429, 503])
def test_more_patience_than_a_run_has_ends_the_reading_and_says_when_to_come_again(
    status: int, asked: list[str], told: str
) -> None:
    tenant = Tenant()
    tenant.troubles = [reply({}, status=status, retry_after=header) for header in asked]
    rig = Rig(tenant)
    with pytest.raises(RateLimitError if status == 429 else UnavailableError, match=told) as ended:
        rig.read()
    assert tenant.troubles == []
    assert sum(rig.slept) <= 900
    assert (ended.value.remedy or "").startswith(("run it again then", "nobody means that"))


def test_a_date_in_retry_after_is_honoured() -> None:
    tenant = Tenant()
    tenant.troubles = [
        reply({}, status=429, retry_after=format_datetime(NOW + timedelta(seconds=42), usegmt=True)),
        reply({}, status=503, retry_after="30"),
    ]
    rig = Rig(tenant)
    rig.read()
    assert rig.slept == [42, 30]


@pytest.mark.parametrize("status", [429, 500, 502, 503])
def test_patience_ends(status: int) -> None:
    tenant = Tenant()
    tenant.troubles = [reply({}, status=status)] * 99
    rig = Rig(tenant)
    with pytest.raises(RateLimitError if status == 429 else UnavailableError):
        rig.read()
    assert len(rig.transport.requests) == 6  # the token, and five attempts


def test_a_quota_403_is_pace_and_any_other_403_is_permission() -> None:
    tenant = Tenant()
    tenant.troubles = [reply({"error": "Daily quota exceeded"}, status=403)]
    assert len(Rig(tenant).read()) == 5
    tenant.troubles = [reply({"error": "User has insufficient permissions"}, status=403)]
    rig = Rig(tenant)
    with pytest.raises(PermissionError_, match=r"wql\.costCenters"):
        rig.read()
    assert rig.slept == []


@pytest.mark.parametrize("status", [403, 429])
def test_a_token_endpoint_that_asks_for_patience_is_given_it(status: int) -> None:
    tenant, left = Tenant(), [reply({}, status=status, retry_after="11")]

    def answer(request: HttpRequest) -> MemoryResponse | Exception:
        return left.pop() if left and request.url.endswith("/token") else tenant(request)

    rig = Rig(answer)
    assert len(rig.read()) == 5
    assert rig.slept == [11]


def test_few_tokens_left_make_us_slow_and_fail_nothing() -> None:
    tenant = Tenant()
    answers = chain([3600, 3599, 100, 3000, 0], repeat(3000))

    def answer(request: HttpRequest) -> MemoryResponse | Exception:
        response = tenant(request)
        if isinstance(response, MemoryResponse) and not request.url.endswith("/token"):
            response.headers["wd-ratelimit-tokens-remaining"] = str(next(answers))
        return response

    rig = Rig(answer)
    assert len(rig.read()) == 5
    assert rig.slept == [1.0, 5.0]


def test_a_401_loop_ends_after_one_renewal() -> None:
    tenant = Tenant()
    tenant.troubles = [reply({}, status=401)] * 99
    with pytest.raises(AuthenticationError):
        Rig(tenant).read()
    assert tenant.given == 2


def test_a_rotated_refresh_token_is_kept_before_anything_is_asked_with_what_came_along() -> None:
    tenant = Tenant()
    tenant.tokens = [
        b'{"access_token":"t1","refresh_token":"second"}',
        b'{"access_token":"t2","refresh_token":"second"}',
    ]
    rig = Rig(tenant)
    order: list[str] = []
    rig.connector._client._signer._keep_secret = lambda *_: order.append(f"kept after {len(rig.transport.requests)}")  # type: ignore[attr-defined]
    rig.read()
    assert order == ["kept after 1"]
    rig.now += timedelta(hours=1)
    rig.read()
    asked = [body_of(request) for request in rig.transport.requests if request.url.endswith("/token")]
    assert asked[1].endswith("refresh_token=second")
    assert order == ["kept after 1"]


def test_a_token_that_cannot_be_kept_stops_everything_and_is_kept_first_the_next_time() -> None:
    tenant = Tenant()
    tenant.tokens = [b'{"access_token":"t1","refresh_token":"second"}']
    rig = Rig(tenant)
    signer: Any = rig.connector._client._signer

    def refuse(_field: str, _value: Secret) -> None:
        raise ConfigurationError("the vault does not open")

    keep, signer._keep_secret = signer._keep_secret, refuse
    with pytest.raises(ConfigurationError, match="vault"):
        rig.read()
    assert len(rig.transport.requests) == 1
    signer._keep_secret = keep
    rig.read()
    assert rig.kept == [("refresh_token", "second")]


def late() -> AmbiguousWriteError:
    error = AmbiguousWriteError("the answer did not come in time")
    error.timed_out = True
    return error


def centers(count: int) -> Tenant:
    return Tenant(costCenters=[{"workdayID": wid(n), "referenceID": f"CC{n}"} for n in range(count)])


def windows(rig: Rig) -> list[tuple[int, int]]:
    """Limit and offset of every page asked for; the fitting asks for one row."""
    asked = (dict(request.query) for request in rig.transport.requests if request.url.endswith("/data"))
    return [(int(query["limit"]), int(query["offset"])) for query in asked if query["limit"] != "1"]


def slow_above(tenant: Tenant, most: int, *, offsets: range = range(10**9)) -> Answer:
    def answer(request: HttpRequest) -> MemoryResponse | Exception:
        query = dict(request.query)
        slow = int(query.get("limit", 0)) > most and int(query.get("offset", 0)) in offsets
        return late() if slow else tenant(request)

    return answer


@pytest.mark.parametrize(("most", "sizes"), [(50, {100, 50}), (30, {100, 50, 25}), (10, {100, 50, 25, 10})])
def test_a_page_that_comes_too_late_is_asked_for_in_smaller_ones(most: int, sizes: set[int]) -> None:
    rig = Rig(slow_above(centers(330), most), page_size=999)
    assert keys(rig.read()) == [f"CC{n}" for n in range(330)]
    assert {limit for limit, _ in windows(rig)} == sizes
    assert rig.slept == []


@pytest.mark.parametrize("trouble", ["silence", "504"])
def test_in_the_middle_reading_goes_on_where_it_was_and_pages_grow_back(trouble: str) -> None:
    tenant, tired = centers(1430), range(300, 500)

    def answer(request: HttpRequest) -> MemoryResponse | Exception:
        query = dict(request.query)
        if int(query.get("limit", 0)) == 100 and int(query["offset"]) in tired:
            return late() if trouble == "silence" else reply({}, status=504)
        return tenant(request)

    rig = Rig(answer, page_size=100)
    assert keys(rig.read()) == [f"CC{n}" for n in range(1430)]
    asked = windows(rig)
    assert {(100, 200), (100, 300), (50, 300), (50, 650), (100, 700)} <= set(asked)
    assert (50, 700) not in asked


def test_the_smallest_pages_are_asked_for_patiently() -> None:
    rig = Rig(slow_above(centers(330), 1), page_size=100)
    with pytest.raises(UnavailableError):
        rig.read()
    assert [limit for limit, _ in windows(rig)] == [100, 50, 25, *[10] * 5]
    assert len(rig.slept) == 4


def staff(n: int) -> dict[str, Any]:
    return {
        "id": wid(n),
        "descriptor": f"Person {n}",
        "workerId": str(21000 + n),
        "workerType": {"descriptor": "Employee", "id": "x"},
        "person": {"id": "p", "email": f"p{n}@acme.example", "phone": "5"},
        "primaryJob": {"businessTitle": "Welder", "jobProfile": {"id": "j", "Job_Profile_ID": "JP-WELD"}},
    }


def test_staffing_alone_is_read_page_by_page_and_no_further_than_the_budget_allows() -> None:
    tenant = Tenant()
    tenant.staffing = [staff(n) | {"descriptor": "x" * 10_000} for n in range(4000)]
    rig = Rig(tenant, page_size=50, read_ahead_mb=9)
    pages = rig.connector.read(WORKERS)
    worker, *others = map(to_canonical, next(pages).records)
    assert isinstance(worker, Worker)
    assert (worker.key, worker.employee_id, worker.email) == (wid(0), "21000", "p0@acme.example")
    assert len(others) == 49
    for _ in range(20):
        assert len(next(pages).records) == 50
    # Half a megabyte a page, two while it waits: four may wait beside the 21 taken.
    assert len([request for request in rig.transport.requests if request.url.endswith("/workers")]) <= 25
    pages.close()


def test_a_stray_refusal_costs_no_source_of_workers() -> None:
    rows = [{"workdayID": wid(1), "employeeID": "1", "activeStatus": True, "isContingentWorker": False}]
    tenant = Tenant(allWorkers=rows)
    tenant.troubles = [reply({"error": "no"}, status=403)]
    (record,) = Rig(tenant).read(WORKERS)
    assert b'"active":true' in record.payload


def test_a_client_without_the_scope_of_wql_reads_workers_and_clock_of_the_staffing_service() -> None:
    tenant = Tenant()
    tenant.staffing = [staff(1)]

    def answer(request: HttpRequest) -> MemoryResponse | Exception:
        return reply({"error": "no scope"}, status=403) if "/wql/" in request.url else tenant(request)

    rig = Rig(answer)
    assert keys(rig.read(WORKERS)) == [wid(1)]
    assert rig.connector.now() == NOW
    with pytest.raises(PermissionError_):
        rig.read(CENTERS)


def test_refused_fields_are_left_out_and_named() -> None:
    rig = Rig(Tenant())
    rig.read()
    (info,) = (info for info in rig.connector.discover() if info.type == RecordType.COST_CENTER)
    assert {"code", "name", "active", "available_on"} <= set(info.missing)
    assert {field.name for field in info.fields} == {"wid", "key"}


@pytest.mark.parametrize("total", [0, 5])
def test_a2_2_a_page_that_is_suddenly_empty_says_that_a_role_may_be_gone(total: int) -> None:
    emptied = moving(page(5, 0, 1), page(total))
    with pytest.raises(IncompleteReadError, match="page 2 is empty, where 5 records were announced: a role") as caught:
        Rig(emptied).read()
    assert "ml-connector ping workday" in (caught.value.remedy or "")


def test_up_02_discover_names_the_sources_that_are_refused() -> None:
    told = {info.type: info.remedy or "" for info in Rig(Tenant()).connector.discover(ask=True)}
    assert "allLocations or locations" in told["location"]
    assert "grant the API client Workday Query Language" in told["location"]
    assert told["cost_center"] == ""


@pytest.mark.parametrize(
    ("trouble", "exit_code"),
    [
        (NotSentError("no connection", remedy="check the host"), 7),
        (reply({"error": "no"}, status=401), 5),
        (reply({}, status=429, retry_after="3600"), 7),
        (reply({}, status=302), 6),
    ],
    ids=["away", "not let in", "throttled", "sent elsewhere"],
)
def test_cc_14_discover_tells_nothing_of_a_tenant_it_did_not_reach(trouble: Any, exit_code: int) -> None:
    def answer(request: HttpRequest) -> MemoryResponse | Exception:
        return reply({"access_token": "t"}) if request.url.endswith("/token") else trouble

    app: Any = SimpleNamespace(workday=Rig(answer).connector)
    with pytest.raises(MLConnectorError) as caught:
        discover(app, system="workday")
    assert caught.value.exit_code == exit_code
    assert caught.value.remedy


def test_another_known_alias_is_taken_for_a_refused_one() -> None:
    rows = [{"workdayID": wid(1), "employeeID": "1", "isActive": True, "isContingentWorker": False}]
    rig = Rig(Tenant(allWorkers=rows))
    (worker,) = map(to_canonical, rig.read(WORKERS))
    assert isinstance(worker, Worker)
    assert worker.active is True


def test_an_indispensable_field_that_is_refused_is_named_with_its_setting() -> None:
    tenant = Tenant(costCenters=[{"workdayID": wid(1), "code": "1"}])
    with pytest.raises(ConfigurationError, match=r"referenceID \(key\)") as caught:
        Rig(tenant).read()
    assert "workday.wql.cost_center" in (caught.value.remedy or "")


def test_a_source_that_is_refused_is_named() -> None:
    with pytest.raises(ConfigurationError, match="allLocations or locations"):
        Rig(Tenant()).read(Query(record_type=RecordType.LOCATION))


def test_configured_aliases_are_asked_for_and_nothing_else_can_be() -> None:
    sources = open_sources({"cost_center": WqlSource(source="myCenters", fields={"code": "centerCode", "name": ""})})
    assert sources["cost_center"].alias == "myCenters"
    assert sources["cost_center"].fields["code"] == "centerCode"
    assert "name" not in sources["cost_center"].fields
    with pytest.raises(ConfigurationError, match="no field colour"):
        open_sources({"cost_center": WqlSource(fields={"colour": "colour"})})
    with pytest.raises(ConfigurationError, match="cannot be done without"):
        open_sources({"worker": WqlSource(fields={"active": ""})})
    with pytest.raises(ValueError, match="no WQL alias"):
        WqlSource(fields={"code": "code FROM allWorkers"})


def test_the_day_goes_into_the_query_and_a_source_that_takes_none_is_told() -> None:
    tenant = Tenant()
    rig = Rig(tenant)
    rig.read(Query(record_type=RecordType.COST_CENTER, as_of=AsOf(date(2026, 12, 1), NOW)))
    assert tenant.queries[-1].endswith('FROM costCenters (effectiveAsOfDate = "2026-12-01")')

    def no_dates(request: HttpRequest) -> MemoryResponse | Exception:
        dated = isinstance(request.body, bytes) and b"effectiveAsOfDate" in request.body
        return reply({"error": "Invalid request"}, status=400) if dated else Tenant.__call__(tenant, request)

    today = Query(record_type=RecordType.COST_CENTER, as_of=AsOf(date(2026, 11, 23), NOW))
    assert len(Rig(no_dates).read(today)) == 5
    with pytest.raises(ConfigurationError, match="takes no effective date"):
        Rig(no_dates).read(Query(record_type=RecordType.COST_CENTER, as_of=AsOf(date(2026, 12, 9), NOW)))


def staffed() -> Tenant:
    tenant = Tenant(
        allWorkers=[
            {
                "workdayID": wid(n),
                "employeeID": f"{n:03}",
                "activeStatus": True,
                "costCenter": {"descriptor": "One", "id": wid(1)},
                "manager": {"descriptor": "Boss [C]" if n == 1 else "Boss", "id": wid(0)},
            }
            for n in range(3)
        ]
    )
    job = {"jobProfile": {"id": wid(70), "Job_Profile_ID": "JP-1"}, "location": {"id": wid(80), "Location_ID": "DET"}}
    tenant.staffing = [
        {"id": wid(n), "workerId": f"{n:03}", "descriptor": f"W {n}", "primaryJob": job} for n in range(2)
    ]
    return tenant


def test_a_worker_is_put_together_by_wid_and_pointers_become_ids() -> None:
    records = [to_canonical(record) for record in Rig(staffed()).read(WORKERS) if wid(2).encode() not in record.payload]
    assert [record.key for record in records] == [wid(0), wid(1)]
    for worker in records:
        assert isinstance(worker, Worker)
        assert worker.primary_job is not None
        assert (worker.primary_job.job_profile_id, worker.primary_job.location_id) == ("JP-1", "DET")
        assert not isinstance(worker.organizations, type(worker.active))
        assert worker.organizations.cost_center == "CC1"  # type: ignore[union-attr]
        assert (worker.employee_id, worker.manager_id) == (worker.employee_id, "000")
    assert [worker.manager_type for worker in records if isinstance(worker, Worker)] == ["employee", "contingent"]


def test_a_worker_only_one_service_shows_is_no_whole_reading() -> None:
    tenant = staffed()
    tenant.staffing.append({"id": wid(9), "workerId": "009"})
    with pytest.raises(IncompleteReadError, match="shows 1 workers"):
        Rig(tenant).read(WORKERS)


def test_cc_13_a_staffing_service_that_shows_nobody_while_wql_shows_workers_is_no_whole_reading() -> None:
    tenant = staffed()
    tenant.staffing.clear()
    with pytest.raises(IncompleteReadError, match="shows nobody, the WQL source 3 workers"):
        Rig(tenant).read(WORKERS)


def test_nothing_says_what_kind_of_worker_it_is() -> None:
    record = next(r for r in Rig(staffed()).read(WORKERS) if wid(2).encode() in r.payload)
    with pytest.raises(RecordError, match="employee or a contingent") as caught:
        to_canonical(record)
    assert caught.value.code == "no_type"


def test_the_same_record_is_the_same_bytes_in_any_order_of_keys() -> None:
    def payloads(rows: list[dict[str, Any]]) -> Iterator[bytes]:
        return (record.payload for record in Rig(Tenant(costCenters=rows)).read())

    row = {"workdayID": wid(1), "referenceID": "CC1", "code": "1"}
    assert list(payloads([row])) == list(payloads([dict(reversed(row.items()))]))


def test_half_a_character_parks_its_record_and_no_other() -> None:
    rows = [
        {"workdayID": wid(n), "referenceID": f"CC{n}", "name": name} for n, name in enumerate(["ok", "\ud800", "a\0"])
    ]
    good, half, nul = Rig(Tenant(costCenters=rows)).read()
    assert isinstance(to_canonical(good), CostCenter)
    for bad in (half, nul):
        with pytest.raises(RecordError) as caught:
            to_canonical(bad)
        assert caught.value.code == "malformed"


def test_the_clock_is_the_answers_own_and_in_the_tenants_zone() -> None:
    now = Rig(Tenant()).connector.now()
    assert now == NOW
    assert now.utcoffset() == timedelta(hours=-8)


@pytest.mark.parametrize("zone", ["America/Los_Angeles", "Asia/Tokyo"])
@pytest.mark.parametrize("year", ["9999", "1969"])
def test_a5_a_clock_of_another_age_is_told_and_no_day_is_counted_from_it(zone: str, year: str) -> None:
    late_in_the_year = reply({"total": 0, "data": []}, date=f"Fri, 31 Dec {year} 23:59:59 GMT")

    def answer(request: HttpRequest) -> MemoryResponse:
        return reply({"access_token": "t"}) if request.url.endswith("/token") else late_in_the_year

    rig = Rig(answer, time_zone=zone)
    with pytest.raises(UnavailableError, match=f"the year {year}"):
        rig.connector.now()
    (health,) = rig.connector.check()
    assert (health.ok, health.exit_code) == (False, 7)


def test_a5_a_date_whose_zone_leaves_the_calendar_tells_no_time() -> None:
    with pytest.raises(UnavailableError, match="no time of its own"):
        tell_date(reply({}, date="Fri, 31 Dec 9999 23:59:59 -0100"))  # type: ignore[arg-type]


@pytest.mark.parametrize("strange", [{}, [], {"a": 1}, 7, None])
def test_a5_an_instance_whose_id_is_none_is_no_reason_for_the_check_to_break_off(strange: Any) -> None:
    row = {"workdayID": wid(1), "employeeID": "1", "activeStatus": True, "company": {"descriptor": "x", "id": strange}}
    tenant = Tenant(allWorkers=[row])
    (health,) = Rig(tenant).connector.check()
    workers = next(each for each in health.types if each.type == RecordType.WORKER)
    assert "organizations.company" in (workers.problem or "")


def test_whether_a_source_takes_a_day_is_asked_where_a_day_is_meant() -> None:
    """A reading of today asks for none, and says nothing about one that does."""

    def answer(request: HttpRequest) -> Any:
        if isinstance(request.body, bytes) and b"effectiveAsOfDate" in request.body:
            return reply({"error": "no effective date here"}, status=400)
        return tenant(request)

    tenant = Tenant()
    rig = Rig(answer)
    assert len(rig.read()) == 5
    dated = Query(record_type=RecordType.COST_CENTER, as_of=AsOf(NOW.date(), NOW))
    assert len(rig.read(dated)) == 5
