"""A report as a reader of workers: columns by name, drift told, one worker a row, memory a page."""

from __future__ import annotations

import gzip
import io
import json
from datetime import UTC, date, datetime
from typing import Any

import pytest
import urllib3

from ml_connector.canonical.keys import AsOf, NativeRecord, RecordType
from ml_connector.canonical.workforce import Worker
from ml_connector.connectors.port import Query
from ml_connector.connectors.transport import HttpRequest, HttpResponse
from ml_connector.connectors.workday.report import COLUMNS as USUAL
from ml_connector.connectors.workday.report import ReportConnector
from ml_connector.errors import ConfigurationError, IncompleteReadError, RateLimitError, UnavailableError
from ml_connector.mapping.workday import to_canonical
from ml_connector.secret import Secret
from tests.fault_modes import bounded_memory
from tests.workday_wire import MemoryResponse, MemoryTransport, credential, settings

NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
JSON = {"content-type": "application/json;charset=UTF-8", "date": "Mon, 23 Nov 2026 09:30:00 GMT"}
WORKERS = Query(record_type=RecordType.WORKER)
USED = {"key", "employee_id", "name.given", "name.family", "active", "hired_on", "terminated_on"} | {
    *("jobs.job_profile_id", "jobs.location_id", "organizations.company", "organizations.cost_center")
}
COLUMNS = dict.fromkeys(USUAL.keys() - USED, "") | {"contingent": "Is_CW"}


def row(n: int, **changes: Any) -> dict[str, Any]:
    usual = {
        "Workday_ID": f"{n:032x}",
        "Employee_ID": f"{n:05}",
        "Is_CW": "0",
        "First_Name": "Ada",
        "Last_Name": "Nguyễn",
        "Active_Status": "1",
        "Hire_Date": "2024-03-04",
        "Job_Profile_ID": "JP-OPER",
        "Location_ID": "DET",
        "Company_ID": "C10",
        "Cost_Center_ID": "CC4100",
    }
    return {name: value for name, value in (usual | changes).items() if value is not None}


def report(*rows: dict[str, Any]) -> MemoryResponse:
    return MemoryResponse(200, json.dumps({"Report_Entry": rows}).encode(), JSON)


def connect(*answers: MemoryResponse | Exception, **changes: Any) -> tuple[ReportConnector, MemoryTransport]:
    left = list(answers)

    def answer(_request: HttpRequest) -> MemoryResponse | Exception:
        return left.pop(0) if len(left) > 1 else left[0]

    transport = MemoryTransport(answer)
    own = {"owner": "ISU_mlc", "name": "CR Workers", "columns": COLUMNS} | changes
    connector = ReportConnector(
        settings(surface="report", report=own, page_size=2),
        credential=credential,
        keep=lambda _field, _value: None,
        transport=transport,  # type: ignore[arg-type]
        clock=lambda: NOW,
        sleep=lambda _seconds: None,
    )
    return connector, transport


def read(connector: ReportConnector, query: Query = WORKERS) -> list[NativeRecord]:
    return [record for page in connector.read(query) for record in page.records]


@pytest.mark.parametrize("status", [429, 503])
def test_a2_2_patience_asked_for_by_the_hosts_clock_is_given(status: int) -> None:
    again = MemoryResponse(status, b"", JSON | {"retry-after": "7"})
    connector, transport = connect(again, MemoryResponse(401, b"", JSON))
    assert connector.now() == NOW
    assert len(transport.requests) == 2
    connector, transport = connect(MemoryResponse(status, b"", JSON | {"retry-after": "7200"}))
    with pytest.raises(RateLimitError if status == 429 else UnavailableError, match="come again in 7200 s"):
        connector.now()
    assert len(transport.requests) == 1


def test_rows_become_workers_by_the_names_of_their_columns() -> None:
    connector, transport = connect(report(row(1), row(2, Active_Status="0", Termination_Date="2026-10-31"), row(3)))
    workers = [to_canonical(record) for record in read(connector)]
    assert [worker.key for worker in workers] == [f"{n:032x}" for n in (1, 2, 3)]
    first, second, _third = workers
    assert isinstance(first, Worker)
    assert isinstance(second, Worker)
    assert (first.active, first.terminated_on) == (True, None)
    assert (second.active, second.terminated_on) == (False, date(2026, 10, 31))
    (request,) = transport.requests
    assert request.url.endswith("/ccx/service/customreport2/acme1/ISU_mlc/CR%20Workers")
    assert dict(request.query) == {"format": "json"}
    sent = request.headers["Authorization"]
    assert isinstance(sent, Secret)
    assert sent.reveal().startswith("Basic ")


def test_columns_that_were_added_are_let_be() -> None:
    plain, _ = connect(report(row(1)))
    added, _ = connect(report(row(1, Salary="1", Nested=[{"a": 1}])))
    assert read(plain) == read(added)


@pytest.mark.parametrize("column", ["Last_Name", "Cost_Center_ID", "Employee_ID", "Active_Status", "Workday_ID"])
def test_a_column_that_is_gone_is_named(column: str) -> None:
    rows = [row(n, **{column: None}) for n in range(3)]
    if column == "Workday_ID":
        rows = [each | {"n": n} for n, each in enumerate(rows)]
    connector, _ = connect(report(*rows))
    with pytest.raises(ConfigurationError, match=f"has no column {column}") as caught:
        read(connector)
    assert "workday.report.columns" in (caught.value.remedy or "")


def test_a_column_that_only_some_have_is_no_drift() -> None:
    connector, _ = connect(report(row(1), row(2), row(3, Cost_Center_ID=None), row(4)))
    assert len(read(connector)) == 4


def test_one_worker_in_two_rows_is_refused() -> None:
    connector, _ = connect(report(row(1), row(2), row(3), row(1, Job_Profile_ID="JP-WELD")))
    with pytest.raises(IncompleteReadError, match="twice"):
        read(connector)


@pytest.mark.parametrize("end", [1, 30, 200, -1, -3])
def test_a_report_that_breaks_off_is_no_report(end: int) -> None:
    whole = report(row(1), row(2), row(3))
    connector, _ = connect(MemoryResponse(200, whole.read()[:end], JSON))
    with pytest.raises(IncompleteReadError, match="cannot be used"):
        read(connector)


def test_nothing_given_yet_is_read_again_by_itself() -> None:
    whole = report(row(1))
    connector, transport = connect(MemoryResponse(200, whole.read()[:-3], JSON), whole)
    assert len(read(connector)) == 1
    assert len(transport.requests) == 2


def test_a_throttled_report_is_waited_for_and_given_up() -> None:
    refused = MemoryResponse(429, b"{}", JSON)
    connector, _ = connect(refused, report(row(1)))
    assert len(read(connector)) == 1
    connector, transport = connect(refused)
    with pytest.raises(RateLimitError):
        read(connector)
    assert len(transport.requests) == 5


def test_prompts_are_sent_and_the_day_with_them() -> None:
    connector, transport = connect(report(row(1)), prompts={"Company": "C10"}, effective_prompt="As_Of")
    later = Query(record_type=RecordType.WORKER, as_of=AsOf(date(2027, 1, 1), NOW))
    read(connector, later)
    assert dict(transport.requests[0].query) == {"Company": "C10", "As_Of": "2027-01-01", "format": "json"}


def test_pay_columns_are_passed_on_only_when_asked_for() -> None:
    pay = {"compensation.amount": "Pay", "compensation.currency": "Currency", "compensation.frequency": "Every"}
    rows = report(row(1, Pay="21.5", Currency="USD", Every="Hourly"))
    connector, _ = connect(rows, columns=COLUMNS | pay)
    assert b"21.5" not in read(connector)[0].payload
    (paid,) = (to_canonical(r) for r in read(connector, Query(record_type=RecordType.WORKER, include_pay=True)))
    assert isinstance(paid, Worker)
    assert paid.compensation
    assert str(paid.compensation.amount.disclose()) == "21.50"


@pytest.mark.parametrize(
    ("columns", "words"),
    [({"colour": "Colour"}, "no field colour"), ({"active": ""}, "active cannot be done without")],
)
def test_columns_that_cannot_be_are_refused_at_the_start(columns: dict[str, str], words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        connect(report(), columns=columns)


def test_the_clock_asks_nobody_to_run_the_report_and_signs_nothing() -> None:
    connector, transport = connect(MemoryResponse(404, b"", JSON))
    assert connector.now() == NOW
    assert "Authorization" not in transport.requests[0].headers


BLANKS, LETTERS = (gzip.compress(each * (1 << 20)) * 64 for each in (b" ", b"x"))


@pytest.mark.parametrize(
    ("at", "filling"),
    [
        (b"", BLANKS),
        (b'{"Report_Entry": [{', BLANKS),
        (b'{"Report_Entry": [{"Workday_ID": "', LETTERS),
        (b"},", BLANKS),
    ],
    ids=["before the rows", "in a row", "in a text", "between two rows"],
)
def test_a_report_that_unpacks_without_end_is_refused_once_and_in_little_memory(at: bytes, filling: bytes) -> None:
    whole = report(row(1), row(2)).read()
    head, tail = (whole[: whole.index(at) + len(at)], whole[whole.index(at) + len(at) :]) if at else (b"", whole)
    packed = gzip.compress(head) + filling + gzip.compress(tail)
    arrived = urllib3.HTTPResponse(
        io.BytesIO(packed), JSON | {"content-encoding": "gzip"}, 200, preload_content=False, decode_content=False
    )
    connector, transport = connect(HttpResponse(arrived, max_bytes=1 << 28))  # type: ignore[arg-type]
    with bounded_memory(16), pytest.raises(ConfigurationError, match="report CR Workers") as refused:
        read(connector)
    assert "asking again would bring the same" in (refused.value.remedy or "")
    assert len(transport.requests) == 1
