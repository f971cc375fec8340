"""
Reads a SOAP request into a value of its shape, as leniently as Workday does.

Elements may come in any order, a date may carry a time, a boolean may be a word or a digit. An unknown element, a
value that is none, and an ID of a type its reference does not take are refused.
"""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

import msgspec
from lxml import etree

from ml_connector.sandbox.tenant.setup import TENANT_ZONE
from ml_connector.sandbox.workday.catalog import SHAPES
from ml_connector.sandbox.workday.faults import unknown_element_fault, validation_fault
from ml_connector.sandbox.workday.markup import NAMESPACE, Ref
from ml_connector.sandbox.workday.references import ID_TYPES
from ml_connector.sandbox.workday.shapes import Field, Shape

_SOAP = "{http://schemas.xmlsoap.org/soap/envelope/}"
_WSSE = "{http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd}"
_WD = f"{{{NAMESPACE}}}"
_BOOLEANS = {"1": True, "true": True, "0": False, "false": False}
_DATE = re.compile(r"(\d{4}-\d\d-\d\d)([T+\-Z].*)?")


class Message(msgspec.Struct, frozen=True):
    """A SOAP message taken apart: the request element, who says they sent it, whether labels are wanted."""

    request: etree._Element
    username: str | None
    password: str | None
    descriptors: bool


def open_message(body: bytes) -> Message:
    """
    Take a SOAP envelope apart.

    Raises:
        SoapFaultError: it is not XML, brings a DOCTYPE, or is no envelope with one element in its body.
    """
    # Comments are dropped, so that an ID with one in the middle is read whole.
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True, remove_pis=True
    )
    try:
        root = etree.fromstring(body, parser)
    except (etree.XMLSyntaxError, ValueError):
        raise validation_fault("The request is not well-formed XML") from None
    if root.getroottree().docinfo.doctype:
        raise validation_fault("A request must not have a document type declaration")
    found = root.find(f"{_SOAP}Body") if root.tag == f"{_SOAP}Envelope" else None
    request = next((child for child in found if isinstance(child.tag, str)), None) if found is not None else None
    if request is None:
        raise validation_fault("The request is not a SOAP 1.1 envelope with a body")
    token = root.find(f"{_SOAP}Header/{_WSSE}Security/{_WSSE}UsernameToken")
    labels = root.find(f"{_SOAP}Header/{_WD}Workday_Common_Header/{_WD}Include_Reference_Descriptors_In_Response")
    return Message(
        request=request,
        username=None if token is None else token.findtext(f"{_WSSE}Username"),
        password=None if token is None else token.findtext(f"{_WSSE}Password"),
        descriptors=labels is not None and _BOOLEANS.get(_text(labels), False),
    )


def parse_request(element: etree._Element) -> dict[str, Any]:
    """
    Read the request element.

    Raises:
        SoapFaultError: it says something its shape does not allow.
    """
    name = etree.QName(element).localname
    return _parse(SHAPES[name], element, path=f"/bsvc:{name}[1]")


def _parse(shape: Shape, element: etree._Element, *, path: str) -> dict[str, Any]:
    value: dict[str, Any] = {}
    for name, text in element.attrib.items():
        local = etree.QName(name).localname
        if local in shape.attributes:
            value[f"@{local}"] = _scalar(shape.attributes[local], str(text), name=local, path=path)
    counts: dict[str, int] = {}
    for child in element:
        if not isinstance(child.tag, str):
            continue
        name = etree.QName(child).localname
        counts[name] = counts.get(name, 0) + 1
        here = f"{path}/bsvc:{name}[{counts[name]}]"
        field = shape.fields.get(name)
        if field is None or etree.QName(child).namespace != NAMESPACE:
            raise unknown_element_fault(name, xpath=here)
        found = _field(field, child, path=here)
        if field.many:
            value.setdefault(name, []).append(found)
        elif found is not None:
            value[name] = found
    return value


def _field(field: Field, element: etree._Element, *, path: str) -> Any:
    if field.shape is not None:
        return _parse(field.shape, element, path=path)
    if field.reference is not None:
        return _reference(field.reference, element, path=path)
    text = _text(element)
    return _scalar(field.scalar or "string", text, name=field.name, path=path) if text else None


def _reference(kind: str, element: etree._Element, *, path: str) -> Ref:
    ids: list[tuple[str, str]] = []
    for child in element.iterchildren(f"{_WD}ID"):
        id_type = child.get(f"{_WD}type") or child.get("type") or ""
        if id_type != "WID" and id_type not in ID_TYPES[kind]:
            message = f"Invalid ID type.  '{id_type}' is not a valid ID type for a reference to {kind}"
            raise validation_fault(message, xpaths=(path,))
        ids.append((id_type, _text(child)))
    if not ids:
        raise validation_fault("A reference needs at least one ID", xpaths=(path,))
    return Ref(tuple(ids))


def _text(element: etree._Element) -> str:
    return "".join(element.itertext()).strip()


def _scalar(kind: str, text: str, *, name: str, path: str) -> Any:
    try:
        return _READERS[kind](text.strip())
    except (ValueError, KeyError, InvalidOperation):
        raise validation_fault(f"'{text}' is not a valid value for {name}", xpaths=(path,)) from None


def _read_date(text: str) -> date:
    match = _DATE.fullmatch(text)
    if match is None:
        raise ValueError(text)
    return date.fromisoformat(match[1])


def _read_moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=TENANT_ZONE)


def _read_decimal(text: str) -> Decimal:
    number = Decimal(text)
    if not number.is_finite():
        raise ValueError(text)
    return number


_READERS: dict[str, Any] = {
    "string": str,
    "boolean": _BOOLEANS.__getitem__,
    "date": _read_date,
    "dateTime": _read_moment,
    "decimal": _read_decimal,
}
