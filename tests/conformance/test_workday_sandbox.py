"""The pretended Workday against the genuine schemas, and in the hands of a stock SOAP client."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import requests
import zeep
from lxml import etree
from zeep.transports import Transport
from zeep.wsse.username import UsernameToken

from ml_connector.sandbox.http import Request
from ml_connector.sandbox.prerender import Filling, render_pages
from ml_connector.sandbox.tenant.tenant import Tenant
from ml_connector.sandbox.workday.call import make_call
from ml_connector.sandbox.workday.catalog import OPERATIONS, SHAPES, Operation
from ml_connector.sandbox.workday.markup import undeclared
from ml_connector.sandbox.workday.sandbox import _LISTINGS, WorkdaySandbox
from tests.conformance.vendor import load_schema
from tests.unit.sandbox.soap import SOAP, VERSIONS, WD, ask, content, filtered, now, send

WSDLS = {
    "Human_Resources": "Human_Resources.v33.1.wsdl",
    "Staffing": "Staffing.v26.1.wsdl",
    "Financial_Management": "Financial_Management.v30.0.wsdl",
}
SERVED = [
    pytest.param(operation, service, id=f"{service}.{operation.name}")
    for operation in OPERATIONS
    for service in operation.services
    if operation.is_served(service, version=VERSIONS[service]) and not operation.writes
]
REFERENCES = (
    '<bsvc:Request_References bsvc:Skip_Non_Existing_Instances="true"><bsvc:Worker_Reference>'
    '<bsvc:ID bsvc:type="Employee_ID">000001</bsvc:ID></bsvc:Worker_Reference></bsvc:Request_References>'
)
CRITERIA = {
    "Get_Workers": (
        "<bsvc:Transaction_Log_Criteria_Data><bsvc:Transaction_Date_Range_Data>"
        "<bsvc:Updated_From>2026-11-23T00:00:00Z</bsvc:Updated_From>"
        "<bsvc:Updated_Through>2026-11-25T00:00:00Z</bsvc:Updated_Through></bsvc:Transaction_Date_Range_Data>"
        "</bsvc:Transaction_Log_Criteria_Data><bsvc:Exclude_Employees>false</bsvc:Exclude_Employees>"
    ),
    "Get_Organizations": (
        '<bsvc:Organization_Type_Reference><bsvc:ID bsvc:type="Organization_Type_ID">COMPANY</bsvc:ID>'
        "</bsvc:Organization_Type_Reference>"
    ),
    "Get_Cost_Centers": (
        "<bsvc:Updated_From_Date>2026-11-23T00:00:00Z</bsvc:Updated_From_Date>"
        "<bsvc:Updated_To_Date>2026-11-25T00:00:00Z</bsvc:Updated_To_Date>"
    ),
    "Get_Positions": "<bsvc:Exclude_Filled_Positions>true</bsvc:Exclude_Filled_Positions>",
}


@pytest.fixture(scope="module")
def sandbox() -> WorkdaySandbox:
    """A tenant in which everything has happened that can be told."""
    tenant = Tenant(workers=150)
    tenant.advance(3)
    for name in tenant.scenarios():
        tenant.play(name)
    tenant.play("population_restored")
    return WorkdaySandbox(tenant)


def all_flags(operation: Operation, *, but: str = "") -> str:
    fields = SHAPES[f"{operation.record}_Response_Group"].fields
    flags = [name for name in fields if not name.startswith("Exclude_") and name != but]
    return "<bsvc:Response_Group>" + "".join(f"<bsvc:{f}>1</bsvc:{f}>" for f in flags) + "</bsvc:Response_Group>"


def check(payload: etree._Element, *, service: str) -> None:
    schema = load_schema(WSDLS[service])
    assert schema.validate(payload), schema.error_log


@pytest.mark.parametrize(("operation", "service"), SERVED)
def test_the_plain_answer_is_valid(sandbox: WorkdaySandbox, operation: Operation, service: str) -> None:
    check(ask(sandbox, operation.name, service=service), service=service)


@pytest.mark.parametrize(("operation", "service"), [each for each in SERVED if each.values[0].record])
def test_the_fullest_answer_is_valid_with_its_echo(sandbox: WorkdaySandbox, operation: Operation, service: str) -> None:
    for but in ("Include_Simple_Cost_Center_Data", "Include_Cost_Center_Data"):
        inner = filtered(count=999, by=now(sandbox), on=str(sandbox.tenant.today)) + all_flags(operation, but=but)
        payload = ask(sandbox, operation.name, inner, service=service)
        assert len(payload[-1]) > 0
        check(payload, service=service)


@pytest.mark.parametrize(("operation", "service"), [each for each in SERVED if each.values[0].name in CRITERIA])
def test_the_criteria_come_back_valid(sandbox: WorkdaySandbox, operation: Operation, service: str) -> None:
    inner = f"<bsvc:Request_Criteria>{CRITERIA[operation.name]}</bsvc:Request_Criteria>"
    payload = ask(sandbox, operation.name, inner, service=service)
    assert payload[0].tag.endswith("Request_Criteria")
    check(payload, service=service)


@pytest.mark.parametrize("add_only", ["true", "false"])
def test_the_answer_to_a_put_is_valid(add_only: str) -> None:
    """As the request is: the sandbox accepts nothing here that the vendor's schema would not."""
    fresh = WorkdaySandbox(Tenant(workers=4))
    request = (
        f'<bsvc:Put_Cost_Center_Request xmlns:bsvc="{WD[1:-1]}" bsvc:Add_Only="{add_only}" bsvc:version="v30.0">'
        '<bsvc:Cost_Center_Data bsvc:Effective_Date="2026-11-23"><bsvc:Organization_Data><bsvc:ID>CC4600</bsvc:ID>'
        "<bsvc:Organization_Name>Robotics</bsvc:Organization_Name><bsvc:Organization_Active>1</bsvc:Organization_Active>"
        "<bsvc:Availability_Date>2026-11-23</bsvc:Availability_Date></bsvc:Organization_Data>"
        '<bsvc:Organization_Subtype_Reference><bsvc:ID bsvc:type="Organization_Subtype_ID">Cost_Center</bsvc:ID>'
        "</bsvc:Organization_Subtype_Reference></bsvc:Cost_Center_Data></bsvc:Put_Cost_Center_Request>"
    )
    check(etree.fromstring(request), service="Financial_Management")
    response = send(fresh, request, service="Financial_Management")
    assert response.status == 200
    check(etree.fromstring(content(response)).find(f"{SOAP}Body")[0], service="Financial_Management")
    check(ask(fresh, "Get_Cost_Centers", service="Financial_Management"), service="Financial_Management")


def test_the_references_come_back_valid(sandbox: WorkdaySandbox) -> None:
    payload = ask(sandbox, "Get_Workers", REFERENCES)
    assert payload[0].tag.endswith("Request_References")
    check(payload, service="Human_Resources")


@pytest.mark.parametrize("service", list(WSDLS))
def test_the_details_of_a_fault_are_valid(sandbox: WorkdaySandbox, service: str) -> None:
    envelope = etree.fromstring(content(send(sandbox, "<bsvc:Get_Horses_Request/>", service=service)))
    (detail,) = envelope.find(f"{SOAP}Body/{SOAP}Fault/detail")
    check(detail, service=service)


@pytest.mark.parametrize("name", list(_LISTINGS))
def test_nothing_is_said_that_the_shapes_do_not_know(sandbox: WorkdaySandbox, name: str) -> None:
    operation = next(each for each in OPERATIONS if each.name == name)
    listing = _LISTINGS[name]()
    flags = frozenset(SHAPES[f"{operation.record}_Response_Group"].fields) - {"Include_Simple_Cost_Center_Data"}
    flags = frozenset(flag for flag in flags if not flag.startswith("Exclude_"))
    call = make_call({}, view=sandbox.tenant.view(), defaults=flags)
    shape = SHAPES[operation.record or ""]
    assert [fault for key in listing.select(call) for fault in undeclared(shape, listing.describe(call, key))] == []


@pytest.mark.parametrize("service", list(WSDLS))
def test_our_own_description_holds_for_our_own_answers(sandbox: WorkdaySandbox, service: str) -> None:
    """Every answer is also valid by the WSDL the sandbox itself gives out."""
    request = Request("GET", f"/ccx/service/acme1/{service}/v40.0", {"wsdl": [""]}, {"host": "127.0.0.1:1"}, b"")
    root = etree.fromstring(content(sandbox.answer(request)))
    (described,) = root.iter("{http://www.w3.org/2001/XMLSchema}schema")
    schema = etree.XMLSchema(described)
    for operation in (each.values[0] for each in SERVED if each.values[1] == service):
        inner = "" if operation.record is None else all_flags(operation, but="Include_Simple_Cost_Center_Data")
        assert schema.validate(ask(sandbox, operation.name, inner, service=service)), schema.error_log


@pytest.mark.parametrize(("filling", "least", "most"), [("full", 30_000, 38_000), ("plain", 14_000, 22_000)])
def test_kept_pages_are_valid_and_as_large_as_promised(tmp_path: Path, filling: Filling, least: int, most: int) -> None:
    kept = render_pages(WorkdaySandbox(Tenant(workers=20)), tmp_path, page_sizes=(10,), filling=filling)
    page = kept.find_workers(count=10, page=2)
    assert page is not None
    body = gzip.decompress(page.data)
    assert least < len(body) / 10 < most
    check(etree.fromstring(body).find(f"{SOAP}Body")[0], service="Human_Resources")
    assert kept.find_workers(count=10, page=3) is None


class _Server(ThreadingHTTPServer):
    def __init__(self, sandbox: WorkdaySandbox) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.sandbox = sandbox


class _Handler(BaseHTTPRequestHandler):
    """As much of HTTP as a stock client needs."""

    server: _Server

    def _answer(self) -> None:
        path, _, query = self.path.partition("?")
        length = int(self.headers.get("content-length") or 0)
        headers = {name.lower(): text for name, text in self.headers.items()}
        request = Request(self.command, path, {query: [""]} if query else {}, headers, self.rfile.read(length))
        response = self.server.sandbox.answer(request)
        body = response.body if isinstance(response.body, bytes) else b"".join(response.body)
        self.send_response(response.status)
        for name, text in response.headers.items():
            self.send_header(name, text)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = _answer  # noqa: N815 - the names http.server calls

    def log_message(self, format: str, *args: Any) -> None: ...  # noqa: A002 - its own name


@pytest.fixture
def address(sandbox: WorkdaySandbox) -> Iterator[str]:
    with _Server(sandbox) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/ccx/service/acme1"
        server.shutdown()
        thread.join()


@pytest.fixture
def session() -> Iterator[requests.Session]:
    with requests.Session() as made:
        made.trust_env = False
        yield made


def client(sandbox: WorkdaySandbox, url: str, session: requests.Session, **wrong: str) -> zeep.Client:
    isu = sandbox.credentials["isu"] | wrong
    token = UsernameToken(isu["username"], isu["password"])
    return zeep.Client(f"{url}?wsdl", wsse=token, transport=Transport(session=session, timeout=30))


def test_a_stock_client_reads_workers(sandbox: WorkdaySandbox, address: str, session: requests.Session) -> None:
    hr = client(sandbox, f"{address}/Human_Resources/v40.0", session)
    moment = hr.service.Get_Server_Timestamp()["Server_Timestamp_Data"][0]
    answer = hr.service.Get_Workers(
        Response_Filter={"As_Of_Entry_DateTime": moment, "Page": 2, "Count": 50},
        Response_Group={
            "Include_Reference": True,
            "Include_Employment_Information": True,
            "Include_Compensation": True,
        },
    )
    assert int(answer["Response_Results"]["Page_Results"]) == 50
    workers = answer["Response_Data"]["Worker"]
    assert len(workers) == 50
    jobs = [worker["Worker_Data"]["Employment_Data"]["Worker_Job_Data"] for worker in workers]
    assert all(job[0]["Primary_Job"] for job in jobs)
    assert answer["version"] == "v40.0"


def test_a_stock_client_reads_every_other_listing(
    sandbox: WorkdaySandbox, address: str, session: requests.Session
) -> None:
    for operation in OPERATIONS:
        if operation.record is not None:
            service = operation.services[-1]
            answer = getattr(client(sandbox, f"{address}/{service}/v40.0", session).service, operation.name)()
            assert len(answer["Response_Data"][operation.record]) > 0


def test_a_stock_client_is_told_what_is_wrong(sandbox: WorkdaySandbox, address: str, session: requests.Session) -> None:
    url = f"{address}/Human_Resources/v40.0"
    with pytest.raises(zeep.exceptions.Fault, match="invalid username or password"):
        client(sandbox, url, session, password="wrong").service.Get_Server_Timestamp()
    with pytest.raises(zeep.exceptions.Fault, match="Page Number cannot be zero") as refused:
        client(sandbox, url, session).service.Get_Workers(Response_Filter={"Page": 0})
    assert refused.value.code == "SOAP-ENV:Client.validationError"
