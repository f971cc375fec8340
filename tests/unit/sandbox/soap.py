"""Talks SOAP to a sandbox in the same process."""

from __future__ import annotations

import zlib
from collections.abc import Iterator

from lxml import etree

from ml_connector.sandbox.http import Request, Response
from ml_connector.sandbox.workday.sandbox import WorkdaySandbox

WD = "{urn:com.workday/bsvc}"
SOAP = "{http://schemas.xmlsoap.org/soap/envelope/}"
VERSIONS = {"Human_Resources": "v33.1", "Staffing": "v26.1", "Financial_Management": "v30.0"}


def header(username: str, password: str) -> str:
    """A UsernameToken as plain clients send it."""
    wsse = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
    return (
        f'<w:Security xmlns:w="{wsse}"><w:UsernameToken><w:Username>{username}</w:Username>'
        f"<w:Password>{password}</w:Password></w:UsernameToken></w:Security>"
    )


def send(
    sandbox: WorkdaySandbox,
    body: str,
    *,
    service: str = "Human_Resources",
    version: str | None = None,
    head: str | None = None,
    **headers: str,
) -> Response:
    """Send the inside of a SOAP body, as the integration user unless *head* says otherwise."""
    isu = sandbox.credentials["isu"]
    head = header(isu["username"], isu["password"]) if head is None else head
    envelope = (
        f'<e:Envelope xmlns:e="{SOAP[1:-1]}" xmlns:bsvc="{WD[1:-1]}">'
        f"<e:Header>{head}</e:Header><e:Body>{body}</e:Body></e:Envelope>"
    )
    path = f"/ccx/service/acme1/{service}/{version or VERSIONS[service]}"
    return sandbox.answer(Request("POST", path, {}, headers, envelope.encode()))


def content(response: Response) -> bytes:
    """Read a response whole."""
    body = response.body if isinstance(response.body, bytes) else b"".join(response.body)
    return zlib.decompress(body, wbits=31) if response.headers.get("Content-Encoding") == "gzip" else body


def ask(
    sandbox: WorkdaySandbox, operation: str, inner: str = "", *, service: str = "Human_Resources", **more: str
) -> etree._Element:
    """Ask one operation and return the payload of its answer, which must not be a fault."""
    version = VERSIONS[service]
    element = "Server_Timestamp_Get" if operation == "Get_Server_Timestamp" else f"{operation}_Request"
    request = f'<bsvc:{element} bsvc:version="{version}">{inner}</bsvc:{element}>'
    response = send(sandbox, request, service=service, **more)
    body = content(response)
    assert response.status == 200, body.decode()
    payload: etree._Element = etree.fromstring(body).find(f"{SOAP}Body")[0]
    return payload


def fault(response: Response) -> tuple[str, str, bytes]:
    """Return a fault's code, its text and its whole envelope."""
    body = content(response)
    assert response.status == 500, body
    found = etree.fromstring(body).find(f"{SOAP}Body/{SOAP}Fault")
    return found.findtext("faultcode"), found.findtext("faultstring"), body


def refuse(sandbox: WorkdaySandbox, operation: str, inner: str, *, service: str = "Human_Resources") -> str:
    """Ask what must be refused as a validation error, and return the text."""
    request = f"<bsvc:{operation}_Request>{inner}</bsvc:{operation}_Request>"
    code, text, _ = fault(send(sandbox, request, service=service))
    assert code == "SOAP-ENV:Client.validationError"
    return text


def filtered(*, page: int = 1, count: int = 100, by: str = "", on: str = "") -> str:
    """A Response_Filter."""
    return (
        "<bsvc:Response_Filter>"
        + (f"<bsvc:As_Of_Effective_Date>{on}</bsvc:As_Of_Effective_Date>" if on else "")
        + (f"<bsvc:As_Of_Entry_DateTime>{by}</bsvc:As_Of_Entry_DateTime>" if by else "")
        + f"<bsvc:Page>{page}</bsvc:Page><bsvc:Count>{count}</bsvc:Count></bsvc:Response_Filter>"
    )


def group(*flags: str) -> str:
    """A Response_Group with some flags set."""
    return "<bsvc:Response_Group>" + "".join(f"<bsvc:{f}>true</bsvc:{f}>" for f in flags) + "</bsvc:Response_Group>"


def now(sandbox: WorkdaySandbox) -> str:
    """The server's own time, as it tells it."""
    return ask(sandbox, "Get_Server_Timestamp").findtext(f"{WD}Server_Timestamp_Data") or ""


def worker_ids(payload: etree._Element) -> list[str]:
    """The Worker_ID of each worker on a page, in its order."""
    return [element.text or "" for element in payload.iter(f"{WD}Worker_ID")]


def results(payload: etree._Element) -> dict[str, int]:
    """What Response_Results says."""
    return {etree.QName(e).localname: int(e.text or "") for e in payload.find(f"{WD}Response_Results")}


def pages(
    sandbox: WorkdaySandbox, operation: str, inner: str = "", *, count: int, by: str, **more: str
) -> Iterator[etree._Element]:
    """Yield every page of one extraction."""
    number = 1
    while True:
        payload = ask(sandbox, operation, inner.replace("FILTER", filtered(page=number, count=count, by=by)), **more)
        yield payload
        if number >= results(payload)["Total_Pages"]:
            return
        number += 1
