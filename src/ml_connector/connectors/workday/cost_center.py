"""
Cost centers as Workday takes them: the request of Put_Cost_Center, and the one that looks a cost center up.

A new one is only ever added (`Add_Only`). Of a known one everything that Workday shows goes back as it is, with our
fields in their place: a Put says the whole record, and what we do not own must survive it (UP-05).
Source: the genuine WSDL, Financial_Management v30.0.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from lxml import etree

from ml_connector.canonical.keys import RecordType
from ml_connector.connectors.workday.operations import BSVC, OPERATIONS, build_group
from ml_connector.errors import RecordError
from ml_connector.safe_xml import parse_xml

SERVICE, PUT = "Financial_Management", "Put_Cost_Center"
DOMAIN = "Manage: Cost Center"
_EFFECTIVE = "Effective_Date"
_ID_TYPE = "Cost_Center_Reference_ID"
# In the schema's order, as far as we write them.
_ORDER = (
    "ID", "Include_Organization_ID_in_Name", "Organization_Name", "Phonetic_Name", "Organization_Code",
    "Include_Organization_Code_in_Name", "Organization_Active", "Availability_Date", "Organization_Visibility_Reference",
    "External_URL_Reference", "Integration_ID_Data",
)  # fmt: skip
WRITTEN = ("Organization_Name", "Organization_Code", "Organization_Active")


def build_addition(key: str, body: Mapping[str, Any], *, effective_on: str, version: str, subtype: str) -> str:
    """Build the request that adds a cost center and never changes one; it is available from its effective date on."""
    inside = "".join(f"<wd:{name}>{_text(body[name])}</wd:{name}>" for name in WRITTEN if name in body)
    data = (
        f"<wd:Organization_Data><wd:ID>{escape(key)}</wd:ID>{inside}"
        f"<wd:Availability_Date>{escape(effective_on)}</wd:Availability_Date></wd:Organization_Data>"
        f"<wd:Organization_Subtype_Reference>{_id('Organization_Subtype_ID', subtype)}"
        "</wd:Organization_Subtype_Reference>"
    )
    effective = quoteattr(effective_on)
    return (
        f'<wd:{PUT}_Request xmlns:wd="{BSVC}" wd:Add_Only="true" wd:version="{version}">'
        f"<wd:Cost_Center_Data wd:{_EFFECTIVE}={effective}>{data}</wd:Cost_Center_Data></wd:{PUT}_Request>"
    )


def build_change(key: str, body: Mapping[str, Any], *, effective_on: str, held: bytes, version: str) -> str:
    """
    Build the request that changes a cost center; *held* is the whole Cost_Center element as Workday shows it now.

    Raises:
        RecordError: Workday does not show enough of it to send it back.
    """
    data = parse_xml(held).find(f"{{{BSVC}}}Cost_Center_Data")
    organization = None if data is None else data.find(f"{{{BSVC}}}Organization_Data")
    if data is None or organization is None:
        raise RecordError(
            f"Workday shows too little of cost center {key} to send the rest of it back",
            code="section_missing",
            remedy=f"grant the integration system security group Get access to the domain “{DOMAIN}”",
        )
    data.set(f"{{{BSVC}}}{_EFFECTIVE}", effective_on)
    for name in WRITTEN:
        if name in body:
            _put(organization, name, _plain(body[name]))
    request = etree.Element(f"{{{BSVC}}}{PUT}_Request", nsmap={"wd": BSVC})
    request.set(f"{{{BSVC}}}Add_Only", "false")
    request.set(f"{{{BSVC}}}version", version)
    reference = etree.SubElement(request, f"{{{BSVC}}}Cost_Center_Reference")
    named = etree.SubElement(reference, f"{{{BSVC}}}ID")
    named.set(f"{{{BSVC}}}type", _ID_TYPE)
    named.text = key
    request.append(data)
    return etree.tostring(request, encoding="unicode")


def build_lookup(key: str, *, effective_on: str, version: str) -> str:
    """Build the request for one cost center as it is on a day, by its reference id."""
    operation = OPERATIONS[RecordType.COST_CENTER]
    return (
        f'<wd:{operation.name}_Request xmlns:wd="{BSVC}" wd:version="{version}">'
        f"<wd:Request_References><wd:{operation.reference}>{_id(_ID_TYPE, key)}</wd:{operation.reference}>"
        f"</wd:Request_References><wd:Response_Filter><wd:As_Of_Effective_Date>{escape(effective_on)}"
        f"</wd:As_Of_Effective_Date></wd:Response_Filter>{build_group(operation)}</wd:{operation.name}_Request>"
    )


def names(content: etree._Element, key: str) -> bool:
    """Whether an answer to a Put is about this cost center."""
    ids = content.iterfind(f"{{{BSVC}}}Cost_Center_Reference/{{{BSVC}}}ID")
    return any(each.get(f"{{{BSVC}}}type") == _ID_TYPE and (each.text or "").strip() == key for each in ids)


def _put(organization: etree._Element, name: str, text: str) -> None:
    """Set one element's text, in the place where the schema wants it."""
    element = organization.find(f"{{{BSVC}}}{name}")
    if element is None:
        later = {f"{{{BSVC}}}{each}" for each in _ORDER[_ORDER.index(name) + 1 :]}
        at = next((place for place, each in enumerate(organization) if each.tag in later), len(organization))
        element = etree.Element(f"{{{BSVC}}}{name}")
        organization.insert(at, element)
    element.text = text


def _id(kind: str, text: str) -> str:
    return f"<wd:ID wd:type={quoteattr(kind)}>{escape(text)}</wd:ID>"


def _plain(value: Any) -> str:
    return {True: "true", False: "false"}[value] if isinstance(value, bool) else str(value)


def _text(value: Any) -> str:
    return escape(_plain(value))
