"""Faults: HTTP 500 every one, in the vendor's envelope and words."""

import pytest

from ml_connector.sandbox.http import Request
from ml_connector.sandbox.tenant import domains
from ml_connector.sandbox.tenant.tenant import Tenant
from ml_connector.sandbox.workday.sandbox import WorkdaySandbox
from tests.unit.sandbox.soap import ask, content, fault, header, refuse, send, worker_ids

UNKNOWN = (
    '<?xml version="1.0" encoding="utf-8"?><SOAP-ENV:Envelope xmlns:SOAP-ENV="http://schemas.xmlsoap.org/soap/envelope/">'
    '<SOAP-ENV:Body><SOAP-ENV:Fault xmlns:SOAP-ENV="http://schemas.xmlsoap.org/soap/envelope/" '
    'xmlns:wd="urn:com.workday/bsvc"><faultcode>SOAP-ENV:Client.validationError</faultcode><faultstring>Validation error '
    "occurred. Element not found=Get_Horses_Request-urn:com.workday/bsvc</faultstring><detail><wd:Validation_Fault>"
    "<wd:Validation_Error><wd:Message>Element not found=Get_Horses_Request-urn:com.workday/bsvc</wd:Message>"
    "<wd:Detail_Message></wd:Detail_Message><wd:Xpath></wd:Xpath></wd:Validation_Error></wd:Validation_Fault></detail>"
    "</SOAP-ENV:Fault></SOAP-ENV:Body></SOAP-ENV:Envelope>"
)


@pytest.fixture(scope="module")
def sandbox() -> WorkdaySandbox:
    return WorkdaySandbox(Tenant(workers=30))


def test_an_unknown_request_element(sandbox: WorkdaySandbox) -> None:
    response = send(sandbox, "<bsvc:Get_Horses_Request/>")
    assert content(response).decode() == UNKNOWN
    assert response.status == 500
    assert response.headers["x-wd-gid"].startswith("GID|")
    assert "WD-RateLimit-Tokens-Remaining" in response.headers


@pytest.mark.parametrize(
    ("service", "version"), [("Staffing", "v26.1"), ("Compensation", "v40.0"), ("Human_Resources", "v99.9")]
)
def test_a_known_element_at_the_wrong_service_or_version(sandbox: WorkdaySandbox, service: str, version: str) -> None:
    response = send(sandbox, "<bsvc:Get_Job_Profiles_Request/>", service=service, version=version)
    code, text, body = fault(response)
    assert code == "SOAP-ENV:Client.validationError"
    assert text == "The web service or version is invalid for the requested operation"
    assert b"<detail>" not in body
    assert "WD-RateLimit-Tokens-Remaining" not in response.headers


@pytest.mark.parametrize("head", ["", header("ISU_mlc@acme1", "wrong"), header("ISU_mlc", "wrong")])
def test_wrong_credentials(sandbox: WorkdaySandbox, head: str) -> None:
    code, text, body = fault(send(sandbox, "<bsvc:Get_Workers_Request/>", head=head))
    assert (code, text) == ("SOAP-ENV:Client.authenticationError", "invalid username or password")
    assert b"<detail>" not in body


def test_the_tenant_belongs_to_the_user_name(sandbox: WorkdaySandbox) -> None:
    password = sandbox.credentials["isu"]["password"]
    code, _, _ = fault(send(sandbox, "<bsvc:Get_Workers_Request/>", head=header("ISU_mlc", password)))
    assert code == "SOAP-ENV:Client.authenticationError"


def test_every_bad_id_is_told_and_the_first_is_the_faults_text(sandbox: WorkdaySandbox) -> None:
    refs = "".join(
        f'<bsvc:Worker_Reference><bsvc:ID bsvc:type="Employee_ID">{x}</bsvc:ID></bsvc:Worker_Reference>' for x in "AB"
    )
    inner = f"<bsvc:Request_References>{refs}</bsvc:Request_References>"
    _, text, body = fault(send(sandbox, f"<bsvc:Get_Workers_Request>{inner}</bsvc:Get_Workers_Request>"))
    assert text == "Validation error occurred. Invalid ID value.  'A' is not a valid ID value for type = 'Employee_ID'"
    assert body.count(b"<wd:Validation_Error>") == 2


def test_missing_instances_are_skipped_on_request(sandbox: WorkdaySandbox) -> None:
    refs = "".join(
        f'<bsvc:Worker_Reference><bsvc:ID bsvc:type="Employee_ID">{x}</bsvc:ID></bsvc:Worker_Reference>'
        for x in ("nobody", "000005")
    )
    inner = f'<bsvc:Request_References bsvc:Skip_Non_Existing_Instances="1">{refs}</bsvc:Request_References>'
    payload = ask(sandbox, "Get_Workers", inner)
    assert worker_ids(payload) == ["000005"]
    assert [element.text for element in payload[0].iter("{*}ID")][1] == "000005"
    assert len(list(payload[0].iter("{*}ID"))) == 2  # the echo adds the WID


def test_an_id_of_a_type_the_reference_does_not_take(sandbox: WorkdaySandbox) -> None:
    ref = '<bsvc:Worker_Reference><bsvc:ID bsvc:type="Location_ID">DET</bsvc:ID></bsvc:Worker_Reference>'
    assert "Location_ID" in refuse(sandbox, "Get_Workers", f"<bsvc:Request_References>{ref}</bsvc:Request_References>")


def test_an_unknown_child_tells_its_place(sandbox: WorkdaySandbox) -> None:
    inner = "<bsvc:Response_Group><bsvc:Include_Horses>1</bsvc:Include_Horses></bsvc:Response_Group>"
    _, text, body = fault(send(sandbox, f"<bsvc:Get_Workers_Request>{inner}</bsvc:Get_Workers_Request>"))
    assert text == "Validation error occurred. Element not found=Include_Horses-urn:com.workday/bsvc"
    assert b"/bsvc:Get_Workers_Request[1]/bsvc:Response_Group[1]/bsvc:Include_Horses[1]" in body


@pytest.mark.parametrize(
    ("operation", "service", "domain"),
    [
        ("Get_Workers", "Human_Resources", domains.WORKERS_TASK),
        ("Get_Organizations", "Human_Resources", domains.ORGANIZATIONS_TASK),
        ("Get_Job_Profiles", "Human_Resources", domains.JOB_PROFILES_TASK),
        ("Get_Locations", "Human_Resources", domains.LOCATIONS_TASK),
        ("Get_Positions", "Staffing", domains.POSITIONS_TASK),
        ("Get_Cost_Centers", "Financial_Management", domains.COST_CENTERS_TASK),
    ],
)
def test_a_missing_task_permission(operation: str, service: str, domain: str) -> None:
    sandbox = WorkdaySandbox(Tenant(workers=5))
    sandbox.tenant.revoke_domain(domain)
    code, text, _ = fault(send(sandbox, f"<bsvc:{operation}_Request/>", service=service))
    assert code == "SOAP-ENV:Server.processingError"
    assert text == "Processing error occurred. The task submitted is not authorized."
    sandbox.tenant.grant_domain(domain)
    ask(sandbox, operation, service=service)


def test_schema_errors_come_before_permissions() -> None:
    sandbox = WorkdaySandbox(Tenant(workers=5))
    sandbox.tenant.revoke_domain(domains.WORKERS_TASK)
    assert "Horses" in refuse(sandbox, "Get_Workers", "<bsvc:Horses/>")


@pytest.mark.parametrize(
    "body", [b"", b"<a", b"<a/>", b'<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>', b"\x00\xff", "<ä".encode("utf-16")]
)
def test_what_is_no_soap_is_refused_without_a_stumble(sandbox: WorkdaySandbox, body: bytes) -> None:
    path = "/ccx/service/acme1/Human_Resources/v40.0"
    assert fault(sandbox.answer(Request("POST", path, {}, {}, body)))[0] == "SOAP-ENV:Client.validationError"


def test_another_path_is_not_found(sandbox: WorkdaySandbox) -> None:
    response = sandbox.answer(Request("POST", "/ccx/elsewhere", {}, {}, b""))
    assert (response.status, content(response)) == (404, b'{ "error": "Not found" }')


def test_the_wsdl_of_a_service_that_is_not_served_is_not_found(sandbox: WorkdaySandbox) -> None:
    response = sandbox.answer(Request("GET", "/ccx/service/acme1/Payroll/v40.0", {"wsdl": [""]}, {}, b""))
    assert response.status == 404


def test_a_criterion_that_is_not_served_is_refused_not_ignored(sandbox: WorkdaySandbox) -> None:
    inner = (
        '<bsvc:Request_Criteria><bsvc:Country_Reference><bsvc:ID bsvc:type="ISO_3166-1_Alpha-2_Code">US</bsvc:ID>'
        "</bsvc:Country_Reference></bsvc:Request_Criteria>"
    )
    code, text, _ = fault(send(sandbox, f"<bsvc:Get_Workers_Request>{inner}</bsvc:Get_Workers_Request>"))
    assert code == "SOAP-ENV:Server.processingError"
    assert "Country_Reference" in text
