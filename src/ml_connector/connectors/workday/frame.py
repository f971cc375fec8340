"""What surrounds a page's records: one SOAP envelope, one body, one answer, and what it says about the whole."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

import msgspec
from lxml import etree

from ml_connector.connectors.workday.operations import BSVC

SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
ENVELOPE, HEADER, BODY = (f"{{{SOAP}}}{name}" for name in ("Envelope", "Header", "Body"))
RESULTS, DATA = (f"{{{BSVC}}}{name}" for name in ("Response_Results", "Response_Data"))


class Results(msgspec.Struct, frozen=True, kw_only=True):
    """What a page says about itself and the whole (Response_Results)."""

    total: int
    pages: int
    records: int
    page: int


def read_frame(root: etree._Element, *, answer: str) -> Results | None:
    """
    Check envelope, body and answer, the records being taken out; None when the body holds something else.

    Raises:
        ValueError: no SOAP 1.1 envelope, not exactly one body with one child, strange or missing parts.
    """
    if root.tag != ENVELOPE:
        raise ValueError("it is no SOAP envelope")
    parts = [part.tag for part in root]
    if parts not in ([BODY], [HEADER, BODY]) or len(root[-1]) != 1:
        raise ValueError("it has not exactly one body with one content")
    content = root[-1][0]
    if content.tag != f"{{{BSVC}}}{answer}":
        return None
    if len(content.findall(DATA)) > 1 or any(len(data) for data in content.iterchildren(DATA)):
        raise ValueError("among its records is something that is none")
    return read_results(content)


def read_results(answer: etree._Element) -> Results:
    """
    Read what the answer element says of the page and the whole.

    Raises:
        ValueError: nothing, or twice, or no counts.
    """
    results = answer.findall(RESULTS)
    if len(results) != 1:
        raise ValueError("it does not say how many records there are")
    return Results(
        total=_read_count(results[0], "Total_Results"),
        pages=_read_count(results[0], "Total_Pages"),
        records=_read_count(results[0], "Page_Results"),
        page=_read_count(results[0], "Page"),
    )


def _read_count(results: etree._Element, name: str) -> int:
    text = results.findtext(f"{{{BSVC}}}{name}", "").strip()
    try:
        value = Decimal(text)
        if not (0 <= value < 10**9 and value == int(value)):
            raise ValueError
        return int(value)
    except (InvalidOperation, ValueError, OverflowError):
        raise ValueError(f"its {name} is no count") from None
