"""A Workday tenant in memory: a transport that answers from a function, and answers in Workday's own shape."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Self

from lxml import etree

from ml_connector.connectors.inflate import Body
from ml_connector.connectors.transport import HttpRequest
from ml_connector.secret import Secret
from ml_connector.settings.workday import WorkdayConnection

SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
BSVC = "urn:com.workday/bsvc"


def settings(**changes: object) -> WorkdayConnection:
    return WorkdayConnection.model_validate({"host": "http://127.0.0.1:1", "tenant": "acme1"} | changes)


def credential(field: str) -> Secret:
    return Secret({"username": "ISU_mlc@acme1", "password": "p&<ss>word"}.get(field, f"the {field}"))


class MemoryResponse:
    """What a transport gives back."""

    def __init__(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.status, self._body = status, body
        self.headers = {"content-type": "text/xml; charset=UTF-8"} if headers is None else headers

    def read(self) -> bytes:
        return self._body

    def chunks(self, size: int = 65536) -> Iterator[bytes]:
        for at in range(0, len(self._body), size):
            yield self._body[at : at + size]

    def keep(self) -> Body:
        return Body(tuple(self.chunks()), "")

    def close(self) -> None:
        """Nothing to let go of."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class MemoryTransport:
    """Answers each request with what *answer* makes of it, or raises it; remembers what was asked."""

    def __init__(self, answer: Callable[[HttpRequest], MemoryResponse | Exception]) -> None:
        self._answer, self._lock = answer, threading.Lock()
        self.requests: list[HttpRequest] = []

    def send(self, request: HttpRequest) -> MemoryResponse:
        with self._lock:
            self.requests.append(request)
            answer = self._answer(request)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def close(self) -> None:
        """Nothing to let go of."""


def body_of(request: HttpRequest) -> str:
    assert isinstance(request.body, Secret)
    return request.body.reveal()


def question(request: HttpRequest) -> etree._Element:
    """The request element inside the envelope."""
    content = etree.fromstring(body_of(request).encode()).find(f"{{{SOAP}}}Body")
    assert content is not None
    return content[0]


def asked(request: HttpRequest, name: str) -> str:
    """The text of one element of the request, wherever it stands."""
    return next(question(request).iter(f"{{{BSVC}}}{name}")).text or ""


def envelope(content: str) -> bytes:
    return f'<env:Envelope xmlns:env="{SOAP}"><env:Body>{content}</env:Body></env:Envelope>'.encode()


def fault(code: str, words: str, *, status: int = 500, message: str = "") -> MemoryResponse:
    detail = (
        f"<detail><wd:Validation_Fault><wd:Validation_Error><wd:Message>{message}</wd:Message>"
        "</wd:Validation_Error></wd:Validation_Fault></detail>"
    )
    return MemoryResponse(
        status,
        envelope(
            f'<SOAP-ENV:Fault xmlns:SOAP-ENV="{SOAP}" xmlns:wd="{BSVC}"><faultcode>SOAP-ENV:{code}</faultcode>'
            f"<faultstring>{words}</faultstring>{detail if message else ''}</SOAP-ENV:Fault>"
        ),
    )


def clock(text: str = "2026-11-23T01:30:00.000-08:00") -> MemoryResponse:
    return MemoryResponse(
        200,
        envelope(
            f'<wd:Server_Timestamp xmlns:wd="{BSVC}" wd:version="v45.0">'
            f"<wd:Server_Timestamp_Data>{text}</wd:Server_Timestamp_Data></wd:Server_Timestamp>"
        ),
    )


def page(
    name: str, records: Sequence[str], *, total: int, pages: int, number: int, page_results: int | None = None
) -> MemoryResponse:
    count = len(records) if page_results is None else page_results
    return MemoryResponse(
        200,
        envelope(
            f'<wd:{name}_Response xmlns:wd="{BSVC}" wd:version="v45.0"><wd:Response_Results>'
            f"<wd:Total_Results>{total}</wd:Total_Results><wd:Total_Pages>{pages}</wd:Total_Pages>"
            f"<wd:Page_Results>{count}</wd:Page_Results><wd:Page>{number}</wd:Page></wd:Response_Results>"
            f"<wd:Response_Data>{''.join(records)}</wd:Response_Data></wd:{name}_Response>"
        ),
    )


def make_worker(n: int, *, inside: str = "") -> str:
    return (
        f'<wd:Worker><wd:Worker_Reference><wd:ID wd:type="WID">{n:032x}</wd:ID>'
        f'<wd:ID wd:type="Employee_ID">{21000 + n}</wd:ID></wd:Worker_Reference>'
        f"<wd:Worker_Data>{inside}</wd:Worker_Data></wd:Worker>"
    )


def tenant(records: Sequence[str]) -> Callable[[HttpRequest], MemoryResponse]:
    """A tenant whose every Get operation gives *records*, cut into the pages that are asked for."""

    def answer(request: HttpRequest) -> MemoryResponse:
        name = etree.QName(question(request)).localname
        if name == "Server_Timestamp_Get":
            return clock()
        count, number = int(asked(request, "Count")), int(asked(request, "Page"))
        part = records[(number - 1) * count : number * count]
        pages = -(-len(records) // count)
        return page(name.removesuffix("_Request"), part, total=len(records), pages=pages, number=number)

    return answer
